import { describe, expect, test } from 'vitest';
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
