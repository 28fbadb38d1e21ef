import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newcombe, rankAbove, ranksAround, shareAtMost, wilson } from '../../src/release/intervals.ts';

const counted = fc
  .integer({ min: 1, max: 5_000 })
  .chain((n) => fc.record({ n: fc.constant(n), bad: fc.integer({ min: 0, max: n }) }));

const truths = fc.constantFrom(0.001, 0.01, 0.05, 0.3, 0.5, 0.95);
const risks = fc.constantFrom(0.2, 0.01, 0.001);

/** The probability of at most `most` in `n`, added up. */
function atMostSo(most: number, n: number, share: number): number {
  if (most >= n) return 1;
  let log = n * Math.log(1 - share);
  let sum = 0;
  for (let count = 0; count <= most; count += 1) {
    sum += Math.exp(log);
    log += Math.log(((n - count) / (count + 1)) * (share / (1 - share)));
  }
  return sum;
}

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

  test('the truth is above what it is at most no more often than was asked for, and not far from as often', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), truths, risks, (n, truth, risk) => {
        let most = -1;
        while (most < n && shareAtMost(most + 1, n, risk) < truth) most += 1;
        expect(atMostSo(most, n, truth)).toBeLessThanOrEqual(risk);
        expect(atMostSo(most + 2, n, truth)).toBeGreaterThan(risk / 2);
      }),
      { numRuns: 100 },
    );
  });

  test('the value at the rank above a quantile is below it no more often than was asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), truths, risks, (n, share, risk) => {
        const rank = Math.ceil(rankAbove(share, n, risk) * n);
        // Where even the highest value says too little, the highest it is.
        if (rank >= n) return;
        expect(1 - atMostSo(rank - 1, n, share)).toBeLessThanOrEqual(risk + 1e-9);
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
