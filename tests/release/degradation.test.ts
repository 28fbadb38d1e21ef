import { describe, expect, test } from 'vitest';
import type { Baseline } from '../../src/release/baseline.ts';
import { type Estimates, estimatesOf, judgeDegradation } from '../../src/release/degradation.ts';
import { wilson } from '../../src/release/intervals.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { measurementOf, type Sample } from '../../src/release/statistics.ts';
import type { Measurement } from '../../src/release/verdict.ts';
import { latencies, seeded } from './seeded.ts';
import { baseline, slower } from './streams.ts';

const n = 4_000;
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

  describe('in words', () => {
    const p95 = (value: number, low: number, high: number) => ({ value, interval: { low, high } });
    const before = { n: 500, errors: p95(1, 0.5, 1.5), p50: null, p95: p95(100, 100, 100), p99: null };
    const seen = (value: number, more: Partial<Measurement> = {}): Measurement => {
      const ranges = { p95: { low: value, high: value } };
      return { n: 500, errors: 2, p50: null, p95: value, p99: null, ranges, ...more };
    };
    const said = (value: number, limits: Partial<PlannedCriterion> = {}) =>
      judgeDegradation({ ...slower, consultAbove: 20, ...limits }, { measured: seen(value), baseline: before }, 500);

    test('each band names its limit; one that is just reached is not exceeded', () => {
      const told = 'since before the release, over 500 samples, which is';
      expect(said(151)).toEqual({
        criterion: 'p95',
        verdict: 'roll back',
        value: 51,
        unit: '%',
        n: 500,
        limit: 50,
        interval: { low: 51, high: 51 },
        explanation: `p95 changed by 51 % (51 to 51) ${told} beyond doubt above the limit of 50 for rolling back`,
      });
      expect(said(121)).toMatchObject({
        verdict: 'consult',
        limit: 20,
        explanation: `p95 changed by 21 % (21 to 21) ${told} beyond doubt above the limit of 20 for asking`,
      });
      expect(said(110)).toMatchObject({
        verdict: 'proceed',
        limit: 20,
        explanation: `p95 changed by 10 % (10 to 10) ${told} not beyond doubt above the limit of 20`,
      });
      const none = { rollBackAbove: null, consultAbove: null };
      expect(said(151, none)).toMatchObject({ verdict: 'proceed', limit: null });
      expect(said(151, none).explanation).toMatch(/which is recorded only$/);
      expect(said(100, { consultAbove: 0 }).verdict).toBe('proceed');
      expect(said(100, { consultAbove: null, rollBackAbove: 0 })).toMatchObject({ verdict: 'proceed', limit: 0 });
    });

    test('errors are told in percentage points, with the distances of both intervals', () => {
      const measured = seen(100, { errors: 5 });
      const { low, high } = wilson(25, 500);
      const judged = judgeDegradation(failing, { measured, baseline: before }, 500);
      expect(judged.value).toBe(4);
      expect(judged.interval?.low).toBeCloseTo(4 - Math.hypot(5 - 100 * low, 0.5), 2);
      expect(judged.interval?.high).toBeCloseTo(4 + Math.hypot(100 * high - 5, 0.5), 2);
      expect(judged.explanation).toMatch(/^errors changed by 4 percentage points \(/);
    });

    test('what cannot be compared is unknown, and says why', () => {
      const why = (measured: Measurement, known: Estimates | null, least = 1) => {
        const { verdict, explanation } = judgeDegradation(slower, { measured, baseline: known }, least);
        expect(verdict).toBe('unknown');
        return explanation;
      };
      expect(why(seen(100), null)).toBe('nothing was measured before the release: could not be judged');
      expect(why(seen(100), before, 501)).toMatch(/^500 samples and 500 before the release, 501 needed/);
      expect(why(seen(100), { ...before, n: 499 }, 500)).toMatch(/^500 samples and 499 before/);
      expect(why(seen(100, { n: 499 }), before, 500)).toMatch(/^499 samples and 500 before/);
      const nothing = 'p95 has no value to compare: could not be judged';
      expect(why(seen(100), { ...before, p95: null })).toBe(nothing);
      expect(why(seen(100, { p95: null }), before)).toBe(nothing);
      // A time of nothing has no multiple.
      expect(why(seen(100), { ...before, p95: p95(0, 0, 1) })).toBe(nothing);
      expect(why(seen(0), before)).toBe(nothing);
    });
  });

  test('numbers without times are estimates as well, as far as they go', () => {
    const measured = measurementOf([...Array.from({ length: 199 }, (_, index) => 100 + index), null]);
    const estimates = estimatesOf(measured);
    expect(estimates).toMatchObject({ n: 200, errors: { value: 0.5 }, p50: { value: measured.p50 } });
    const { low, high } = wilson(1, 200);
    expect(estimates.errors.interval.low).toBe(Math.round(10_000 * low) / 100);
    expect(estimates.errors.interval.high).toBe(Math.round(10_000 * high) / 100);
    expect(estimates.p95?.interval.low).toBeLessThanOrEqual(measured.p95 ?? 0);
    expect(estimates.p99?.interval.high).toBeGreaterThanOrEqual(measured.p99 ?? 0);
    expect(estimatesOf(measurementOf([null, null])).p95).toBeNull();
    expect(estimatesOf({ n: 0, errors: 0, p50: 10, p95: null, p99: null })).toMatchObject({
      errors: { value: 0, interval: { low: 0, high: 100 } },
      p50: null,
    });
  });
});
