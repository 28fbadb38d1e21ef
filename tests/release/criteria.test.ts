import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../src/release/baseline.ts';
import { criteriaOf, judgeCriterion, measures } from '../../src/release/criteria.ts';
import { estimatesOf } from '../../src/release/degradation.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { measurementOf } from '../../src/release/statistics.ts';

const limit: PlannedCriterion = { name: 'p95', measure: 'p95', rollBackAbove: 400, consultAbove: null };
const against: PlannedCriterion = { ...limit, rollBackAbove: 50, consultAbove: 25, against: 'baseline' };

describe('limits as a plan has them', () => {
  test('become criteria in the order of the measures, those against the version before last', () => {
    const written = {
      p95: { consult: 300, rollBack: 800 },
      errors: { rollBack: 2 },
      baseline: { p95: { consult: 25 }, p50: { rollBack: 50 } },
    };
    expect(criteriaOf(written, ' of checkout')).toEqual([
      { name: 'errors of checkout', measure: 'errors', rollBackAbove: 2, consultAbove: null },
      { name: 'p95 of checkout', measure: 'p95', rollBackAbove: 800, consultAbove: 300 },
      {
        name: 'p50 of checkout against before',
        measure: 'p50',
        rollBackAbove: 50,
        consultAbove: null,
        against: 'baseline',
      },
      {
        name: 'p95 of checkout against before',
        measure: 'p95',
        rollBackAbove: null,
        consultAbove: 25,
        against: 'baseline',
      },
    ]);
  });

  test('no limit is no criterion', () => {
    expect(criteriaOf({}, '')).toEqual([]);
    expect(criteriaOf({ p50: undefined, baseline: undefined }, '')).toEqual([]);
  });
});

describe('judging a criterion', () => {
  const times = Array.from({ length: 2_000 }, (_, index) => 100 + (index % 100));
  const slow = measurementOf(times.map((time) => time * 2));
  const before = baselineOf(
    times.map((sample, index) => ({ atMs: index * 100, sample })),
    { risk: 0.01, everyMs: 100 },
  );

  test('looks at the value alone where it has a limit of its own', () => {
    expect(judgeCriterion(limit, { measured: slow, before }, 100)).toMatchObject({ verdict: 'proceed', unit: 'ms' });
    const tight = { ...limit, rollBackAbove: 200 };
    expect(judgeCriterion(tight, { measured: slow, before: null }, 100)).toMatchObject({ verdict: 'roll back' });
  });

  test('compares where it says so, and knows nothing without the version before', () => {
    expect(judgeCriterion(against, { measured: slow, before }, 100)).toMatchObject({ verdict: 'roll back', unit: '%' });
    expect(judgeCriterion(against, { measured: slow, before: null }, 100)).toMatchObject({ verdict: 'unknown' });
    expect(judgeCriterion(against, { measured: slow, before }, 5_000)).toMatchObject({ verdict: 'unknown' });
  });

  test('a criterion that is trusted with less does less', () => {
    const watched: PlannedCriterion = { ...limit, rollBackAbove: 200, trust: 'observe' };
    expect(judgeCriterion(watched, { measured: slow, before }, 100)).toMatchObject({
      verdict: 'proceed',
      withheld: 'roll back',
    });
  });
});

describe('any limits and any measurement', () => {
  const number = fc.integer({ min: 0, max: 500 });
  const bands = fc.record({ consult: number, rollBack: number }, { requiredKeys: [] });
  const limits = fc.record({ errors: bands, p50: bands, p95: bands, p99: bands }, { requiredKeys: [] });
  const written = fc.record({ own: limits, baseline: fc.option(limits, { nil: undefined }) });
  const measured = fc
    .array(fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: null, freq: 20 }), { minLength: 20, maxLength: 60 })
    .map(measurementOf);
  const before = fc.option(measured.map(estimatesOf), { nil: null });

  test('each limit becomes one criterion with a name of its own, and nothing else does', () => {
    fc.assert(
      fc.property(written, fc.constantFrom('', ' of checkout'), ({ own, baseline }, suffix) => {
        const criteria = criteriaOf({ ...own, baseline }, suffix);
        expect(new Set(criteria.map(({ name }) => name)).size).toBe(criteria.length);
        for (const [limited, kind] of [[own, undefined] as const, [baseline ?? {}, 'baseline'] as const]) {
          const found = criteria.filter(({ against }) => against === kind);
          expect(found.map(({ measure }) => measure)).toEqual(measures.filter((measure) => measure in limited));
          for (const { measure, rollBackAbove, consultAbove, name } of found) {
            const { rollBack = null, consult = null } = limited[measure] ?? {};
            expect([rollBackAbove, consultAbove]).toEqual([rollBack, consult]);
            expect(name.startsWith(`${measure}${suffix}`)).toBe(true);
          }
        }
      }),
    );
  });

  test('only what has a limit for it goes back or asks, and too few samples never do', () => {
    fc.assert(
      fc.property(written, measured, before, fc.nat(80), ({ own, baseline }, now, then, least) => {
        for (const criterion of criteriaOf({ ...own, baseline }, '')) {
          const { verdict } = judgeCriterion(criterion, { measured: now, before: then }, least);
          if (verdict === 'roll back') expect(criterion.rollBackAbove).not.toBeNull();
          if (verdict === 'consult') expect(criterion.consultAbove).not.toBeNull();
          if (now.n < least || (criterion.against === 'baseline' && then === null)) expect(verdict).toBe('unknown');
        }
      }),
    );
  });

  test('one that is trusted with less never acts more, and says what was called for, compared or not', () => {
    const acts = ['proceed', 'unknown', 'consult', 'roll back'];
    fc.assert(
      fc.property(written, measured, before, ({ own, baseline }, now, then) => {
        for (const criterion of criteriaOf({ ...own, baseline }, '')) {
          const judged = (trust: NonNullable<PlannedCriterion['trust']>) =>
            judgeCriterion({ ...criterion, trust }, { measured: now, before: then }, 1);
          const { verdict } = judged('auto');
          for (const each of [judged('ask'), judged('observe')]) {
            expect(acts.indexOf(each.verdict)).toBeLessThanOrEqual(acts.indexOf(verdict));
            expect(each.withheld ?? each.verdict).toBe(verdict);
          }
          expect(judged('ask').verdict).not.toBe('roll back');
          expect(['proceed', 'unknown']).toContain(judged('observe').verdict);
        }
      }),
    );
  });
});
