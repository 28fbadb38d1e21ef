import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { alarmOf, measurementOf, percentile, recentWindow, type Sample } from '../../src/release/statistics.ts';

const sample: fc.Arbitrary<Sample> = fc.option(fc.double({ min: 0, max: 60_000, noNaN: true }), { nil: null, freq: 4 });
const samples = fc.array(sample, { maxLength: 200 });

describe('percentiles', () => {
  test('enough values lie at or below, and it is one of the values', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const sorted = [...values].sort((a, b) => a - b);
        const found = percentile(sorted, percent) ?? Number.NaN;
        expect(sorted).toContain(found);
        expect(sorted.filter((value) => value <= found).length / sorted.length).toBeGreaterThanOrEqual(percent / 100);
      }),
    );
  });

  test('of nothing are nothing', () => {
    expect(percentile([], 95)).toBeNull();
  });
});

describe('a measurement', () => {
  test('counts every sample and times only those that were answered', () => {
    fc.assert(
      fc.property(samples, (given) => {
        const { n, errors, p50, p95, p99 } = measurementOf(given);
        const wrong = given.filter((one) => one === null).length;
        expect(n).toBe(given.length);
        expect(errors).toBeCloseTo(n === 0 ? 0 : (wrong / n) * 100, 9);
        if (wrong === n) expect([p50, p95, p99]).toEqual([null, null, null]);
        else expect(Number(p50) <= Number(p95) && Number(p95) <= Number(p99)).toBe(true);
      }),
    );
  });
});

describe('the alarm', () => {
  const errors: PlannedCriterion = { name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 1 };

  test('never rings below the minimum, nor for what only asks', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 100 }), (given, least) => {
        const alarm = alarmOf([errors], given, least);
        if (given.length < least) expect(alarm).toBeNull();
        if (alarm !== null) expect(alarm.verdict).toBe('roll back');
        expect(alarmOf([{ ...errors, rollBackAbove: null }], given, least)).toBeNull();
      }),
    );
  });

  test('one stray error in a window does not exceed a limit of 10 %; an outage does after seven', () => {
    const window = recentWindow(20);
    const healthy: Sample[] = Array.from({ length: window }, () => 12);
    const withErrors = (wrong: number): Sample[] => [
      ...healthy.slice(wrong),
      ...Array.from({ length: wrong }, () => null),
    ];
    expect(alarmOf([errors], withErrors(1), 20)).toBeNull();
    expect(alarmOf([errors], withErrors(6), 20)).toBeNull();
    expect(alarmOf([errors], withErrors(7), 20)).toMatchObject({
      criterion: 'errors',
      verdict: 'roll back',
      n: window,
    });
  });
});
