import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isMissing } from '../tools.ts';
import { findMoto } from './moto.ts';
import type { AwsWorld } from './world.ts';

/** As boto3 names them: `{ service: 'rds', waiter: 'db_snapshot_available', parameters: { DBSnapshotIdentifier } }`. */
export type StockWait = { service: string; waiter: string; parameters: Record<string, unknown> };

/** `waitedMs`: of the world's time. `outcome`: `done`, or why it gave up. */
export type StockWaited = { calls: number; waitedMs: number; outcome: string };

const program = fileURLToPath(new URL('server/stock_waiter.py', import.meta.url));

/**
 * Waits as boto3 does, through the proxy. Its pauses are no pauses: each lets the world's time go on by as much, so that
 * 45 minutes take a second, and what it counts and how late it notices is what it would be.
 */
export async function waitAsBoto3(world: AwsWorld, wait: StockWait): Promise<StockWaited> {
  const moto = findMoto();
  if (isMissing(moto)) throw new Error(moto.missing);
  const given = { ...wait, endpoint: world.endpoint, control: world.direct.endpoint, region: world.region };
  const { stdout } = await promisify(execFile)(moto.path, [program, JSON.stringify(given)], {
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '*' },
    timeout: 120_000,
  });
  return JSON.parse(stdout) as StockWaited;
}
