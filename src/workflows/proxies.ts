import {
  ActivityCancellationType,
  type ActivityInterfaceFor,
  type ActivityOptions,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities/inputs.ts';
import type { PlannedTarget } from '../release/plan.ts';
import type { Story } from './state.ts';

type Hands = ActivityInterfaceFor<Activities>;

/** A worker that was killed is noticed after this long; cancellation arrives with a beat, every second. */
const heartbeatTimeout = '5s';

/** Time for the drive loop to report its own time-out before Temporal gives up on the attempt. */
const graceMs = 15_000;

/** Longest summary that the server takes is 400 bytes. */
const summaryLimit = 190;

const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** Short questions about the world: tried again soon, given up within minutes. */
export function shortly(story: Story, summary: string): Hands {
  return proxyActivities<Activities>({
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '5m',
    heartbeatTimeout,
    cancellationType,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
    taskQueue: queueOf(story, null),
    summary: summary.slice(0, summaryLimit),
  });
}

/** Notices must never hold up a release: few tries, then it is recorded that nobody was told. */
export function telling(story: Story, summary: string): Hands {
  return proxyActivities<Activities>({
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: '3m',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 8 },
    taskQueue: queueOf(story, null),
    summary: summary.slice(0, summaryLimit),
  });
}

/**
 * Steps of the runbook. Retries go on until the patience is used up; what the first attempt began is found again by
 * its key, so a retry is never a repetition.
 */
export function patiently(
  story: Story,
  call: { summary: string; patienceMs: number; target: PlannedTarget | null },
): Hands {
  const options: ActivityOptions = {
    startToCloseTimeout: call.patienceMs + graceMs,
    scheduleToCloseTimeout: call.patienceMs + 2 * graceMs,
    heartbeatTimeout,
    cancellationType,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
    taskQueue: queueOf(story, call.target),
    summary: call.summary.slice(0, summaryLimit),
  };
  return proxyActivities<Activities>(options);
}

/** Local targets live on one host; checks and notices go with them, since their files and variables are there. */
function queueOf(story: Story, target: PlannedTarget | null): string {
  const { plan } = story.input;
  const local = target === null ? plan.targets.some((each) => each.traits.local) : target.traits.local;
  return local ? plan.localTaskQueue : plan.taskQueue;
}
