import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../../src/dev/ports.ts';
import { servicesOf, stopServices } from '../../src/targets/process/services.ts';
import { fill, startStores } from '../support/evidence-app/blossom/world.ts';
import { benchForFile } from '../support/file-bench.ts';
import { approve, type Handle, type ReleaseResult, until } from '../support/release.ts';
import { missing, planFile } from './sms-blossom-bed.ts';

const bench = benchForFile();
const program = (file: string): string =>
  fileURLToPath(new URL(`../support/evidence-app/blossom/${file}`, import.meta.url));
const run = promisify(execFile);
const tsx = import.meta.resolve('tsx');

type Stores = Awaited<ReturnType<typeof startStores>>;
type Group = { at?: string[] };
type PlanObject = {
  checks: Record<string, Group>;
  targets: Record<string, Record<string, unknown>>;
  watch: Record<string, unknown>;
};

let stores: Stores;
let home: string;
let ports: [number, number];

beforeAll(async () => {
  if (missing !== undefined) return;
  stores = await startStores();
  ports = [await freePort(), await freePort()];
  const BASE_URL = `http://127.0.0.1:${ports[0]}`;
  for (const [name, value] of Object.entries({ ...stores.env, BASE_URL })) vi.stubEnv(name, value);
  home = await mkdtemp(join(tmpdir(), 'savepoint-blossom-release-'));
  await cp(dirname(planFile), home, { recursive: true });
  await writeFile(join(home, '.gitignore'), 'node_modules\nrun\nrecords\n');
  await installPrisma();
  await run('git', ['init', '-q', '-b', 'main'], { cwd: home });
}, 60_000);

afterAll(async () => {
  if (missing !== undefined) return;
  await endServices();
  await Promise.all([stores.postgres.stop(), stores.redis.stop()]);
  await rm(home, { recursive: true, force: true });
});

/** Not Prisma itself, but what does to the database what `prisma migrate deploy` does. */
async function installPrisma(): Promise<void> {
  const bin = join(home, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh\nexec "${process.execPath}" --import "${tsx}" "${program('migrate.ts')}" "$PWD/prisma"\n`;
  await writeFile(join(bin, 'prisma'), script);
  await chmod(join(bin, 'prisma'), 0o755);
}

/** What the developers of a version committed and tagged. */
async function tagged(version: string, faults: object = {}): Promise<void> {
  const node = `"${process.execPath}" --import "${tsx}"`;
  const scripts = { start: `${node} "${program('main.ts')}"`, worker: `${node} "${program('worker.ts')}"` };
  const start = `BLOSSOM_FAULTS='${JSON.stringify(faults)}' ${scripts.start}`;
  await writeFile(join(home, 'package.json'), JSON.stringify({ name: 'blossom', scripts: { ...scripts, start } }));
  const git = (...words: string[]) =>
    run('git', ['-c', 'user.name=developer', '-c', 'user.email=developer@shop.example', ...words], { cwd: home });
  await git('add', '-A');
  await git('commit', '-q', '-m', version);
  await git('tag', version);
}

/** The example's own plan, on free ports, watched for seconds. */
async function examplePlan(change: (plan: PlanObject) => void = () => undefined): Promise<PlanObject> {
  const plan = parse(await readFile(planFile, 'utf8'), { merge: true }) as PlanObject;
  Object.assign(plan.targets.backend ?? {}, { ports: [ports[0]] });
  Object.assign(plan.targets.worker ?? {}, { ports: [ports[1]] });
  Object.assign(plan.watch, { schedule: [{ every: '1s', for: '2s' }], minimumSamples: 1, maxUnwatched: '100 %' });
  change(plan);
  return plan;
}

async function ended(handle: Handle): Promise<ReleaseResult> {
  await until(handle, ({ question, phase }) => question !== null || phase === 'ended', 120_000);
  await approve(handle);
  const { question } = await until(handle, (status) => status.phase === 'ended' || status.question !== null, 120_000);
  if (question !== null) throw new Error(`${question.text}: ${question.why}`);
  return await handle.result();
}

async function checksOf(handle: Handle, step: string): Promise<string[]> {
  const { steps } = await until(handle, () => true);
  const checks = steps.filter(({ id }) => id === step).flatMap((each) => each.checks);
  return checks.filter(({ status }) => status !== 'PASS').map(({ name, status }) => `${status} ${name}`);
}

async function servedVersion(): Promise<unknown> {
  const answer: unknown = await (await fetch(`http://127.0.0.1:${ports[0]}/health`)).json();
  return Reflect.get(Object(answer), 'version');
}

/** What a release started outlives its worker, as it must. */
async function endServices(): Promise<void> {
  for (const name of ['backend', 'worker']) {
    const root = join(home, 'run', name);
    await stopServices(root, await servicesOf(root), 1_000);
  }
}

describe.skipIf(missing !== undefined)('SMS Blossom is released by its own plan', () => {
  it('SB-01 asks the nine groups at its gates, and is live', async () => {
    await tagged('v1.0.0');
    // Nothing runs before the very first release.
    const first = await examplePlan(({ checks }) => {
      for (const group of Object.values(checks)) group.at = (group.at ?? []).filter((point) => point !== 'preflight');
    });
    const handle = await bench().start(first, { home, version: 'v1.0.0' });
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'released' });
    expect(await servedVersion()).toBe('v1.0.0');
    expect([...(await checksOf(handle, 'smoke')), ...(await checksOf(handle, 'monitoring'))]).toEqual([]);
  }, 240_000);

  it('SB-10 a version that fails a group goes back by itself, and no job and no row is lost with it', async () => {
    await fill(stores.env.DATABASE_URL ?? '');
    const queue = new Queue('automations', { connection: { url: stores.redis.url } });
    await queue.add('win back', { customer: 7 }, { delay: 3_600_000, jobId: 'waits' });
    await tagged('v1.0.1', { strictModeOff: true });
    const handle = await bench().start(await examplePlan(), { home, version: 'v1.0.1' });
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'smoke' });
    expect(await checksOf(handle, 'smoke')).toEqual([
      'FAIL strict mode refuses an unknown variable',
      'FAIL strict mode refuses an unknown filter',
    ]);
    expect(await servedVersion()).toBe('v1.0.0');
    expect(await queue.getJobState('waits')).toBe('delayed');
    await queue.close();
    const [left] = await stores.postgres.sql(
      `SELECT (SELECT count(*)::int FROM customers) AS customers,
              (SELECT count(*)::int FROM webhook_events) + (SELECT count(*)::int FROM campaigns) AS smoke`,
      'blossom',
    );
    expect(left).toEqual({ customers: 20, smoke: 0 });
  }, 240_000);
});
