import { InvalidArgumentError } from 'commander';
import { connectionSettings } from '../client/settings.ts';
import { releaseQueues } from '../client.ts';
import type { RunningWorker } from '../worker.ts';
import type { Io } from './io.ts';
import { hostName } from './planning.ts';

/** `address` and `namespace` override what the environment says. */
export type WorkerRequest = {
  address?: string;
  namespace?: string;
  taskQueue: string | undefined;
  healthPort: number | null;
  metricsAddress: string | null;
};

export type ServingWorker = { worker: RunningWorker; queues: { workflow: string; local: string } };

/** Starts a worker in this process, for releases and for the targets of this host. @throws ClientFailure `unreachable` */
export async function serve(io: Io, request: WorkerRequest): Promise<ServingWorker> {
  const { startWorker } = await import('../worker.ts');
  const { taskQueue, healthPort, metricsAddress, ...where } = request;
  const queues = releaseQueues(taskQueue ?? io.env.SAVEPOINT_TASK_QUEUE, hostName(io.env));
  const { connection, namespace } = connectionSettings(where);
  const started = startWorker({
    connection,
    namespace,
    taskQueue: queues.workflow,
    localTaskQueue: queues.local,
    healthPort,
    metricsAddress,
  });
  const worker = await started.catch(async (error: unknown) => {
    throw isNoConnection(error)
      ? (await import('../client/connection.ts')).unreachable(connection.address, error)
      : error;
  });
  return { worker, queues };
}

/** A worker's connection fails with an error of the SDK's core, which says so in words only. */
function isNoConnection(error: unknown): boolean {
  return error instanceof Error && /connect|transport/i.test(`${error.name} ${error.message}`);
}

/** Resolves with the first SIGINT, SIGTERM or SIGHUP; the second one ends the program at once. */
export function untilTold(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let told = false;
    const on = (signal: NodeJS.Signals): void => {
      if (told) process.exit(130);
      told = true;
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, on);
  });
}

/** A port as an option: 0 lets the system choose. */
export function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a port, 0 to 65535.');
}
