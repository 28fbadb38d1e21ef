import { baselineOf, type Timed } from '../../src/release/baseline.ts';
import { judgeDegradation } from '../../src/release/degradation.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { measurementOf } from '../../src/release/statistics.ts';
import { healthyErrors, Stream, type Traffic } from './streams.ts';

/** How many of `runs` pairs of measurements of `n` requests were called a regression of p95. */
export type Regression = { n: number; runs: number; none: number; tenPercent: number };

const traffic: Traffic = { name: 'steady', perSecond: 10, bursts: false, daily: false, margin: 0 };
const everyMs = 1_000 / traffic.perSecond;
const criterion: PlannedCriterion = {
  name: 'p95',
  measure: 'p95',
  rollBackAbove: null,
  consultAbove: 0,
  against: 'baseline',
};

/** Compares what is measured of a version with what was measured before it, as gates and reported points do. */
export function measureRegressions(runs: number): Regression[] {
  return [1_000, 2_000, 4_000, 8_000].map((n) => ({
    n,
    runs,
    none: called(n, { runs, slower: 1 }),
    tenPercent: called(n, { runs, slower: 1.1 }),
  }));
}

function called(n: number, { runs, slower }: { runs: number; slower: number }): number {
  let count = 0;
  for (let seed = 1; seed <= runs; seed += 1) {
    const stream = new Stream(traffic, 200_000 + seed);
    const measure = (): Timed[] =>
      Array.from({ length: n }, () => {
        const sample = stream.next();
        return { atMs: stream.atMs, sample };
      });
    const baseline = baselineOf(measure(), { risk: 0.01, everyMs });
    stream.failure = { name: 'slower', errors: healthyErrors, slower };
    const measured = measurementOf(measure().map(({ sample }) => sample));
    if (judgeDegradation(criterion, { measured, baseline }, 100).verdict !== 'proceed') count += 1;
  }
  return count;
}
