import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { stringify } from 'yaml';
import { loadPlan } from '../src/plan/load.ts';
import { type ReleaseInput, releaseWorkflowId } from '../src/workflows/messages.ts';
import type { release } from '../src/workflows/release.ts';
import type { Handle } from '../tests/support/release.ts';

/** `home`: directory that gets the plan. `approved`: somebody said go beforehand. */
export type Wanted = { home: string; plan: object; version?: string; approved?: boolean; host?: string };

/** Loads a plan as the command line does, so that starting it is all that is left. */
export async function inputOf({
  home,
  plan,
  version = 'v2',
  approved = true,
  host = 'test',
}: Wanted): Promise<ReleaseInput> {
  await mkdir(home, { recursive: true });
  const file = join(home, 'release.yaml');
  await writeFile(file, stringify(plan));
  const loaded = await loadPlan(file, version, { host });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return {
    plan: loaded.plan,
    planDigest: loaded.digest,
    requester: 'deployment-lead',
    preApproved: approved ? { by: 'product-owner', reason: 'a measurement' } : null,
    windowOverride: null,
    continuation: { as: 'fresh' },
    previousRunId: null,
  };
}

export async function startRelease(client: Client, input: ReleaseInput): Promise<Handle> {
  const { application, environment, taskQueue } = input.plan;
  return await client.workflow.start<typeof release>('release', {
    workflowId: releaseWorkflowId(application, environment),
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'FAIL',
  });
}

/** @throws Error when it does not end as expected, since its time would mean nothing */
export async function mustEnd(handle: Handle, outcome: string): Promise<void> {
  const result = await handle.result();
  if (result.outcome !== outcome) throw new Error(`a release ended ${result.outcome}: ${JSON.stringify(result)}`);
}
