import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../src/release/baseline.ts';
import { criteriaOf, judgeCriterion } from '../../src/release/criteria.ts';
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
