import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Started } from '../../src/client/starting.ts';
import type { ReleaseClient } from '../../src/client.ts';
import { loadPlan } from '../../src/plan/load.ts';

/** `home`: directory that gets the plan as `<application>.yaml`. `approved`: somebody said go beforehand, as `--yes` does. */
export type Beginning = { home: string; plan: object; version?: string; approved?: boolean };

/** Starts a release as the command line does, with everything that the Temporal UI then shows of it. */
export async function startThrough(client: ReleaseClient, beginning: Beginning): Promise<Started> {
  const { home, plan, version = 'v2', approved = false } = beginning;
  const file = join(home, `${(plan as { application: string }).application}.yaml`);
  await mkdir(home, { recursive: true });
  await writeFile(file, stringify(plan));
  const loaded = await loadPlan(file, version, { host: 'test' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return await client.start({
    plan: loaded.plan,
    planDigest: loaded.digest,
    requester: 'deployment-lead',
    preApproved: approved ? { by: 'product-owner', reason: 'a test' } : null,
    windowOverride: null,
    continuation: { as: 'fresh' },
    workerWaitMs: 30_000,
  });
}
