import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { incompatiblePairs, isChanged } from '../../src/release/compatibility.ts';
import { restoredBy as broughtBack, type Decision, decide, safeChoices } from '../../src/release/policy.ts';
import { anySituation } from './situations.ts';

describe('in every situation of every plan', () => {
  const restoredBy = (decided: Decision): string[] | null => {
    if (decided.do === 'restore') return decided.targets;
    return decided.do === 'prove-unchanged' ? [] : null;
  };

  test('no decision leaves a pair running that the plan does not declare compatible', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const restored = restoredBy(decide(given));
        if (restored !== null) expect(incompatiblePairs(given.targets, restored)).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  test('no choice that is offered does, nor does silence', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        for (const choice of safeChoices(given)) {
          if (choice === 'retry') continue;
          expect(incompatiblePairs(given.targets, broughtBack(choice, given.targets))).toEqual([]);
        }
        const decided = decide(given);
        if (decided.do === 'ask') {
          expect(decided.choices).toEqual(safeChoices(given));
          expect(decided.choices.length).toBeGreaterThan(0);
          if (decided.silence !== null) expect(decided.choices).toContain('stay');
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('staying after a failed change is safe whichever version is left of it', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const { activity, target } = given.step;
        if (target === null || !['migrate', 'seed', 'deploy'].includes(activity)) return;
        if (safeChoices(given).includes('stay')) expect(incompatiblePairs(given.targets, [target])).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  test('nothing is restored that was not changed, and nothing twice', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const decided = decide(given);
        if (decided.do !== 'restore') return;
        const changed = given.targets.filter(isChanged).map(({ name }) => name);
        expect(changed).toEqual(expect.arrayContaining(decided.targets));
        expect(new Set(decided.targets).size).toBe(decided.targets.length);
        expect(decided.targets.length).toBeGreaterThan(0);
      }),
      { numRuns: 5_000 },
    );
  });

  test('a database goes back by itself only where it is known that nothing is lost', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const decided = decide(given);
        if (decided.do !== 'restore') return;
        const data = given.targets.filter(({ name, stores }) => stores && decided.targets.includes(name));
        expect(decided.procedure === 'code').toBe(data.length === 0);
        if (data.length > 0) expect(given.heldSinceSavepoint || given.loss === 0).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('what was only asked about, or could not be measured, never goes back by itself', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        if (given.cause === 'failed') return;
        const decided = decide(given);
        const answered = given.targets.some(({ name, standing }) => name === given.step.target && standing === 'equal');
        if (decided.do === 'restore') expect(answered && given.cause === 'unknown').toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('silence never does more than leave everything as it is', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const decided = decide(given);
        if (decided.do === 'ask') expect([null, 'stay']).toContain(decided.silence);
      }),
    );
  });
});
