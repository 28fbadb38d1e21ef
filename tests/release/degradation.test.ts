import { describe, expect, test } from 'vitest';
import type { Baseline } from '../../src/release/baseline.ts';
import { judgeDegradation } from '../../src/release/degradation.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { measurementOf, type Sample } from '../../src/release/statistics.ts';
import { latencies, seeded } from './seeded.ts';
import { baseline } from './streams.ts';

const n = 4_000;
const slower: PlannedCriterion = {
  name: 'p95',
  measure: 'p95',
  rollBackAbove: 50,
  consultAbove: 0,
  against: 'baseline',
};
const failing: PlannedCriterion = { ...slower, name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 0 };

describe('a comparison with the version before', () => {
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
