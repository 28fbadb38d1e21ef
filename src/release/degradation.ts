import type { Interval } from './intervals.ts';
import type { Measure, PlannedCriterion } from './plan.ts';
import { entrusted } from './trust.ts';
import { type Judgement, type Measurement, rangeOf, type Verdict } from './verdict.ts';

/** A value and where the truth lies with 95 % confidence. */
type Estimate = { value: number; interval: Interval };

/** What was measured of the version before, over `n` samples: a `Baseline`, or made of a `Measurement`. */
export type Estimates = { n: number; errors: Estimate } & Record<Exclude<Measure, 'errors'>, Estimate | null>;

/** The same of numbers without times, as if each sample stood for itself. */
export function estimatesOf(measured: Measurement): Estimates {
  const of = (measure: Measure): Estimate | null => {
    const [value, interval] = [measured[measure], rangeOf(measured, measure)];
    return value === null || interval === undefined ? null : { value, interval };
  };
  const errors = of('errors') ?? { value: measured.errors, interval: { low: 0, high: 100 } };
  return { n: measured.n, errors, p50: of('p50'), p95: of('p95'), p99: of('p99') };
}

/**
 * How much more `after` is: the distances to both intervals added as squares, which for two shares is Newcombe's
 * interval (Zou, Donner: Construction of confidence limits about effect measures, 2008).
 */
function difference(before: Estimate, after: Estimate): Estimate {
  const value = after.value - before.value;
  const low = value - Math.hypot(after.value - after.interval.low, before.interval.high - before.value);
  const high = value + Math.hypot(after.interval.high - after.value, before.value - before.interval.low);
  return { value, interval: { low, high } };
}

/** How much longer `after` takes in per cent; quotients are differences of logarithms. */
function quotient(before: Estimate, after: Estimate): Estimate | null {
  if (before.interval.low <= 0 || after.interval.low <= 0) return null;
  const log = ({ value, interval: { low, high } }: Estimate): Estimate => ({
    value: Math.log(value),
    interval: { low: Math.log(low), high: Math.log(high) },
  });
  const { value, interval } = difference(log(before), log(after));
  const percent = (exponent: number): number => (Math.exp(exponent) - 1) * 100;
  return { value: percent(value), interval: { low: percent(interval.low), high: percent(interval.high) } };
}

/**
 * Judges a criterion against the baseline: a limit is exceeded where the whole interval lies above it, so that a chance
 * difference is called a degradation once in 40 times. Value, interval and limit are per cent longer, or percentage points of errors.
 */
export function judgeDegradation(
  criterion: PlannedCriterion,
  { measured, baseline }: { measured: Measurement; baseline: Estimates | null },
  minimumSamples: number,
): Judgement {
  const { name, measure } = criterion;
  const { n } = measured;
  const base = { criterion: name, unit: '%', n } as const;
  const needed = Math.max(1, minimumSamples);
  const unknown = (why: string): Judgement => ({
    ...base,
    value: null,
    limit: null,
    verdict: 'unknown',
    explanation: `${why}: could not be judged`,
  });
  if (baseline === null) return unknown('nothing was measured before the release');
  if (n < needed || baseline.n < needed) {
    return unknown(`${n} samples and ${baseline.n} before the release, ${needed} needed`);
  }
  const change = changeOf(criterion, measured, baseline);
  if (change === null) return unknown(`${measure} has no value to compare`);
  const { verdict, limit } = bandOf(criterion, change.interval.low);
  const { low, high } = change.interval;
  const points = measure === 'errors' ? 'percentage points' : '%';
  const by = `${round(change.value)} ${points} (${round(low)} to ${round(high)})`;
  const against = `${measure} changed by ${by} since before the release, over ${n} samples, which`;
  const explanation = `${against} is ${limitInWords(verdict, limit)}`;
  const rounded = { value: round(change.value), interval: { low: round(low), high: round(high) } };
  return entrusted({ ...base, ...rounded, verdict, limit, explanation }, criterion);
}

function changeOf({ measure }: PlannedCriterion, measured: Measurement, baseline: Estimates): Estimate | null {
  const before = baseline[measure];
  const value = measured[measure];
  const interval = rangeOf(measured, measure);
  if (before === null || value === null || interval === undefined) return null;
  return measure === 'errors' ? difference(before, { value, interval }) : quotient(before, { value, interval });
}

type Band = { verdict: Verdict; limit: number | null };

function bandOf({ rollBackAbove, consultAbove }: PlannedCriterion, low: number): Band {
  if (rollBackAbove !== null && low > rollBackAbove) return { verdict: 'roll back', limit: rollBackAbove };
  if (consultAbove !== null && low > consultAbove) return { verdict: 'consult', limit: consultAbove };
  return { verdict: 'proceed', limit: consultAbove ?? rollBackAbove };
}

function limitInWords(verdict: Verdict, limit: number | null): string {
  if (verdict === 'roll back') return `beyond doubt above the limit of ${limit} for rolling back`;
  if (verdict === 'consult') return `beyond doubt above the limit of ${limit} for asking`;
  return limit === null ? 'recorded only' : `not beyond doubt above the limit of ${limit}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
