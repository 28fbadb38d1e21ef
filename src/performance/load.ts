import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import type { Measured, Measurer, Measuring } from '../release/performance.ts';
import type { Judgement } from '../release/verdict.ts';
import type { LoadSpec } from './load.schema.ts';
import { healthOf, voidReason } from './load-health.ts';
import { judgementsOf, measurementOf } from './load-judging.ts';
import type { LoadOrder, LoadResult, Pace } from './load-order.ts';
import { GeneratorLost, runGenerator } from './load-process.ts';
import { requestProblem } from './load-request.ts';

/** Puts load on a running system, from a process of its own, and judges how it bears it. */
export const load: Measurer<LoadSpec> = { measure };

async function measure({ name, spec, before, signal, log }: Measuring<LoadSpec>): Promise<Measured> {
  const order = orderOf(name, spec);
  try {
    const result = await runGenerator(order, { signal });
    log.info(`load ${name}`, { ...result.counts, warmUp: result.warmUp.due });
    const judgements = judgementsOf(result, { name, spec, pace: order.pace, before });
    return { judgements, record: recordOf(result, order.pace, spec) };
  } catch (error) {
    if (!(error instanceof GeneratorLost)) throw error;
    return { judgements: lost(name, error), record: null };
  }
}

/** A time is told apart from a limit when it is wrong by less than a tenth of it. */
const lateShare = 0.1;
const lateBounds = { least: 10, most: 50 };
const mostInFlight = 10_000;

/** What the generator has to do. @throws TargetFailure `invalid-input` where a request cannot be sent */
export function orderOf(name: string, spec: LoadSpec): LoadOrder {
  for (const [index, request] of spec.requests.entries()) {
    const problem = requestProblem(request);
    if (problem === null) continue;
    throw new TargetFailure('invalid-input', `request ${index + 1} of ${name}: ${problem}`, {
      remedy: 'correct the plan or the value that it refers to',
    });
  }
  const { warmUp: warmUpMs, for: forMs, timeout: timeoutMs, requests } = spec;
  const pace = paceOf(spec);
  const limits = [spec.p50, spec.p95, spec.p99].flatMap((bands) => [bands?.consult, bands?.rollBack]);
  const smallest = Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
  const lateAfterMs = Math.min(lateBounds.most, Math.max(lateBounds.least, smallest * lateShare));
  const needed = 'users' in pace ? pace.users : Math.ceil((pace.perSecond * timeoutMs) / 1000) + 1;
  const maxInFlight = spec.maxInFlight ?? Math.min(mostInFlight, needed);
  return { pace, warmUpMs, forMs, timeoutMs, maxInFlight, lateAfterMs, requests };
}

function paceOf({ rate, users, think = 1_000 }: LoadSpec): Pace {
  return users === undefined ? { perSecond: rate ?? 1 } : { users, thinkMs: think };
}

function lost(name: string, { message }: GeneratorLost): Judgement[] {
  const explanation = `void: ${message}: see the log of the worker and its memory, and measure again`;
  return [{ criterion: name, verdict: 'unknown', value: null, unit: 'ms', n: 0, limit: null, explanation }];
}

/** A void measurement compares with nothing. */
function recordOf(result: LoadResult, pace: Pace, spec: LoadSpec): Json {
  const isVoid = voidReason('errors', result, pace) !== null;
  const { counts, warmUp, everyMs, cpuMs, tookMs, longestInFlight } = result;
  const { ranges = {}, ...numbers } = measurementOf(result, spec.timeouts !== undefined);
  const series = result.series.map(({ n, errors, timeouts, p50, p99 }) => [n, errors, timeouts, p50, p99]);
  return {
    format: 1,
    measurement: isVoid ? null : { ...numbers, ranges },
    counts,
    warmUp,
    health: healthOf(result),
    generator: { cpuMs, tookMs, longestInFlight },
    everyMs,
    series,
  };
}
