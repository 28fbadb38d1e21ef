import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Asking, Check } from '../release/check.ts';
import { measurementOf, type Sample } from '../release/statistics.ts';
import { type Measurement, rangeOf } from '../release/verdict.ts';
import { answerOf, pending } from './answer.ts';
import { exchange, NoAnswer } from './http/http-exchange.ts';
import { judge, pathProblem } from './http/http-judging.ts';
import { answerToSilence } from './http/http-silence.ts';
import { addressOf, addressProblem } from './http/request.ts';
import type { LatencySpec } from './latency.schema.ts';
import { type Found, missed } from './limits.ts';

/** Sends one request at a fixed pace and judges how long the answers took. */
export const latency: Check<LatencySpec> = { ask };

/** How often our own event loop is looked at. */
const resolutionMs = 10;

/** Time in which this machine did not come to it: at worst at once, and as a share of all. */
type OwnTime = { worstMs: number; share: number };

function ownTimeOf({ count, mean, max }: { count: number; mean: number; max: number }): OwnTime {
  if (count === 0) return { worstMs: 0, share: 0 };
  return { worstMs: Math.max(0, max / 1e6 - resolutionMs), share: Math.max(0, 1 - resolutionMs / (mean / 1e6)) };
}

/** `silence`: there was no answer, and what that means. */
type Sent = { sample: Sample; problem?: string; silence?: Answer };

async function ask({ spec, signal }: Asking<LatencySpec>): Promise<Answer> {
  const problem = addressProblem(spec.url) ?? pathProblem(Object.keys(spec.expect.json));
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const sent = await sendAll(spec, signal);
  delays.disable();
  signal.throwIfAborted();
  const unasked = sent.find(({ silence }) => silence?.status === 'PENDING')?.silence;
  return unasked ?? judged(spec, sent, ownTimeOf(delays));
}

/** Each is sent when it is due, so that slow answers do not thin out the samples. */
async function sendAll(spec: LatencySpec, signal: AbortSignal): Promise<Sent[]> {
  const began = performance.now();
  const running: Promise<Sent>[] = [];
  for (let index = 0; index < spec.samples && !signal.aborted; index += 1) {
    const early = began + index * spec.every - performance.now();
    if (early > 0) await sleep(early, undefined, { signal }).catch(() => undefined);
    running.push(sendOnce(spec, signal));
  }
  return await Promise.all(running);
}

async function sendOnce(spec: LatencySpec, signal: AbortSignal): Promise<Sent> {
  try {
    const got = await exchange(spec, spec.expect.redirect === undefined ? 5 : 0, signal);
    const [first] = (await judge(spec.expect, got, spec.url)).failures;
    return first === undefined ? { sample: got.latencyMs } : { sample: null, problem: first };
  } catch (error) {
    if (signal.aborted) return { sample: null };
    if (!(error instanceof NoAnswer)) throw error;
    const silence = answerToSilence(addressOf(spec.url), error, spec.timeout);
    return { sample: null, problem: silence.summary, silence };
  }
}

function judged(spec: LatencySpec, sent: readonly Sent[], own: OwnTime): Answer {
  const measured = measurementOf(sent.map(({ sample }) => sample));
  const wrong = sent.find(({ problem }) => problem !== undefined)?.problem;
  const why = wrong === undefined ? '' : `, such as: ${wrong}`;
  const errors = missed(
    spec.errors,
    (limit) => measured.errors > limit,
    (limit) => `${shown(measured.errors)} % of ${measured.n} answers are wrong, limit ${limit} %${why}`,
  );
  const slow = slowness(spec, measured, { worstMs: 0, share: 0 });
  const found = [errors, slow];
  const seen = evidenceOf(spec, measured);
  const doubtful = slow.failures.length > slowness(spec, measured, own).failures.length;
  if (errors.failures.length === 0 && doubtful) {
    const summary = `this machine was too busy to tell: it stood still for ${Math.round(own.share * 100)} % of the time`;
    return pending(summary, [...slow.failures, seen].join('\n'), 'ask again from a quieter machine');
  }
  const values = wantedOf(spec).map((name) => `${name} ${shown(measured[name])} ms`);
  return answerOf({
    failures: found.flatMap(({ failures }) => failures),
    warnings: found.flatMap(({ warnings }) => warnings),
    seen,
    good: `${values.join(', ')} over ${measured.n} samples`,
    remedy: 'see what the service waits for: its database, its cache, its own event loop',
  });
}

/** Limits that are missed even without what may be our own time. */
function slowness(spec: LatencySpec, measured: Measurement, own: OwnTime): Found {
  const found = percentiles.map((name) =>
    missed(
      spec[name],
      (limit) => (measured[name] ?? 0) * (1 - own.share) - own.worstMs > limit,
      (limit) => `${name} is ${shown(measured[name])} ms, limit ${limit} ms`,
    ),
  );
  return {
    failures: found.flatMap(({ failures }) => failures),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

function wantedOf(spec: LatencySpec): (typeof percentiles)[number][] {
  return percentiles.filter((name) => spec[name] !== undefined);
}

function evidenceOf(spec: LatencySpec, measured: Measurement): string {
  const sent = `${spec.method} ${addressOf(spec.url)}: ${measured.n} samples`;
  return [sent, ...wantedOf(spec).map(lineOf(measured))].join('\n');
}

const percentiles = ['p50', 'p95', 'p99'] as const;

function lineOf(measured: Measurement): (name: (typeof percentiles)[number]) => string {
  return (name) => {
    const range = rangeOf(measured, name);
    const likely = range === undefined ? '' : `, likely between ${shown(range.low)} and ${shown(range.high)} ms`;
    return `${name}: ${shown(measured[name])} ms${likely}`;
  };
}

function shown(value: number | null): string {
  return value === null ? 'unknown' : String(Math.round(value * 10) / 10);
}
