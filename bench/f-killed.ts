import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { memoryPlan } from '../tests/support/plans.ts';
import { startTemporal } from '../tests/support/temporal.ts';
import { plain } from './bare/workflows.ts';
import { activitiesOf } from './history.ts';
import type { Measurement, Surroundings } from './measurement.ts';
import { median } from './numbers.ts';
import { compared } from './outcome.ts';
import { type Serving, startProcess, writeBundles } from './processes.ts';
import { inputOf, startRelease } from './releases.ts';

/** Long enough for a second worker to start and the first one to be killed meanwhile. */
const workMs = 45_000;

/** Milliseconds from SIGKILL until another worker took up the step; from its end until the step after it began. */
type Recovery = { step: number; next: number };

/** (f) A worker dies in the middle of a step while a second one stands by. */
export const killed: Measurement = async (surroundings) => {
  const { scope, quick, say } = surroundings;
  const temporal = await scope.open(
    () => startTemporal(),
    (server) => server.stop(),
  );
  const bundles = await writeBundles(await scope.folder());
  // What the first example of Temporal's guide sets; there is no default for it.
  const startToCloseMs = quick ? 20_000 : 60_000;
  const ours: Recovery[] = [];
  const peer: Recovery[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const serving = (name: string): Serving => ({ address: temporal.address, taskQueue: `${name}-${round}`, bundles });
    const release = { home: join(await scope.folder(), 'plan'), round };
    // Side by side: both do nothing but wait for timeouts.
    const [one, other] = await Promise.all([
      strikeOurs(surroundings, temporal.client, { serving: serving('ours'), release }),
      strikeBare(surroundings, temporal.client, { serving: serving('bare'), startToCloseMs }),
    ]);
    ours.push(one);
    peer.push(other);
    say(`killed: ours went on after ${Math.round(one.step)} ms, the bare one after ${Math.round(other.step)} ms`);
  }
  const of = (key: keyof Recovery): { ours: number; peer: number } => ({
    ours: median(ours.map((each) => each[key])),
    peer: median(peer.map((each) => each[key])),
  });
  return {
    ...compared('SIGKILL of a worker until another one goes on with the step, against SDK defaults', 'ms', of('step')),
    id: 'f',
    target: null,
    met: null,
    also: [compared('from the end of that step to the beginning of the next', 'ms', of('next'))],
    notes: [
      `medians of ${ours.length}; the killed worker had run the workflow and the activity, the other one polled already`,
      `ours: heartbeat timeout 5 s, sticky queue 3 s; SDK defaults: no heartbeat timeout, start-to-close ${startToCloseMs / 1000} s as in the guide's first example, sticky queue 10 s`,
    ],
  };
};

type Ours = { serving: Serving; release: { home: string; round: number } };

async function strikeOurs({ scope }: Surroundings, client: Client, { serving, release }: Ours): Promise<Recovery> {
  const application = `killed-${release.round}`;
  const file = (name: string): object => ({ file: `./${name}.jsonl` });
  const plan = memoryPlan({
    application,
    database: file('database'),
    backend: { ...file('backend'), workMs: { apply: `${workMs}ms` } },
    frontend: file('frontend'),
  });
  const first = await startProcess(scope, 'ours', serving);
  const input = await inputOf({ home: release.home, plan });
  const { taskQueue } = serving;
  const handle = await startRelease(client, { ...input, plan: { ...input.plan, taskQueue } });
  await untilRunning(handle, 'deploy');
  await startProcess(scope, 'ours', serving);
  return await strike(client, { handle, activity: 'deploy', first });
}

type Bare = { serving: Serving; startToCloseMs: number };

async function strikeBare(
  { scope }: Surroundings,
  client: Client,
  { serving, startToCloseMs }: Bare,
): Promise<Recovery> {
  const first = await startProcess(scope, 'bare', serving);
  const { taskQueue } = serving;
  const handle = await client.workflow.start(plain, {
    workflowId: `plain-${taskQueue}`,
    taskQueue,
    args: [10 * workMs, startToCloseMs],
  });
  await untilRunning(handle, 'work');
  await startProcess(scope, 'bare', serving);
  return await strike(client, { handle, activity: 'work', first });
}

async function untilRunning(handle: WorkflowHandle, activity: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(20)) {
    const { raw } = await handle.describe();
    if (
      raw.pendingActivities?.some(({ activityType, attempt, lastStartedTime }) => {
        return activityType?.name === activity && attempt === 1 && lastStartedTime != null;
      })
    )
      return;
  }
  throw new Error(`${activity} did not begin`);
}

type Struck = { handle: WorkflowHandle; activity: string; first: { kill(): Promise<void> } };

async function strike(client: Client, { handle, activity, first }: Struck): Promise<Recovery> {
  const at = Date.now();
  await first.kill();
  await handle.result();
  const all = await activitiesOf(client, handle.workflowId);
  const index = all.findIndex(({ name, attempt }) => name === activity && attempt > 1);
  const taken = all[index];
  const next = all[index + 1];
  if (taken === undefined || next === undefined)
    throw new Error(`${activity} was not taken up by another worker: ${JSON.stringify(all)}`);
  return { step: taken.startedAt - at, next: next.startedAt - taken.endedAt };
}
