import { describe, expect, test } from 'vitest';
import { safeChoices } from '../../src/release/policy.ts';
import { stagesOf } from '../../src/release/procedure.ts';
import { type Rules, realRules } from './engine.ts';
import { runSeed } from './simulate.ts';

const given = Number(process.env.SEED ?? Number.NaN);
const seeds = Number(process.env.SEEDS ?? 1000);

/** Everything that went wrong in the runs of these seeds. */
function findings(from: number, count: number, rules: Rules = realRules): string[] {
  return Array.from({ length: count }, (_, index) => runSeed(from + index, rules)).filter((found) => found !== null);
}

describe('releases with crashes, lost answers, halts and decisions at random, by the pure rules', () => {
  const [from, count] = Number.isNaN(given) ? [1, seeds] : [given, 1];
  test(`${count} seeds from ${from} keep every promise`, () => {
    expect(findings(from, count).slice(0, 3).join('\n\n')).toBe('');
  }, 120_000);

  test('a seed gives the same run again', () => {
    const broken: Rules = { ...realRules, maySkip: () => true };
    const bad = Array.from({ length: 3000 }, (_, seed) => seed).find((seed) => runSeed(seed, broken) !== null);
    expect(runSeed(bad ?? -1, broken)).toBe(runSeed(bad ?? -1, broken));
    expect(runSeed(bad ?? -1, broken)).toContain(`seed ${bad}`);
  });
});

/** Looks through seeds until a breach of that kind is found, and returns its lines. */
function caught(rules: Partial<Rules>, breach: RegExp): string {
  for (let seed = 1; seed <= 6000; seed += 1) {
    const found = runSeed(seed, { ...realRules, ...rules });
    if (found !== null && breach.test(found)) return found;
  }
  return 'nothing was noticed';
}

describe('the simulation notices when', () => {
  const planted: [what: string, rules: Partial<Rules>, breach: RegExp][] = [
    [
      'the way back goes in the reverse order',
      {
        stagesOf: (way) =>
          stagesOf(way)
            .map((stage) => ({ ...stage, after: [], behind: [] }))
            .reverse(),
      },
      /BREACH (incompatible pair|data-\d is exchanged while users write)/,
    ],
    [
      'stages do not wait for those before them',
      { stagesOf: (way) => stagesOf(way).map((stage) => ({ ...stage, after: [], behind: [] })) },
      /BREACH (incompatible pair|data-\d is exchanged while users write)/,
    ],
    [
      'writers are not held for the restore of a database',
      {
        stagesOf: (way) =>
          stagesOf(way)
            .filter((stage) => stage.do !== 'hold')
            .map((stage) => ({ ...stage, holds: [], after: stage.after.filter((id) => !id.startsWith('hold')) })),
      },
      /BREACH data-\d is exchanged while users write/,
    ],
    [
      'writers are not let in again',
      {
        stagesOf: (way) =>
          stagesOf(way).filter((stage) => stage.do !== 'resume' && !stage.after.some((id) => id.startsWith('resume'))),
      },
      /BREACH held at the end/,
    ],
    [
      'the undo is registered after the change',
      { registersFirst: false },
      /BREACH .*(no undo is registered|and changed)/,
    ],
    [
      'a choice is offered that leaves an incompatible pair',
      {
        safeChoices: (situation) => [...new Set([...safeChoices(situation), 'restore-code' as const, 'stay' as const])],
      },
      /BREACH incompatible pair/,
    ],
    [
      'a person is asked and offered an unsafe choice',
      {
        decide: (situation) => {
          const decision = realRules.decide(situation);
          return decision.do === 'ask' ? { ...decision, choices: ['restore-code', 'stay'] } : decision;
        },
      },
      /BREACH incompatible pair/,
    ],
    ['anything may be skipped', { maySkip: () => true }, /BREACH incompatible pair/],
    [
      'a database goes back by itself whatever is lost',
      { decide: (situation) => realRules.decide({ ...situation, heldSinceSavepoint: true }) },
      /BREACH loss: \d+ rows/,
    ],
    [
      'nothing is measured before databases are exchanged',
      { stagesOf: ({ measured: _, ...way }) => stagesOf(way) },
      /BREACH loss: \d+ rows/,
    ],
    [
      'only code goes back, whatever the schema',
      {
        decide: (situation) => {
          const decision = realRules.decide(situation);
          if (decision.do !== 'restore') return decision;
          const code = decision.targets.filter((name) => name.startsWith('code'));
          return { ...decision, targets: code };
        },
      },
      /BREACH incompatible pair/,
    ],
    ['a repeated call acts twice', { namesEffects: false }, /BREACH twice/],
    ['a halt does not wait for the running change', { waitsForCalls: false }, /BREACH overlap/],
    [
      'a database that the way back holds counts as held since before its savepoint',
      { remembersWriters: false },
      /BREACH loss: \d+ rows/,
    ],
    [
      'a hold counts although a call that lets it go has begun',
      { trustsHolds: true },
      /BREACH (data-\d is exchanged|incompatible pair)/,
    ],
  ];
  test.each(planted)(
    '%s',
    (_, rules, breach) => {
      expect(caught(rules, breach)).toMatch(breach);
    },
    120_000,
  );
});
