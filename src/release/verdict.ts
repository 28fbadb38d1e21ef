import type { PlannedCriterion } from './plan.ts';

/** What measurements mean. `unknown`: they could not be taken, which is neither good nor bad. */
export type Verdict = 'proceed' | 'consult' | 'roll back' | 'unknown';

/** Explains itself: value and limit in `unit`, over `n` samples. */
export type Judgement = {
  criterion: string;
  verdict: Verdict;
  value: number | null;
  unit: '%' | 'ms';
  n: number;
  limit: number | null;
  explanation: string;
};

/** A set of samples reduced to numbers: errors in per cent of `n`, percentiles in milliseconds over answered requests. */
export type Measurement = { n: number; errors: number; p50: number | null; p95: number | null; p99: number | null };

/** The worst of several verdicts. An `unknown` outweighs `proceed` and `consult`, never `roll back`. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Verdict[] = ['roll back', 'unknown', 'consult', 'proceed'];
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'proceed';
}

/** Judges one criterion. Below `minimumSamples` nothing is said: the verdict is `unknown`. */
export function judge(criterion: PlannedCriterion, measured: Measurement, minimumSamples: number): Judgement {
  const unit = criterion.measure === 'errors' ? '%' : 'ms';
  const value = measured[criterion.measure];
  const base = { criterion: criterion.name, value, unit, n: measured.n } as const;
  if (value === null || measured.n < Math.max(1, minimumSamples)) {
    const explanation = `${measured.n} samples, ${Math.max(1, minimumSamples)} needed: could not be judged`;
    return { ...base, verdict: 'unknown', limit: null, explanation };
  }
  const said = (verdict: Verdict, limit: number | null, relation: string): Judgement => ({
    ...base,
    verdict,
    limit,
    explanation: `${criterion.measure} ${round(value)} ${unit} over ${measured.n} samples is ${relation}`,
  });
  if (criterion.rollBackAbove !== null && value > criterion.rollBackAbove) {
    return said('roll back', criterion.rollBackAbove, `above the limit of ${criterion.rollBackAbove} ${unit} for rolling back`);
  }
  if (criterion.consultAbove !== null && value > criterion.consultAbove) {
    return said('consult', criterion.consultAbove, `above the limit of ${criterion.consultAbove} ${unit} for asking`);
  }
  const limit = criterion.consultAbove ?? criterion.rollBackAbove;
  return said('proceed', limit, limit === null ? 'recorded only' : `within the limit of ${limit} ${unit}`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
