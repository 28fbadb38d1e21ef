import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { port, serve, untilTold } from '../serving.ts';

type Options = { taskQueue?: string; healthPort?: number; metrics?: string };

export function define(command: Command, io: Io): void {
  command
    .option('--task-queue <name>', 'of releases (default: SAVEPOINT_TASK_QUEUE, else savepoint)')
    .option('--health-port <port>', 'answer GET /health there; 0 lets the system choose', port)
    .option('--metrics <address>', 'serve Prometheus metrics at host:port')
    .action(async (options: Options) => await work(io, options));
}

/** Works until it is told to stop, then lets running steps come to an end. */
async function work(io: Io, { taskQueue, healthPort, metrics }: Options): Promise<void> {
  const stopped = untilTold();
  const request = { taskQueue, healthPort: healthPort ?? null, metricsAddress: metrics ?? null };
  const { worker, queues } = await serve(io, request);
  const health = worker.healthUrl === null ? '' : `, health at ${worker.healthUrl}`;
  io.say(`working on "${queues.workflow}" and "${queues.local}"${health}; Ctrl-C stops`);
  const signal = await Promise.race([stopped, worker.ended]);
  if (signal === undefined) return;
  io.say(`${signal}: letting running steps end; releases go on when a worker is back`);
  await worker.stop();
}
