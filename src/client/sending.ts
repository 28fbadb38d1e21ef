import type { UpdateDefinition } from '@temporalio/common';
import type { Accepted } from '../workflows/messages.ts';
import { calling } from './classify.ts';
import type { Link } from './connection.ts';
import { ClientFailure } from './failures.ts';
import { mustSee, type Seen } from './reading.ts';
import { requireWorker } from './workers.ts';

/** Longer than the 10 s in which a message finds its way round a worker that was killed. */
const answeredWithinMs = 12_000;

/** A message with its body; Temporal's SDK chooses the update's id, because ids are shared by all updates of a run. */
export type Outgoing<Body> = { update: UpdateDefinition<Accepted, [Body]>; body: Body };

/**
 * Sends one message to a running release and waits for its answer.
 * @throws ClientFailure `refused` with the release's own words, `no-worker`, `not-answered`, `not-found`
 */
export async function send<Body>(
  link: Link,
  run: Pick<Seen, 'workflowId' | 'runId' | 'taskQueue'>,
  { update, body }: Outgoing<Body>,
): Promise<Accepted> {
  const handle = link.client.workflow.getHandle(run.workflowId, run.runId);
  return await calling(link, run.taskQueue, async () => {
    await requireWorker(link, run.taskQueue, { kind: 'workflow', waitMs: 0 });
    return await link.connection.withDeadline(Date.now() + answeredWithinMs, () =>
      handle.executeUpdate(update, { args: [body] }),
    );
  });
}

/** As `send`, to whatever runs under a workflow id just now. */
export async function sendToRunning<Body>(link: Link, workflowId: string, message: Outgoing<Body>): Promise<Accepted> {
  const run = await mustSee(link, workflowId);
  if (!run.running) {
    const how = run.outcome ?? run.state;
    throw new ClientFailure(
      'refused',
      `${workflowId} does not run: its last release (${run.version ?? run.runId}) ended ${how}`,
    );
  }
  return await send(link, run, message);
}
