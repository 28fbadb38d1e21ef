import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Handling } from '../../src/release/plan.ts';
import { entrusted } from '../../src/release/trust.ts';
import type { Judgement, Verdict } from '../../src/release/verdict.ts';

function judged(verdict: Verdict): Judgement {
  return { criterion: 'p95', verdict, value: 900, unit: 'ms', n: 500, limit: 800, explanation: 'p95 is high' };
}

const verdicts: Verdict[] = ['proceed', 'unknown', 'consult', 'roll back'];

describe('what a criterion is trusted with', () => {
  test('left out, or `auto`, changes nothing', () => {
    for (const verdict of verdicts) {
      expect(entrusted(judged(verdict), {})).toStrictEqual(judged(verdict));
      expect(entrusted(judged(verdict), { trust: 'auto' })).toStrictEqual(judged(verdict));
    }
  });

  test('`ask` lets it ask at most', () => {
    const asking = verdicts.map((verdict) => entrusted(judged(verdict), { trust: 'ask' }));
    expect(asking.slice(0, 3)).toStrictEqual([judged('proceed'), judged('unknown'), judged('consult')]);
    expect(asking[3]).toStrictEqual({ ...judged('roll back'), verdict: 'consult', withheld: 'roll back' });
  });

  test('`observe` only records, and says what the measurement called for', () => {
    const observed = verdicts.map((verdict) => entrusted(judged(verdict), { trust: 'observe' }));
    expect(observed).toStrictEqual([
      judged('proceed'),
      judged('unknown'),
      { ...judged('consult'), verdict: 'proceed', withheld: 'consult' },
      { ...judged('roll back'), verdict: 'proceed', withheld: 'roll back' },
    ]);
  });

  test('what only advises never acts, and advises only where there is something to advise', () => {
    const advised = verdicts.map((verdict) => entrusted(judged(verdict), { advise: 'add an instance' }));
    expect(advised).toStrictEqual([
      judged('proceed'),
      judged('unknown'),
      { ...judged('consult'), verdict: 'proceed', withheld: 'consult', advice: 'add an instance' },
      { ...judged('roll back'), verdict: 'proceed', withheld: 'roll back', advice: 'add an instance' },
    ]);
  });

  test('MB-09 MB-10 priority and checklist go with it, whatever it says', () => {
    const marks = { priority: 'P1', incident: 'outage' } as const;
    for (const verdict of verdicts)
      expect(entrusted(judged(verdict), marks)).toStrictEqual({ ...judged(verdict), ...marks });
  });
});

describe('whatever was measured, and however little it is trusted', () => {
  /** How far a verdict goes by itself. */
  const acts = ({ verdict }: Judgement) => ['proceed', 'consult', 'roll back'].indexOf(verdict);
  const judgement = fc.record({
    criterion: fc.constant('p95'),
    verdict: fc.constantFrom(...verdicts),
    value: fc.option(fc.nat(), { nil: null }),
    unit: fc.constantFrom('ms' as const, '%' as const),
    n: fc.nat(),
    limit: fc.option(fc.nat(), { nil: null }),
    explanation: fc.string(),
  });
  const trust = fc.constantFrom<NonNullable<Handling['trust']>[]>('observe', 'ask', 'auto');
  const handling = fc.record(
    { trust, priority: fc.constantFrom('P1', 'P2', 'P3'), incident: fc.string(), advise: fc.string() },
    { requiredKeys: [] },
  );

  test('less trust never acts more, and advice never acts', () => {
    fc.assert(
      fc.property(judgement, handling, (judged, { trust: _, ...rest }) => {
        const [observed, asked, automatic] = (['observe', 'ask', 'auto'] as const).map((given) =>
          acts(entrusted(judged, { ...rest, trust: given })),
        );
        expect(observed).toBeLessThanOrEqual(0);
        expect(asked).toBeGreaterThanOrEqual(observed ?? 0);
        expect(asked).toBeLessThanOrEqual(Math.min(1, automatic ?? 0));
        expect(automatic).toBe('advise' in rest ? Math.min(0, acts(judged)) : acts(judged));
      }),
    );
  });

  test('what is withheld is what the measurement called for, and is there only where it was not followed', () => {
    fc.assert(
      fc.property(judgement, handling, (judged, given) => {
        const { verdict, withheld, advice, priority, incident, ...rest } = entrusted(judged, given);
        expect(withheld ?? verdict).toBe(judged.verdict);
        expect(withheld === undefined).toBe(verdict === judged.verdict);
        expect(advice).toBe(withheld === undefined ? undefined : given.advise);
        expect([priority, incident]).toEqual([given.priority, given.incident]);
        expect({ ...rest, verdict: judged.verdict }).toStrictEqual({ ...judged });
      }),
    );
  });
});
