import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { memoryPlan } from '../tests/support/plans.ts';
import { startTemporal } from '../tests/support/temporal.ts';
import { gate, watching } from './bare/workflows.ts';
import type { Measurement, Surroundings } from './measurement.ts';
import { type Also, compared, type Outcome } from './outcome.ts';
import { type Bundles, startProcess, writeBundles } from './processes.ts';
import { inputOf, startRelease } from './releases.ts';
import { serve } from './web.ts';

/** `mb`: resident memory. `cpuMs`: processor time so far. */
type Usage = { mb: number; cpuMs: number };
/** Per release. `idleMsPerS`: milliseconds of a processor in each second while it only waits. */
type Cost = { mb: number; cpuMs: number; idleMsPerS: number };

/** How many go first, so that code is loaded and compiled. */
const warm = 5;
const patienceMs = 120_000;

/** Linux counts in hundredths of a second. */
const tickMs = 10;

async function usageOf(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    mb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
  };
}

/** (g) Many releases on one worker: what each costs at its gate and in its watch. */
export const many: Measurement = async (surroundings) => {
  const { scope, quick, say } = surroundings;
  const temporal = await scope.open(
    () => startTemporal(),
    (server) => server.stop(),
  );
  const bundles = await writeBundles(await scope.folder());
  const count = quick ? 20 : 200;
  const asked = new Set<string>();
  const origin = await serve(scope, (request, response) => {
    asked.add(request.url ?? '');
    response.end('{}');
  });
  const crowd = {
    client: temporal.client,
    address: temporal.address,
    bundles,
    count,
    idleS: quick ? 5 : 30,
    home: await scope.folder(),
  };
  const gates = await costOf(surroundings, crowd, atGates);
  say(`${count} at gates: ${gates.mb.toFixed(2)} MB each`);
  const bareGates = await costOf(surroundings, crowd, bareAtGates);
  const watches = await costOf(surroundings, crowd, inWatch(origin, asked));
  say(`${asked.size} of ${count + warm} in watch: ${watches.mb.toFixed(2)} MB each`);
  const bareWatches = await costOf(surroundings, crowd, bareWatching);
  return outcomeOf({ count, sampled: asked.size, gates, bareGates, watches, bareWatches });
};

type Found = { count: number; sampled: number; gates: Cost; bareGates: Cost; watches: Cost; bareWatches: Cost };

function outcomeOf({ count, sampled, gates, bareGates, watches, bareWatches }: Found): Outcome {
  return {
    ...compared(`memory of each of ${count} releases in watch, against bare workflows in one long activity`, 'MB', {
      ours: watches.mb,
      peer: bareWatches.mb,
    }),
    id: 'g',
    target: null,
    met: null,
    also: [
      ...lines('in watch', watches, bareWatches),
      compared('memory of each at its gate, against bare workflows that wait for a signal', 'MB', {
        ours: gates.mb,
        peer: bareGates.mb,
      }),
      ...lines('at its gate', gates, bareGates),
    ],
    notes: [
      `${count} releases on one worker process; resident memory and processor time of the process, as the system counts them`,
      `${sampled} of ${count + warm} watches sampled at the same time, every 10 s each`,
    ],
  };
}

function lines(where: string, ours: Cost, peer: Cost): Also[] {
  return [
    compared(`processor time to get there, each ${where}`, 'ms', { ours: ours.cpuMs, peer: peer.cpuMs }),
    compared(`processor time while it waits, each ${where}`, 'ms/s', { ours: ours.idleMsPerS, peer: peer.idleMsPerS }),
  ];
}

type Crowd = { client: Client; address: string; bundles: Bundles; count: number; idleS: number; home: string };
type Kind = {
  name: string;
  whose: keyof Bundles;
  start(crowd: Crowd, name: string, taskQueue: string): Promise<unknown>;
  /** How many of those that were started are where they shall be. */
  there(crowd: Crowd, taskQueue: string, names: readonly string[]): Promise<number>;
};

