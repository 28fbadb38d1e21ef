import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newcombe, rankAbove, ranksAround, shareAtMost, wilson } from '../../src/release/intervals.ts';

const counted = fc
  .integer({ min: 1, max: 5_000 })
  .chain((n) => fc.record({ n: fc.constant(n), bad: fc.integer({ min: 0, max: n }) }));

describe('how sure a share is', () => {
  test.each([
    // Newcombe 1998, tables I and II.
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (bad, n, low, high) => {
    expect(wilson(bad, n).low).toBeCloseTo(low, 4);
    expect(wilson(bad, n).high).toBeCloseTo(high, 4);
  });

  test('a difference is as in the table of the one who found it', () => {
    // Newcombe 1998, interval estimation for the difference: 56/70 against 48/80.
    const { low, high } = newcombe({ bad: 48, n: 80 }, { bad: 56, n: 70 });
    expect(low).toBeCloseTo(0.0524, 4);
    expect(high).toBeCloseTo(0.3339, 4);
  });

  test('it holds what was seen, narrows with more requests, and of nothing everything is possible', () => {
    fc.assert(
      fc.property(counted, ({ bad, n }) => {
        const { low, high } = wilson(bad, n);
        const more = wilson(bad * 10, n * 10);
        expect(low).toBeLessThanOrEqual(bad / n);
        expect(high).toBeGreaterThanOrEqual(bad / n);
        expect(more.high - more.low).toBeLessThan(high - low);
      }),
    );
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });

  test('what it is at most lies above what was seen, and higher the surer one wants to be', () => {
    fc.assert(
      fc.property(counted, fc.double({ min: 1e-6, max: 0.4, noNaN: true }), ({ bad, n }, risk) => {
        const atMost = shareAtMost(bad, n, risk);
        expect(atMost).toBeGreaterThanOrEqual(bad / n);
        expect(atMost).toBeLessThanOrEqual(1);
        expect(shareAtMost(bad, n, risk / 10)).toBeGreaterThanOrEqual(atMost);
        // The rule of three, which Chernoff's bound keeps exactly: nothing seen in n.
        if (bad === 0) expect(atMost).toBeCloseTo(1 - risk ** (1 / n), 6);
      }),
    );
  });

  test('ranks around a quantile hold it, and the one above lies above', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom(0.5, 0.95, 0.99), (n, share) => {
        const { low, high } = ranksAround(share, n);
        expect(low).toBeLessThan(share);
        expect(high).toBeGreaterThan(share);
        expect(rankAbove(share, n, 0.001)).toBeGreaterThan(share);
      }),
    );
  });
});
