import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Measured, Measurer, Measuring } from '../../release/performance.ts';
import type { Judgement } from '../../release/verdict.ts';
import { keepReport } from '../keeping.ts';
import type { LoadSpec } from './load.schema.ts';
import { healthOf, voidReason } from './load-health.ts';
import { judgementsOf, measurementOf } from './load-judging.ts';
import type { LoadOrder, LoadResult, Pace } from './load-order.ts';
import { GeneratorLost, runGenerator } from './load-process.ts';
import { requestProblem } from './load-request.ts';

/** Puts load on a running system, from a process of its own, and judges how it bears it. */
export const load: Measurer<LoadSpec> = { measure };

async function measure(measuring: Measuring<LoadSpec>): Promise<Measured> {
  const { name, spec, before, signal, log } = measuring;
  const order = orderOf(name, spec);
  try {
    const result = await runGenerator(order, { signal });
    const judgements = judgementsOf(result, { name, spec, pace: order.pace, before });
    const record = recordOf(result, order.pace, spec);
    const { pace, warmUpMs, forMs, timeoutMs, maxInFlight, lateAfterMs } = order;
    const asked = { pace, warmUpMs, forMs, timeoutMs, maxInFlight, lateAfterMs };
    const content = JSON.stringify({ name, asked, judgements, ...record, histogram: result.histogram }, null, 1);
    const kept = await keepReport(measuring, 'load', { extension: 'json', content });
    log.info(`load ${name}: ${kept}`, { ...result.counts, warmUp: result.warmUp.due });
    return { judgements, record };
  } catch (error) {
    if (!(error instanceof GeneratorLost)) throw error;
    return { judgements: lost(name, error), record: null };
  }
}

/** A time is told apart from a limit when it is wrong by less than a tenth of it. */
const lateShare = 0.1;
const leastLateMs = 10;
/** Stands for the limits of a comparison, which are not known in milliseconds. */
const comparedMs = 500;
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
  const needed = 'users' in pace ? pace.users : Math.ceil((pace.perSecond * timeoutMs) / 1000) + 1;
  const maxInFlight = spec.maxInFlight ?? Math.min(mostInFlight, needed);
  return { pace, warmUpMs, forMs, timeoutMs, maxInFlight, lateAfterMs: lateAfterMs(spec), requests };
}

function lateAfterMs({ p50, p95, p99, baseline, timeout }: LoadSpec): number {
  const limits = [p50, p95, p99]
    .flatMap((bands) => [bands?.consult, bands?.rollBack])
    .filter((limit) => limit !== undefined);
  const smallest = Math.min(timeout, ...limits, ...(baseline === undefined ? [] : [comparedMs]));
  return Math.max(leastLateMs, smallest * lateShare);
}

function paceOf({ rate, users, think = 1_000 }: LoadSpec): Pace {
  return users === undefined ? { perSecond: rate ?? 1 } : { users, thinkMs: think };
}

function lost(name: string, { message }: GeneratorLost): Judgement[] {
  const explanation = `void: ${message}: see the log of the worker and its memory, and measure again`;
  return [{ criterion: name, verdict: 'unknown', value: null, unit: 'ms', n: 0, limit: null, explanation }];
}

/** A void measurement compares with nothing. */
function recordOf(result: LoadResult, pace: Pace, spec: LoadSpec): { [key: string]: Json } {
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
