import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

/** `bytes`: of all events as Temporal encodes them. */
export type Size = { events: number; activities: number; bytes: number };

/** What one run has in its history now. */
export async function sizeOf(client: Client, workflowId: string, runId?: string): Promise<Size> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const events = history.events ?? [];
  return {
    events: events.length,
    activities: events.filter((event) => event.activityTaskScheduledEventAttributes != null).length,
    bytes: History.encode(History.fromObject(history)).finish().length,
  };
}

/** One activity of a run; `attempt` and `startedAt` are those of its last attempt. Milliseconds since 1970. */
export type Ran = { name: string; attempt: number; startedAt: number; endedAt: number };

/** The activities of a run that ended well, in the order in which they were scheduled. */
export async function activitiesOf(client: Client, workflowId: string): Promise<Ran[]> {
  const events = (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
  return events.flatMap((scheduled) => {
    const name = scheduled.activityTaskScheduledEventAttributes?.activityType?.name;
    if (name == null) return [];
    const id = Number(scheduled.eventId);
    const started = events.find((event) => Number(event.activityTaskStartedEventAttributes?.scheduledEventId) === id);
    const ended = events.find((event) => Number(event.activityTaskCompletedEventAttributes?.scheduledEventId) === id);
    if (started === undefined || ended === undefined) return [];
    const attempt = started.activityTaskStartedEventAttributes?.attempt ?? 1;
    return [{ name, attempt, startedAt: tsToMs(started.eventTime), endedAt: tsToMs(ended.eventTime) }];
  });
}