async function costOf({ scope }: Surroundings, crowd: Crowd, kind: Kind): Promise<Cost> {
  const taskQueue = `many-${kind.name}`;
  const worker = await startProcess(scope, kind.whose, { address: crowd.address, taskQueue, bundles: crowd.bundles });
  const names: string[] = [];
  const begin = async (to: number): Promise<void> => {
    while (names.length < to) {
      const some = Array.from(
        { length: Math.min(10, to - names.length) },
        (_, index) => `${kind.name}-${names.length + index}`,
      );
      await Promise.all(some.map((name) => kind.start(crowd, name, taskQueue)));
      names.push(...some);
    }
    const deadline = Date.now() + patienceMs;
    while ((await kind.there(crowd, taskQueue, names)) < to && Date.now() < deadline) await sleep(300);
  };
  await begin(warm);
  await sleep(2_000);
  const before = await usageOf(worker.pid);
  await begin(warm + crowd.count);
  const arrived = await usageOf(worker.pid);
  await sleep(crowd.idleS * 1000);
  const after = await usageOf(worker.pid);
  await worker.kill();
  return {
    mb: (after.mb - before.mb) / crowd.count,
    cpuMs: (arrived.cpuMs - before.cpuMs) / crowd.count,
    idleMsPerS: (after.cpuMs - arrived.cpuMs) / crowd.idleS / crowd.count,
  };
}

async function startOurs(
  crowd: Crowd,
  { name, taskQueue, more }: { name: string; taskQueue: string; more: object },
): Promise<void> {
  const plan = memoryPlan({ application: name, more });
  const input = await inputOf({ home: join(crowd.home, name), plan, approved: 'watch' in more });
  await startRelease(crowd.client, { ...input, plan: { ...input.plan, taskQueue } });
}

/** Counted by the server, without asking the worker. */
async function inPhase({ client }: Crowd, taskQueue: string, phase: string): Promise<number> {
  const query = `ExecutionStatus = 'Running' AND SavepointPhase = '${phase}' AND TaskQueue = '${taskQueue}'`;
  return (await client.workflow.count(query)).count;
}

/** How many bare workflows have had their first task, and run their activity where they have one. */
async function settled({ client }: Crowd, names: readonly string[], activities: number): Promise<number> {
  let count = 0;
  for (const name of names) {
    const { historyLength, raw } = await client.workflow.getHandle(name).describe();
    const running = raw.pendingActivities?.filter(({ lastStartedTime }) => lastStartedTime != null).length ?? 0;
    if (historyLength >= 4 && running >= activities) count += 1;
  }
  return count;
}

const atGates: Kind = {
  name: 'gates',
  whose: 'ours',
  start: (crowd, name, taskQueue) => startOurs(crowd, { name, taskQueue, more: {} }),
  there: (crowd, taskQueue) => inPhase(crowd, taskQueue, 'go/no-go'),
};

const bareAtGates: Kind = {
  name: 'bare-gates',
  whose: 'bare',
  start: ({ client }, name, taskQueue) => client.workflow.start(gate, { workflowId: name, taskQueue }),
  there: (crowd, _, names) => settled(crowd, names, 0),
};

/** There it is when it has asked for the first time. */
function inWatch(origin: string, asked: ReadonlySet<string>): Kind {
  const watch = (name: string): object => ({
    schedule: [{ every: '30m', for: '1h' }],
    probe: { url: `${origin}/${name}`, every: '10s' },
    criteria: { errors: { rollBack: '10 %' } },
  });
  return {
    name: 'watches',
    whose: 'ours',
    start: (crowd, name, taskQueue) => startOurs(crowd, { name, taskQueue, more: { watch: watch(name) } }),
    there: async () => asked.size,
  };
}

const bareWatching: Kind = {
  name: 'bare-watches',
  whose: 'bare',
  start: ({ client }, name, taskQueue) =>
    client.workflow.start(watching, { workflowId: name, taskQueue, args: [3_600_000] }),
  there: (crowd, _, names) => settled(crowd, names, 1),
};
