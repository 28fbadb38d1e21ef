import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadSchema } from '../src/performance/load/load.schema.ts';
import { orderOf } from '../src/performance/load/load.ts';
import { runGenerator } from '../src/performance/load/load-process.ts';
import { findPeers, type Peer, pinTo } from './load-peers.ts';
import type { Measurement } from './measurement.ts';
import { compared } from './outcome.ts';
import { inPairs } from './pairs.ts';
import type { Scope } from './scope.ts';

const connections = 50;
/** On a busy machine a second is little time of a processor, and cold code is slow. */
const warmUpSeconds = 8;

/** (m) Requests for each second of the generator's processor, by as many connections, each always busy. */
export const throughput: Measurement = async ({ scope, quick, say }) => {
  const url = await startTarget(scope);
  const pin = await pinTo(0);
  const { peers, missing } = await findPeers();
  const seconds = quick ? 1 : 6;
  const ours = async (): Promise<number> => perCpuSecond(await generated(url, { seconds, pin }));
  const of = (peer: Peer) => async (): Promise<number> => {
    const { requests, cpuSeconds } = await peer.load(url, { seconds, warmUpSeconds, connections, pin });
    return requests / cpuSeconds;
  };
  const pairs = quick ? 1 : 3;
  const found = [];
  for (const peer of peers) {
    const result = await inPairs(peer === peers[0] ? pairs : 1, { ours, peer: of(peer) });
    say(`m: ${peer.name}: ${Math.round(result.ours)} against ${Math.round(result.peer)}`);
    found.push({ name: peer.name, result });
  }
  const [first] = found;
  if (first === undefined) throw new Error('there is nothing to compare with');
  const what = (name: string): string => `requests for each second of the generator's processor, against ${name}`;
  const ratio = first.result.ours / first.result.peer;
  const open = perCpuSecond(await generated(url, { seconds, pin, rate: '2000/s' }));
  return {
    ...compared(what(first.name), 'requests/s', first.result),
    id: 'm',
    target: 'at least as many as autocannon',
    met: ratio >= 1,
    also: [
      ...found.slice(1).map(({ name, result }) => compared(what(name), 'requests/s', result)),
      compared('the same of ours at a fixed rate of 2000/s', 'requests/s', { ours: open, peer: null }),
    ],
    notes: [
      `${connections} connections, ${pairs} pairs of ${seconds} s in turns with autocannon, one with each other; generator ${pin.length > 0 ? 'on processor 0, target on processor 1' : 'and target on any processor'}; within pairs ${found.map(({ name, result }) => `${name} ${result.pairRatio.toFixed(2)}`).join(', ')}`,
      `ours and autocannon count their time after a warm-up of ${warmUpSeconds} s, the others from their start; ours keeps latencies from the time when a request was due`,
      ...(missing.length > 0 ? [`not compared: ${missing.join('; ')}`] : []),
    ],
  };
};

async function startTarget(scope: Scope): Promise<string> {
  const [command = '', ...words] = [
    ...(await pinTo(1)),
    process.execPath,
    join(import.meta.dirname, 'load-target.mjs'),
  ];
  const child = await scope.open(
    async () => spawn(command, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    (started) => started.kill('SIGKILL'),
  );
  const [port] = (await once(child, 'message')) as [number];
  return `http://127.0.0.1:${port}/`;
}

type Generated = { requests: number; cpuMs: number };

async function generated(
  url: string,
  { seconds, pin, rate }: { seconds: number; pin: readonly string[]; rate?: string },
): Promise<Generated> {
  const pace = rate === undefined ? { users: connections, think: '0' } : { rate };
  const limits = { errors: { rollBack: '0 %' } };
  const spec = loadSchema.parse({
    ...pace,
    for: `${seconds}s`,
    warmUp: `${warmUpSeconds}s`,
    requests: [{ url }],
    ...limits,
  });
  const signal = new AbortController().signal;
  const { counts, cpuMs } = await runGenerator(orderOf('m', spec), { signal, before: pin });
  if (counts.errors + counts.timeouts > 0) throw new Error(`${counts.errors + counts.timeouts} requests failed`);
  return { requests: counts.ok, cpuMs };
}

function perCpuSecond({ requests, cpuMs }: Generated): number {
  return requests / (cpuMs / 1000);
}
