import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities, Place } from '../activities/inputs.ts';
import type { Plan } from '../release/plan.ts';
import type { TimelineEntry } from '../release/status.ts';

/** `told`: what people are reminded of; left out: of the review, with the timeline. */
type ReviewInput = {
  plan: Plan;
  place: Place;
  workflowId: string;
  dueMs: number;
  timeline: TimelineEntry[];
  told?: { subject: string; body: string };
};

/** Reminds people of the review with the timeline of the release attached; started by the release, outlives it. */
export async function review({ plan, place, workflowId, dueMs, timeline, told: given }: ReviewInput): Promise<void> {
  await sleep(Math.max(1, dueMs - Date.now()), { summary: 'the review is due' });
  const { tell } = proxyActivities<Pick<Activities, 'tell'>>({
    startToCloseTimeout: '30s',
    taskQueue: plan.targets.some(({ traits }) => traits.local) ? plan.localTaskQueue : plan.taskQueue,
    retry: { initialInterval: '1s', maximumInterval: '1m', maximumAttempts: 20 },
  });
  const { application, environment, version, release } = place;
  const subject = given?.subject ?? `Review of ${application} ${version} on ${environment} is due`;
  const body = given?.body ?? timeline.map(({ at, what }) => `${at} ${what}`).join('\n');
  const about = { application, environment, version, release, workflowId, subject, body, to: [], question: null };
  const told = plan.notify
    .filter(({ on }) => on.includes('reminder'))
    .map((notice) =>
      tell({
        place,
        notice,
        message: { event: 'reminder', ...about },
        key: `${release}/${given?.subject ?? 'review'}/${notice.name}`,
      }),
    );
  // One way that does not work keeps nobody else from being reminded; afterwards it shows as a failure.
  await Promise.allSettled(told);
  await Promise.all(told);
}
