import { setTimeout as sleep } from 'node:timers/promises';
import { loadSchema } from '../src/performance/load/load.schema.ts';
import { orderOf } from '../src/performance/load/load.ts';
import { measurementOf } from '../src/performance/load/load-judging.ts';
import { runGenerator } from '../src/performance/load/load-process.ts';
import { startServer, type TestServer } from '../tests/performance/servers.ts';
import { findPeers } from './load-peers.ts';
import type { Measurement } from './measurement.ts';
import { median, percentiles } from './numbers.ts';
import { compared } from './outcome.ts';
import type { Scope } from './scope.ts';

const stopMs = 1_400;
const perSecond = 200;
const connections = 10;
const bound = 0.1;

/** (l) What a generator says of a service that stands still for 1.4 s, against what its users felt. */
export const honesty: Measurement = async ({ scope, quick, say }) => {
  const seconds = quick ? 5 : 20;
  const rounds: { ours: number; truth: number }[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) rounds.push(await oursAndTruth(scope, seconds));
  const ours = median(rounds.map((each) => each.ours));
  const truth = median(rounds.map((each) => each.truth));
  const worst = Math.max(...rounds.map((each) => Math.abs(each.ours / each.truth - 1)));
  say(`l: ours ${Math.round(ours)} ms, truth ${Math.round(truth)} ms`);
  const { peers, missing } = await findPeers();
  const also = [];
  for (const { name, load } of peers) {
    const server = await open(scope);
    const order = { seconds, connections, pin: [] };
    const [{ p99 }] = await Promise.all([load(`${server.origin}/`, order), stopIn(server, seconds)]);
    await server.stop();
    also.push(compared(`${name} without a rate`, 'ms', { ours: p99, peer: truth }));
  }
  return {
    ...compared(`p99 at ${perSecond}/s of a server that stood still for ${stopMs} ms, against its own log`, 'ms', {
      ours,
      peer: truth,
    }),
    id: 'l',
    target: 'within 10 % of the truth each time',
    met: worst <= bound,
    also,
    notes: [
      `${rounds.length} rounds of ${seconds} s, farthest off by ${(worst * 100).toFixed(1)} %; the truth: when each request was due at a fixed rate, to when the server answered it`,
      `those without a rate had ${connections} connections and one stop each; what they send less during the stop is what they do not see`,
      ...(missing.length > 0 ? [`not compared: ${missing.join('; ')}`] : []),
    ],
  };
};

function open(scope: Scope): Promise<TestServer> {
  return scope.open(startServer, (server) => server.stop());
}

async function stopIn(server: TestServer, seconds: number): Promise<void> {
  await sleep(seconds * 400);
  server.freeze();
  await sleep(stopMs);
  server.thaw();
}

async function oursAndTruth(scope: Scope, seconds: number): Promise<{ ours: number; truth: number }> {
  const server = await open(scope);
  const limits = { p99: { rollBack: '1s' } };
  const requests = [{ url: `${server.origin}/` }];
  const spec = loadSchema.parse({ rate: `${perSecond}/s`, for: `${seconds}s`, warmUp: '2s', requests, ...limits });
  const signal = new AbortController().signal;
  const [result] = await Promise.all([
    runGenerator(orderOf('l', spec), { signal }),
    // After its warm-up.
    sleep(3_000).then(() => stopIn(server, seconds)),
  ]);
  const log = await server.ask<[number, number][]>('/log');
  await server.stop();
  const { p99 } = measurementOf(result, false);
  return { ours: p99 ?? Number.NaN, truth: percentiles(felt(log).slice(2 * perSecond)).p99 };
}

/** From when each request was due to its answer: the first one left at once, the others evenly after it. */
function felt(log: readonly [number, number][]): number[] {
  const everyMs = 1000 / perSecond;
  const arrived = [...log].sort(([a], [b]) => a - b);
  const start = Math.min(...arrived.map(([at], index) => at - index * everyMs));
  return arrived.map(([, answered], index) => answered - start - index * everyMs);
}
