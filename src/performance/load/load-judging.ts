import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { criteriaOf, judgeCriterion } from '../../release/criteria.ts';
import { type Estimates, estimatesOf } from '../../release/degradation.ts';
import type { Json } from '../../release/json.ts';
import type { Measure, PlannedCriterion } from '../../release/plan.ts';
import { errorRate, percentilesOf } from '../../release/statistics.ts';
import { type Judgement, judge, type Measurement } from '../../release/verdict.ts';
import type { LoadSpec } from './load.schema.ts';
import { voidReason } from './load-health.ts';
import type { Counts, LoadResult, Pace } from './load-order.ts';

/** The criteria of a load, and what it was compared with; null where the version before was not measured, or in vain. */
export type Judging = { name: string; spec: LoadSpec; pace: Pace; before: Json | null };

/**
 * The requests as numbers. Percentiles are over right answers and time-outs. Where the plan has no limits for time-outs of
 * their own, they are errors too.
 */
export function measurementOf({ counts, histogram }: LoadResult, timeoutsApart: boolean): Measurement {
  const { ok, errors, timeouts } = counts;
  const n = ok + errors + timeouts;
  const latencies = decodeFromCompressedBase64(histogram);
  const at = (percent: number): number => latencies.getValueAtPercentile(percent) / 1000;
  const wrong = timeoutsApart ? errors : errors + timeouts;
  return { n, errors: errorRate(wrong, n), ...percentilesOf(latencies.totalCount, at) };
}

/** Of fewer, the percentile is the slowest, and one slow answer would decide. */
const leastSamples: Record<Measure, number> = { errors: 1, p50: 2, p95: 20, p99: 100 };

/** One judgement for each limit; `unknown` where the generator could not do what was asked of it. */
export function judgementsOf(result: LoadResult, { name, spec, pace, before }: Judging): Judgement[] {
  const measured = measurementOf(result, spec.timeouts !== undefined);
  const known = estimatesIn(before);
  const judged = (criterion: PlannedCriterion, say: () => Judgement): Judgement => {
    const reason = voidReason(criterion.measure, result, pace);
    return reason === null ? say() : voided(criterion, measured.n, reason);
  };
  const found = criteriaOf(spec, ` of ${name}`).map((criterion) =>
    judged(criterion, () =>
      detailed(
        judgeCriterion(criterion, { measured, before: known }, leastSamples[criterion.measure]),
        criterion,
        result.counts,
      ),
    ),
  );
  if (spec.timeouts === undefined) return found;
  const { consult = null, rollBack = null } = spec.timeouts;
  const limits = { measure: 'errors', consultAbove: consult, rollBackAbove: rollBack } as const;
  const timeouts: PlannedCriterion = { name: `timeouts of ${name}`, ...limits };
  return [...found, judged(timeouts, () => judgedTimeouts(timeouts, result.counts))];
}

/** A share like that of errors, in other words. */
function judgedTimeouts(criterion: PlannedCriterion, { ok, errors, timeouts }: Counts): Judgement {
  const n = ok + errors + timeouts;
  const none = { p50: null, p95: null, p99: null };
  const judgement = judge(criterion, { n, errors: errorRate(timeouts, n), ...none }, 1);
  return { ...judgement, explanation: judgement.explanation.replace(/^errors/, 'timeouts') };
}

function voided({ name, measure, against }: PlannedCriterion, n: number, reason: string): Judgement {
  const unit = measure === 'errors' || against === 'baseline' ? '%' : 'ms';
  return { criterion: name, verdict: 'unknown', value: null, unit, n, limit: null, explanation: `void: ${reason}` };
}

const mostKinds = 5;

/** Says which errors there were, where they are too many. */
function detailed(judgement: Judgement, { measure }: PlannedCriterion, { kinds, timeouts }: Counts): Judgement {
  if (measure !== 'errors' || judgement.verdict === 'proceed') return judgement;
  const all = Object.entries(timeouts === 0 ? kinds : { ...kinds, 'no answer in time': timeouts });
  const most = all.sort(([, a], [, b]) => b - a).slice(0, mostKinds);
  if (most.length === 0) return judgement;
  return {
    ...judgement,
    explanation: `${judgement.explanation}; ${most.map(([kind, n]) => `${n} × ${kind}`).join(', ')}`,
  };
}

/** The record of the same load of the version before. */
function estimatesIn(before: Json | null): Estimates | null {
  if (!isMapping(before) || !isMapping(before.measurement)) return null;
  const { n, errors, p50, p95, p99, ranges } = before.measurement;
  if (typeof n !== 'number' || typeof errors !== 'number') return null;
  const time = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null);
  const times = { p50: time(p50), p95: time(p95), p99: time(p99) };
  return estimatesOf({ n, errors, ...times, ranges: rangesIn(ranges) });
}

function rangesIn(ranges: Json | undefined): NonNullable<Measurement['ranges']> {
  const range = (value: Json | undefined) =>
    isMapping(value) && typeof value.low === 'number' && typeof value.high === 'number'
      ? { low: value.low, high: value.high }
      : null;
  const all = isMapping(ranges) ? ranges : {};
  const found = (['p50', 'p95', 'p99'] as const).map((measure) => [measure, range(all[measure])] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== null));
}

function isMapping(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
