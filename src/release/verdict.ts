import { type Interval, wilson } from './intervals.ts';
import type { Measure, PlannedCriterion, Priority } from './plan.ts';

/** What measurements mean. `unknown`: they could not be taken, which is neither good nor bad. */
export type Verdict = 'proceed' | 'consult' | 'roll back' | 'unknown';

/** `points`: of Lighthouse, 0 to 100. `kB`: a thousand bytes. Empty: a number without a unit. */
export type Unit = '%' | 'ms' | 'points' | 'kB' | 'requests' | '';

/**
 * Explains itself: value, its 95 % interval and limit in `unit`, over `n` samples. `since`: when what it rests on began.
 * `slowerThanMs`: the value is the share of answers that took longer. `withheld`: what it called for, where it is not
 * trusted to do that; `advice`: what people should do instead.
 */
export type Judgement = {
  criterion: string;
  verdict: Verdict;
  value: number | null;
  unit: Unit;
  n: number;
  limit: number | null;
  explanation: string;
  interval?: Interval;
  since?: string;
  slowerThanMs?: number;
  withheld?: Verdict;
  advice?: string;
  priority?: Priority;
  /** Name of the plan's checklist that is shown with it. */
  incident?: string;
  /** Where what it rests on is kept, relative to the records folder. */
  record?: string;
};

/**
 * A set of samples reduced to numbers: errors in per cent of `n`, percentiles in milliseconds over those without error.
 * `ranges`: where the true percentiles lie with 95 % confidence.
 */
export type Measurement = {
  n: number;
  errors: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  ranges?: Partial<Record<Measure, Interval>>;
};

/** Where the true value lies with 95 % confidence, as far as the samples say. */
export function rangeOf(measured: Measurement, measure: Measure): Interval | undefined {
  if (measure !== 'errors') return measured.ranges?.[measure];
  const { low, high } = wilson((measured.errors / 100) * measured.n, measured.n);
  return { low: round(low * 100), high: round(high * 100) };
}

/** The worst of several verdicts. An `unknown` outweighs `proceed` and `consult`, never `roll back`. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Verdict[] = ['roll back', 'unknown', 'consult', 'proceed'];
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'proceed';
}

/**
 * Judges one criterion. Below `minimumSamples`, or where nothing was answered to take a time of, nothing is said: the
 * verdict is `unknown`. A value that equals a limit is within it.
 */
export function judge(criterion: PlannedCriterion, measured: Measurement, minimumSamples: number): Judgement {
  const { measure, rollBackAbove, consultAbove } = criterion;
  const unit = measure === 'errors' ? '%' : 'ms';
  const value = measured[measure];
  const interval = rangeOf(measured, measure);
  const base = {
    criterion: criterion.name,
    value,
    unit,
    n: measured.n,
    ...(interval === undefined || value === null ? {} : { interval }),
  } as const;
  const needed = Math.max(1, minimumSamples);
  const unknown = (why: string): Judgement => ({ ...base, verdict: 'unknown', limit: null, explanation: why });
  if (measured.n < needed) return unknown(`${measured.n} samples, ${needed} needed: could not be judged`);
  if (value === null)
    return unknown(`none of ${measured.n} requests was answered as expected: ${measure} could not be judged`);
  const said = (verdict: Verdict, limit: number | null, relation: string): Judgement => ({
    ...base,
    verdict,
    limit,
    explanation: `${measure} ${round(value)} ${unit}${between(interval)} over ${measured.n} samples is ${relation}`,
  });
  if (rollBackAbove !== null && value > rollBackAbove) {
    return said('roll back', rollBackAbove, `above the limit of ${rollBackAbove} ${unit} for rolling back`);
  }
  if (consultAbove !== null && value > consultAbove) {
    return said('consult', consultAbove, `above the limit of ${consultAbove} ${unit} for asking`);
  }
  const limit = consultAbove ?? rollBackAbove;
  return said('proceed', limit, limit === null ? 'recorded only' : `within the limit of ${limit} ${unit}`);
}

/** ` (7.6 to 19.7)`, nothing where no interval is known. */
function between(interval: Interval | undefined): string {
  return interval === undefined ? '' : ` (${round(interval.low)} to ${round(interval.high)})`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
