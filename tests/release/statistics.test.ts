import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measurementOf, percentile, type Sample } from '../../src/release/statistics.ts';

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
