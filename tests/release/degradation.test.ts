import { describe, expect, test } from 'vitest';
import { type Baseline, baselineOf, type Timed } from '../../src/release/baseline.ts';
import { judgeDegradation } from '../../src/release/degradation.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { measurementOf, type Sample } from '../../src/release/statistics.ts';
import { latencies, seeded } from './seeded.ts';

const n = 4_000;
const slower: PlannedCriterion = {
  name: 'p95',
  measure: 'p95',
  rollBackAbove: 50,
  consultAbove: 0,
  against: 'baseline',
};
const failing: PlannedCriterion = { ...slower, name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 0 };

function timed(samples: readonly Sample[]): Timed[] {
  return samples.map((sample, index) => ({ atMs: index * 100, sample }));
}

function baseline(samples: readonly Sample[]): Baseline {
  return baselineOf(timed(samples), { risk: 0.01, everyMs: 100 });
}

/** How many of 200 seeded pairs of runs are called a regression of p95, the second `factor` times slower. */
function called(factor: number): number {
  let count = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const time = latencies(seeded(seed), { median: 120, spread: 0.5 });
    const before = Array.from({ length: n }, time);
    const after = Array.from({ length: n }, () => time() * factor);
    const judged = judgeDegradation(slower, { measured: measurementOf(after), baseline: baseline(before) }, 100);
    if (judged.verdict !== 'proceed') count += 1;
  }
  return count;
}

describe('a comparison with the version before', () => {
  test('a p95 that is 10 % slower over 4,000 requests is called a regression, missed at most 5 times in 100', () => {
    expect(called(1.1)).toBeGreaterThanOrEqual(190);
  });

  test('none is called one, at most 5 times in 100', () => {
    expect(called(1)).toBeLessThanOrEqual(10);
  });

  test('two that differ by chance only are never a reason to go back, one twice as slow always is', () => {
    const time = latencies(seeded(5), { median: 120, spread: 0.5 });
    const before = baseline(Array.from({ length: n }, time));
    const verdictOf = (factor: number) =>
      judgeDegradation(
        slower,
        { measured: measurementOf(Array.from({ length: n }, () => time() * factor)), baseline: before },
        100,
      );
    expect(verdictOf(1.25).verdict).toBe('consult');
    const twice = verdictOf(2);
    expect(twice.verdict).toBe('roll back');
    expect(twice.explanation).toMatch(
      /^p95 changed by [\d.]+ % \([\d.]+ to [\d.]+\) since before the release, over 4000 samples, which is beyond doubt above the limit of 50/,
    );
    expect(twice.interval?.low).toBeGreaterThan(80);
    expect(twice.interval?.high).toBeLessThan(120);
  });

  test('more errors are told in percentage points', () => {
    const wrong = (share: number): Sample[] =>
      Array.from({ length: n }, (_, index) => (index % 100 < share ? null : 100));
    const before = baseline(wrong(1));
    const judged = (share: number) =>
      judgeDegradation(failing, { measured: measurementOf(wrong(share)), baseline: before }, 100);
    expect(judged(1).verdict).toBe('proceed');
    expect(judged(4)).toMatchObject({ verdict: 'consult', value: 3, limit: 0 });
    expect(judged(20)).toMatchObject({ verdict: 'roll back', value: 19, limit: 10 });
  });

  test('without a baseline, with too few samples or without an answer nothing is said', () => {
    const few = measurementOf([100, 100]);
    const known = baseline([100, 100, 100]);
    const dead = measurementOf(Array.from({ length: 200 }, () => null));
    const verdictOf = (measured: typeof few, before: Baseline | null, least: number) =>
      judgeDegradation(slower, { measured, baseline: before }, least);
    expect(verdictOf(few, null, 1).verdict).toBe('unknown');
    expect(verdictOf(few, known, 3).explanation).toBe(
      '2 samples and 3 before the release, 3 needed: could not be judged',
    );
    expect(verdictOf(dead, known, 3).verdict).toBe('unknown');
  });
});
