import { existsSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { IllegalStateError } from '@temporalio/common';
import {
  DefaultLogger,
  type LogEntry,
  NativeConnection,
  type NativeConnectionOptions,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { createActivities } from './activities/activities.ts';
import type { Clock } from './checks/clock.ts';

/**
 * - `taskQueue`: workflows and targets that any host can reach · `localTaskQueue`: targets of this host
 * - `healthPort`: answers `GET /health`; 0 lets the system choose, null serves nothing
 * - `metricsAddress`: `host:port` that serves Prometheus metrics, null serves none
 * - `clock`: how the watch sees time pass; tests bring their own
 */
export type Serving = {
  connection: NativeConnectionOptions;
  namespace: string;
  taskQueue: string;
  localTaskQueue: string;
  healthPort: number | null;
  metricsAddress: string | null;
  clock?: Clock;
  /** File of a bundle that was made before; left out, the one beside this file, else it is bundled on the fly. */
  workflowBundle?: string;
  /** Default `WARN`: failures of attempts are shown. */
  logLevel?: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
};

export type RunningWorker = {
  healthUrl: string | null;
  /** Rejects when a worker fails; resolves after `stop`. */
  ended: Promise<void>;
  /** Lets running activities end for a while, then cancels them; what they began is found again. */
  stop(): Promise<void>;
};

/** Above the heartbeat timeout of 5 s, so that a step which is about to end ends here. */
const shutdownGraceTime = '8s';
const shutdownForceTime = '20s';

/** A watch is one activity for hours. With the default of 100, other releases would wait behind so many watches. */
const maxConcurrentActivityTaskExecutions = 2_000;

/** Starts the workers of this host: one for workflows and remote targets, one for what lives here. */
export async function startWorker(serving: Serving): Promise<RunningWorker> {
  installRuntime(serving);
  const connection = await NativeConnection.connect(serving.connection);
  const activities = createActivities(serving.clock === undefined ? {} : { clock: serving.clock });
  const common: Pick<WorkerOptions, 'connection' | 'namespace' | 'activities'> &
    Pick<WorkerOptions, 'shutdownGraceTime' | 'shutdownForceTime' | 'maxHeartbeatThrottleInterval'> &
    Pick<WorkerOptions, 'stickyQueueScheduleToStartTimeout' | 'maxConcurrentActivityTaskExecutions'> = {
    connection,
    namespace: serving.namespace,
    activities: { ...activities },
    shutdownGraceTime,
    shutdownForceTime,
    // How long workflow code waits for a worker that was killed; the default of 10 s would be most of a recovery.
    stickyQueueScheduleToStartTimeout: '3s',
    // An abort reaches an activity with its next beat.
    maxHeartbeatThrottleInterval: '1s',
    maxConcurrentActivityTaskExecutions,
  };
  const workers = [
    await Worker.create({ ...common, taskQueue: serving.taskQueue, ...workflowCode(serving.workflowBundle) }),
    await Worker.create({ ...common, taskQueue: serving.localTaskQueue }),
  ];
  const served = serving.healthPort === null ? null : await listening(workers, serving.healthPort);
  const health = served instanceof Server ? served : null;
  const ended = runTogether(workers, { connection, health });
  const stop = async (): Promise<void> => {
    shutDown(workers);
    await ended;
  };
  if (served instanceof Error) {
    await stop();
    throw served;
  }
  return { healthUrl: health === null ? null : addressOf(health), ended, stop };
}

type Around = { connection: NativeConnection; health: Server | null };

/** A worker that fails takes the other with it; the connection can be closed only when both are over. */
async function runTogether(workers: readonly Worker[], { connection, health }: Around): Promise<void> {
  const runs = workers.map((worker) => worker.run().finally(() => shutDown(workers)));
  await Promise.allSettled(runs);
  health?.close();
  await connection.close();
  await Promise.all(runs);
}

function shutDown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

/** A server, or why there is none: workers that were made have to run before they can be let go. */
async function listening(workers: readonly Worker[], port: number): Promise<Server | Error> {
  try {
    return await serveHealth(workers, port);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Built releases carry their bundle, so that a worker starts at once; from source it is bundled on the fly. */
function workflowCode(given?: string): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions'> {
  if (given !== undefined) return { workflowBundle: { codePath: given } };
  const codePath = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  const fromSource = fileURLToPath(new URL('./workflows/index.ts', import.meta.url));
  const workflowsPath = existsSync(fromSource)
    ? fromSource
    : fileURLToPath(new URL('./workflows/index.js', import.meta.url));
  // The story keeps nothing in its modules, so that one evaluation of them serves every release of this worker.
  return { workflowsPath, bundlerOptions: { preloadModules: [workflowsPath] } };
}

let installed = false;

/** The runtime is one for the whole process and must be set before the first connection. */
function installRuntime({ metricsAddress: bindAddress, logLevel = 'WARN' }: Serving): void {
  if (installed) return;
  installed = true;
  // Without `forward` the SDK's core writes to stdout, which is for data.
  const logging = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } as const;
  const metrics = bindAddress === null ? {} : { metrics: { prometheus: { bindAddress } } };
  const logger = new DefaultLogger(
    logLevel,
    quieter((text) => process.stderr.write(text)),
  );
  try {
    // Signals are the door's business: it stops the worker and whatever else it started, in order.
    Runtime.install({ logger, shutdownSignals: [], telemetryOptions: { logging, ...metrics } });
  } catch (error) {
    // Somebody in this process has connected already; without metrics only the loudness of the log differs.
    if (bindAddress !== null || !(error instanceof IllegalStateError)) throw error;
  }
}

const awayEveryMs = 30_000;

/**
 * One line per entry. Every poller tells of every try while Temporal is away, which is hundreds of lines a minute: that is
 * one line each 30 s here. That the local queue has no workflows is meant so.
 */
export function quieter(write: (text: string) => void, now = Date.now): (entry: LogEntry) => void {
  let awayToldAt = Number.NEGATIVE_INFINITY;
  return ({ level, message, meta, timestampNanos }) => {
    if (message.startsWith('No workflows registered')) return;
    const at = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
    if (/^gRPC call \w+ retried/.test(message)) {
      if (now() - awayToldAt < awayEveryMs) return;
      awayToldAt = now();
      write(`${at} [WARN] Temporal does not answer; this worker keeps trying\n`);
      return;
    }
    write(`${at} [${level}] ${message}${meta === undefined ? '' : ` ${inspect(meta)}`}\n`);
  };
}

async function serveHealth(workers: readonly Worker[], port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const states = workers.map((worker) => worker.getState());
    const healthy = states.every((state) => state === 'RUNNING');
    const status = request.url === '/health' ? (healthy ? 200 : 503) : 404;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ healthy, states }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

function addressOf(server: Server): string {
  const address = server.address();
  return address !== null && typeof address === 'object' ? `http://127.0.0.1:${address.port}/health` : String(address);
}
