import { Worker } from '@temporalio/worker';
import { type RunningWorker, startWorker } from '../../src/worker.ts';
import type { HostAnswer, HostOrder } from './hosts.ts';
import { openJournal } from './journal.ts';
import { striking } from './striking.ts';

/**
 * A process that serves the queues which it is told to. Each has a journal of its own, and where it is to be struck, a
 * strike: most of them hit this whole process.
 */
const orders = new Map<string, Extract<HostOrder, { do: 'serve' }>>();
const serving = new Map<string, RunningWorker>();

// The worker has no door for interceptors, and needs none outside of these tests.
const create = Worker.create.bind(Worker);
Worker.create = (options) => {
  const order = orders.get(options.taskQueue);
  if (order === undefined) return create(options);
  const inbound = (): ReturnType<typeof striking> => striking(openJournal(order.journal), order.strike);
  return create({ ...options, interceptors: { activity: [() => ({ inbound: inbound() })] } });
};

async function serve(order: Extract<HostOrder, { do: 'serve' }>): Promise<void> {
  const { address, queue: taskQueue, bundle: workflowBundle } = order;
  const localTaskQueue = `savepoint/${taskQueue}`;
  for (const queue of [taskQueue, localTaskQueue]) orders.set(queue, order);
  const worker = await startWorker({
    connection: { address },
    namespace: 'default',
    taskQueue,
    localTaskQueue,
    healthPort: null,
    metricsAddress: null,
    workflowBundle,
  });
  serving.set(taskQueue, worker);
  worker.ended.catch((error: unknown) => console.error(`the worker of ${taskQueue} failed:`, error));
}

async function leave({ queue }: HostOrder): Promise<void> {
  await serving.get(queue)?.stop();
  serving.delete(queue);
}

process.on('message', (order: HostOrder) => {
  const done = order.do === 'serve' ? serve(order) : leave(order);
  const answer = (problem: string | null): void => {
    const said: HostAnswer = { id: order.id, problem };
    process.send?.(said);
  };
  done.then(
    () => answer(null),
    (error: unknown) => answer(String(error)),
  );
});
// Whoever started this process is gone.
process.on('disconnect', () => process.exit(0));
