import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Measure, PlannedCriterion } from '../../src/release/plan.ts';
import { judge, type Measurement, type Verdict, worst } from '../../src/release/verdict.ts';

const measures: Measure[] = ['errors', 'p50', 'p95', 'p99'];
const limit = fc.option(fc.double({ min: 0, max: 10_000, noNaN: true }), { nil: null });
const criterion: fc.Arbitrary<PlannedCriterion> = fc.record({
  name: fc.string(),
  measure: fc.constantFrom(...measures),
  rollBackAbove: limit,
  consultAbove: limit,
});
const time = fc.option(fc.double({ min: 0, max: 20_000, noNaN: true }), { nil: null });
const measurement: fc.Arbitrary<Measurement> = fc.record({
  n: fc.nat({ max: 1_000 }),
  errors: fc.double({ min: 0, max: 100, noNaN: true }),
  p50: time,
  p95: time,
  p99: time,
});
const minimum = fc.nat({ max: 200 });

const severity: Verdict[] = ['proceed', 'consult', 'unknown', 'roll back'];

describe('judging', () => {
  test('too few samples, or nothing to measure, is always unknown and never good or bad', () => {
    fc.assert(
      fc.property(criterion, measurement, minimum, (asked, measured, least) => {
        const blind = measured.n < Math.max(1, least) || measured[asked.measure] === null;
        const judged = judge(asked, measured, least);
        expect(judged.verdict === 'unknown').toBe(blind);
        expect(judged.explanation).toMatch(blind ? /could not be judged/ : /over \d+ samples is/);
      }),
    );
  });

  test('it rolls back exactly when the value is above the limit for it', () => {
    fc.assert(
      fc.property(criterion, measurement, (asked, measured) => {
        const value = measured[asked.measure];
        fc.pre(measured.n > 0 && value !== null);
        const above = asked.rollBackAbove !== null && value > asked.rollBackAbove;
        const judged = judge(asked, measured, 0);
        expect(judged.verdict === 'roll back').toBe(above);
        if (above) expect(judged.limit).toBe(asked.rollBackAbove);
      }),
    );
  });

  test('a worse value never gets a better verdict', () => {
    fc.assert(
      fc.property(criterion, measurement, fc.double({ min: 0, max: 1_000, noNaN: true }), (asked, measured, more) => {
        const value = measured[asked.measure];
        fc.pre(measured.n > 0 && value !== null);
        const worse = { ...measured, [asked.measure]: value + more };
        const rank = (one: Measurement) => severity.indexOf(judge(asked, one, 1).verdict);
        expect(rank(worse)).toBeGreaterThanOrEqual(rank(measured));
      }),
    );
  });

  test('without a limit a value is recorded only', () => {
    fc.assert(
      fc.property(criterion, measurement, (asked, measured) => {
        fc.pre(measured.n > 0 && measured[asked.measure] !== null);
        const judged = judge({ ...asked, rollBackAbove: null, consultAbove: null }, measured, 1);
        expect(judged).toMatchObject({ verdict: 'proceed', limit: null });
      }),
    );
  });

  test('a value at its limit is within it', () => {
    const asked: PlannedCriterion = { name: 'p95', measure: 'p95', rollBackAbove: 400, consultAbove: 200 };
    const at = (p95: number) => judge(asked, { n: 20, errors: 0, p50: 1, p95, p99: 1 }, 20);
    expect([200, 200.01, 400, 400.01].map((p95) => at(p95).verdict)).toEqual([
      'proceed',
      'consult',
      'consult',
      'roll back',
    ]);
    expect(at(400.014).explanation).toBe('p95 400.01 ms over 20 samples is above the limit of 400 ms for rolling back');
  });

  test('a service that answers nothing has no times, and says so', () => {
    const asked: PlannedCriterion = { name: 'p95', measure: 'p95', rollBackAbove: 400, consultAbove: null };
    const dead: Measurement = { n: 30, errors: 100, p50: null, p95: null, p99: null };
    expect(judge(asked, dead, 20)).toMatchObject({
      verdict: 'unknown',
      explanation: 'none of 30 requests was answered as expected: p95 could not be judged',
    });
  });
});

describe('the worst of several verdicts', () => {
  const verdicts = fc.array(fc.constantFrom(...severity));

  test('is the most severe; not knowing outweighs everything but going back', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        const ranks = given.map((verdict) => severity.indexOf(verdict));
        expect(severity.indexOf(worst(given))).toBe(Math.max(0, ...ranks));
      }),
    );
  });

  test('does not depend on order or repetition', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        expect(worst([...given].reverse())).toBe(worst(given));
        expect(worst([...given, ...given])).toBe(worst(given));
      }),
    );
  });
});
