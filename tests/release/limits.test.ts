import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeLimited, type Limited, unjudged } from '../../src/release/limits.ts';

const score: Limited = {
  criterion: 'score of front',
  measure: 'score',
  unit: 'points',
  value: 87,
  n: 3,
  worse: 'below',
  limits: { consult: 90, rollBack: 50 },
  said: 'median of 3 runs, 84 to 91',
};

describe('FR-10 a value with limits', () => {
  it('asks below a score, and goes back below a lower one', () => {
    expect(judgeLimited(score)).toMatchObject({
      verdict: 'consult',
      limit: 90,
      explanation: 'score 87 points (median of 3 runs, 84 to 91) is below the limit of 90 points for asking',
    });
    expect(judgeLimited({ ...score, value: 49 })).toMatchObject({ verdict: 'roll back', limit: 50 });
    expect(judgeLimited({ ...score, value: 90 })).toMatchObject({
      verdict: 'proceed',
      explanation: expect.stringMatching(/is within the limit of 90 points$/),
    });
  });

  it('shows a number without a unit as it is', () => {
    const shift = {
      ...score,
      measure: 'cls',
      unit: '',
      value: 0.123456,
      worse: 'above',
      limits: { consult: 0.1 },
    } as const;
    expect(judgeLimited({ ...shift, said: 'one run' }).explanation).toBe(
      'cls 0.123 (one run) is above the limit of 0.1 for asking',
    );
  });

  it('is recorded only where it has no limit', () => {
    expect(judgeLimited({ ...score, limits: {} })).toMatchObject({ verdict: 'proceed', limit: null });
  });

  it('says both limits in the unit, the side they are on, and what the value rests on', () => {
    const plain = { ...score, said: undefined, worse: 'above', unit: 'ms' } as const;
    const { said: _, ...slow } = {
      ...plain,
      measure: 'lcp',
      value: 2_500.5,
      limits: { consult: 2_000, rollBack: 2_500 },
    };
    expect(judgeLimited({ ...slow, interval: { low: 2_400, high: 2_600 } })).toStrictEqual({
      criterion: 'score of front',
      value: 2_500.5,
      unit: 'ms',
      n: 3,
      interval: { low: 2_400, high: 2_600 },
      verdict: 'roll back',
      limit: 2_500,
      explanation: 'lcp 2500.5 ms is above the limit of 2500 ms for rolling back',
    });
    expect(judgeLimited({ ...slow, value: 2_500 })).toStrictEqual({
      criterion: 'score of front',
      value: 2_500,
      unit: 'ms',
      n: 3,
      verdict: 'consult',
      limit: 2_000,
      explanation: 'lcp 2500 ms is above the limit of 2000 ms for asking',
    });
    expect(judgeLimited({ ...slow, value: 2_000 }).verdict).toBe('proceed');
    expect(judgeLimited({ ...slow, limits: {}, value: 1 }).explanation).toBe('lcp 1 ms is recorded only');
    expect(judgeLimited({ ...slow, limits: { rollBack: 1 }, value: 1 })).toMatchObject({
      verdict: 'proceed',
      limit: 1,
    });
  });

  it('is neither good nor bad where it could not be measured', () => {
    expect(unjudged('score of front', 'points', 'no page answered')).toStrictEqual({
      criterion: 'score of front',
      verdict: 'unknown',
      value: null,
      unit: 'points',
      n: 0,
      limit: null,
      explanation: 'no page answered',
    });
  });

  it('never gets a better verdict for a worse value, on either side', () => {
    const order = ['proceed', 'consult', 'roll back'];
    const value = fc.integer({ min: 0, max: 200 });
    fc.assert(
      fc.property(
        value,
        value,
        value,
        value,
        fc.constantFrom('above' as const, 'below' as const),
        (a, b, c, d, worse) => {
          const sign = worse === 'above' ? 1 : -1;
          const [consult, rollBack] = [Math.min(c, d), Math.max(c, d)].map((limit) => limit * sign);
          const rankOf = (given: number): number =>
            order.indexOf(
              judgeLimited({ ...score, worse, limits: { consult, rollBack }, value: given * sign }).verdict,
            );
          expect(rankOf(Math.max(a, b))).toBeGreaterThanOrEqual(rankOf(Math.min(a, b)));
        },
      ),
    );
  });
});
