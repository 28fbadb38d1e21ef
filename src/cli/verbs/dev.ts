import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type DevServer, DevServerFailure, startDevServer } from '../../dev/temporal.ts';
import type { Io } from '../io.ts';
import { port, serve, untilTold } from '../serving.ts';

type Options = { port: number; uiPort: number; data?: string; inMemory?: true; worker: boolean; taskQueue?: string };

export function define(command: Command, io: Io): void {
  command
    .option('--port <port>', 'of Temporal; 0 lets the system choose', port, 7233)
    .option('--ui-port <port>', 'of the Temporal UI; 0 lets the system choose', port, 8233)
    .addOption(
      new Option('--data <file>', 'keep all data there (default: a file in ~/.local/state/savepoint)').conflicts(
        'inMemory',
      ),
    )
    .option('--in-memory', 'forget everything at the end')
    .option('--no-worker', 'start Temporal and its UI only')
    .option('--task-queue <name>', 'of the worker (default: SAVEPOINT_TASK_QUEUE, else savepoint)')
    .action(async (options: Options) => await develop(io, options));
}

async function develop(io: Io, options: Options): Promise<void> {
  const stopped = untilTold();
  const dataFile = options.inMemory ? null : (options.data ?? defaultDataFile(io.env));
  const { port, uiPort } = options;
  const server = await startDevServer({ dataFile, port, uiPort, say: (line) => io.say(line) });
  // Without a worker nothing else keeps this program alive: listening for signals and waiting for a child do not.
  const alive = setInterval(() => {}, 60_000);
  try {
    io.say(`Temporal at ${server.address}, UI at ${server.uiUrl}, data in ${dataFile ?? 'memory'}`);
    await withWorker(io, { server, options, stopped });
  } finally {
    clearInterval(alive);
    await server.stop();
  }
}

/** Whether an environment is dirty is known from earlier runs, so that this must outlive a cleaned cache. */
function defaultDataFile(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'savepoint', 'temporal.db');
}

type Developing = { server: DevServer; options: Options; stopped: Promise<NodeJS.Signals> };

async function withWorker(io: Io, { server, options, stopped }: Developing): Promise<void> {
  const { address, namespace, uiUrl } = server;
  const ready = (queues: { workflow: string; local: string } | null): void => {
    io.give(`ready; savepoint start <version> releases from another terminal, Ctrl-C stops everything`, {
      schemaVersion: 1,
      address,
      namespace,
      uiUrl,
      taskQueues: queues,
    });
  };
  if (options.port !== 7233 || options.uiPort !== 8233) {
    io.say(`In other terminals: export TEMPORAL_ADDRESS=${address} TEMPORAL_UI_URL=${uiUrl ?? ''}`);
  }
  const gone = server.ended.then(() => 'gone' as const);
  if (!options.worker) {
    ready(null);
    if ((await Promise.race([stopped, gone])) === 'gone') throw await endedByItself(server);
    return;
  }
  const request = { address, namespace, taskQueue: options.taskQueue, healthPort: null, metricsAddress: null };
  const { worker, queues } = await serve(io, request);
  ready(queues);
  const why = await Promise.race([stopped, gone, worker.ended]);
  if (why !== 'gone') io.say('stopping');
  await worker.stop();
  if (why === 'gone') throw await endedByItself(server);
}

async function endedByItself(server: DevServer): Promise<DevServerFailure> {
  return new DevServerFailure(`the Temporal dev server ended; the end of its log:\n${await server.logEnd()}`);
}
