import {
  ActivityCancellationType,
  type ActivityOptions,
  ApplicationFailure,
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { BareActivities, Probe } from './activities.ts';

export const goSignal = defineSignal('go');

/** The options that Savepoint gives to the steps of a release. */
const asOurs: ActivityOptions = {
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '11m',
  heartbeatTimeout: '5s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
};

/** So many activities, one after the other. */
export async function chain(count: number): Promise<void> {
  const { touch } = proxyActivities<BareActivities>(asOurs);
  for (let done = 0; done < count; done += 1) await touch();
}

/** Waits for `go`, then calls one activity and returns when it ran. */
export async function gate(): Promise<{ at: number }> {
  const { touch } = proxyActivities<BareActivities>(asOurs);
  await said();
  return await touch();
}

/** Asks once and, when the answer is wrong, calls one more activity. */
export async function react(probe: Probe): Promise<{ at: number }> {
  const { sample, touch } = proxyActivities<BareActivities>(asOurs);
  if ((await sample(probe)).ok) throw ApplicationFailure.nonRetryable('the answer was to be wrong');
  return await touch();
}

/** One long activity, as a watch is, until `go`. */
export async function watching(ms: number): Promise<void> {
  const { work } = proxyActivities<BareActivities>({
    ...asOurs,
    startToCloseTimeout: '1h',
    scheduleToCloseTimeout: '1h',
  });
  await Promise.race([work(ms), said()]);
}

/** A watch as one would write it first: one activity for each sample, and a timer in between. */
export async function naiveWatch(probe: Probe, everyMs: number, samples: number): Promise<number> {
  const { sample } = proxyActivities<BareActivities>({ ...asOurs, summary: 'sample' });
  let failed = 0;
  for (let done = 0; done < samples; done += 1) {
    if (!(await sample(probe)).ok) failed += 1;
    await sleep(everyMs);
  }
  return failed;
}

/** What the first page of Temporal's guide does: a start-to-close timeout and nothing else. */
export async function plain(ms: number, timeoutMs: number): Promise<void> {
  const { work, touch } = proxyActivities<BareActivities>({ startToCloseTimeout: timeoutMs });
  await work(ms);
  await touch();
}

async function said(): Promise<void> {
  let go = false;
  setHandler(goSignal, () => {
    go = true;
  });
  await condition(() => go);
}
