import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from './connection.ts';
import { ClientFailure } from './failures.ts';

/** Numbers of `temporal.api.enums.v1.TaskQueueType`. */
const queueTypes = { workflow: 1, activity: 2 } as const;

/** A worker polls at least once a minute; one that was last seen longer ago than this is gone. */
const pollerIsGoneAfterMs = 90_000;
const lookEveryMs = 250;

export type QueueKind = 'workflow' | 'activity';

/** How many workers poll a task queue just now. */
export async function pollersOf(link: Link, taskQueue: string, kind: QueueKind): Promise<number> {
  const answer = await link.client.workflowService.describeTaskQueue({
    namespace: link.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: queueTypes[kind],
  });
  const now = Date.now();
  return (answer.pollers ?? []).filter(({ lastAccessTime }) => {
    const seenMs = Number(lastAccessTime?.seconds ?? 0) * 1000;
    return now - seenMs < pollerIsGoneAfterMs;
  }).length;
}

/** Waits a moment for a worker that may be starting. @throws ClientFailure `no-worker` */
export async function requireWorker(
  link: Link,
  taskQueue: string,
  options: { kind: QueueKind; waitMs: number },
): Promise<void> {
  const until = Date.now() + options.waitMs;
  while ((await pollersOf(link, taskQueue, options.kind)) === 0) {
    if (Date.now() >= until) throw noWorker(link, taskQueue, options.kind);
    await sleep(lookEveryMs);
  }
}

/** Says which queue nobody polls and what starts a worker for it. */
export function noWorker(link: Link, taskQueue: string, kind: QueueKind = 'workflow'): ClientFailure {
  const where = `the task queue "${taskQueue}" of namespace "${link.namespace}" at ${link.address}`;
  const remedy =
    kind === 'workflow'
      ? 'Start one with: savepoint worker'
      : `Start one on the host of the plan's local targets with: savepoint worker`;
  return new ClientFailure('no-worker', `no worker polls ${where}`, remedy);
}
