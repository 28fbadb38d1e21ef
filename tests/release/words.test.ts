import { describe, expect, test } from 'vitest';
import { waysToAnswer, whoAnswers } from '../../src/release/answering.ts';
import { endings } from '../../src/release/endings.ts';
import { type Level, prove } from '../../src/release/fingerprint.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { judge, type Measurement, worst } from '../../src/release/verdict.ts';
import { gate, going } from '../report/releases.ts';

describe('every ending is told in words of its own', () => {
  test('which people and reports quote', () => {
    const means = Object.fromEntries(Object.entries(endings).map(([outcome, ending]) => [outcome, ending.means]));
    expect(means).toEqual({
      stopped: 'nothing was changed',
      rejected: 'a decider said no; nothing was changed',
      expired: 'nobody decided in time; nothing was changed',
      superseded: 'another release took its place',
      aborted: 'a person stopped it',
      released: 'the version is live',
      'released-by-decision': 'the version is live although something failed, by a decision of a named person',
      'rolled-back': 'everything that had to go back is back',
      'partly-rolled-back': 'some targets went back, the named others stay',
      abandoned: 'a person gave up the way back; the environment is dirty',
    });
  });
});

describe('a judgement explains itself', () => {
  const measured: Measurement = { n: 20, errors: 3, p50: 10, p95: 300, p99: 900 };
  const asked = (more: Partial<PlannedCriterion>): PlannedCriterion => {
    return { name: 'limit', measure: 'p95', rollBackAbove: null, consultAbove: null, ...more };
  };
  test.each<[Partial<PlannedCriterion>, string, number | null, string]>([
    [{}, 'ms', null, 'p95 300 ms over 20 samples is recorded only'],
    [{ consultAbove: 400 }, 'ms', 400, 'p95 300 ms over 20 samples is within the limit of 400 ms'],
    [{ rollBackAbove: 500 }, 'ms', 500, 'p95 300 ms over 20 samples is within the limit of 500 ms'],
    [{ consultAbove: 400, rollBackAbove: 500 }, 'ms', 400, 'p95 300 ms over 20 samples is within the limit of 400 ms'],
    [{ consultAbove: 200 }, 'ms', 200, 'p95 300 ms over 20 samples is above the limit of 200 ms for asking'],
    [
      { measure: 'errors', rollBackAbove: 1 },
      '%',
      1,
      'errors 3 % (0.36 to 20.78) over 20 samples is above the limit of 1 % for rolling back',
    ],
  ])('%j', (more, unit, limit, explanation) => {
    expect(judge(asked(more), measured, 20)).toMatchObject({ unit, limit, explanation });
  });

  test('too few samples say how many were needed', () => {
    expect(judge(asked({}), measured, 21).explanation).toBe('20 samples, 21 needed: could not be judged');
  });

  test('of nothing is that all may go on', () => {
    expect(worst([])).toBe('proceed');
  });
});

describe('a proof is as strong as its weakest part', () => {
  const order: Level[] = ['content', 'served', 'digest', 'version', 'sampled', 'counts', 'declared', 'nothing'];
  const at = (...levels: Level[]) => {
    const parts = levels.map((level, index) => ({ name: `${index}`, level, value: 'v' }));
    const fingerprint = { takenAt: '2026-03-07T02:00:00.000Z', parts };
    return prove(fingerprint, fingerprint).level;
  };
  test('whichever comes first', () => {
    for (const [index, weaker] of order.entries()) {
      for (const stronger of order.slice(0, index)) {
        expect([at(stronger, weaker), at(weaker, stronger)]).toEqual([weaker, weaker]);
      }
    }
  });
  test('structure accompanies data and is judged where it is all there is', () => {
    expect([at('structure', 'content'), at('structure'), at()]).toEqual(['content', 'structure', 'unproved']);
  });
});

describe('who answers, and how', () => {
  test.each([
    [{}, 'deployment-lead, product-owner; not deployment-lead, who asked for the release'],
    [{ barred: null }, 'deployment-lead, product-owner'],
    [{ barred: null, needs: 2 }, 'deployment-lead, product-owner, 2 needed'],
    [{ barred: null, deciders: [] }, 'anybody'],
  ])('%j', (more, words) => {
    expect(whoAnswers({ ...gate, ...more })).toBe(words);
  });

  const command = (more: object, status = going()): string[] =>
    waysToAnswer(status, { ...gate, ...more }).map((way) => way.command);

  test('without a digest none is named, and without deciders anybody is', () => {
    const approve = command({ digest: null, deciders: [], barred: null }, { ...going(), digest: null })[0];
    expect(approve).toBe('savepoint approve release/shop/production --by PERSON');
  });

  test('the digest of the question counts before that of the release', () => {
    const digests = [
      command({ digest: 'question', barred: null }, { ...going(), digest: 'release' })[0],
      command({ digest: null, barred: null }, { ...going(), digest: 'release' })[0],
    ];
    expect(digests.map((each) => each?.split('--digest ')[1])).toEqual(['question', 'release']);
  });

  test('a go/no-go with another choice, and a failure with a choice called approve, are decided by name', () => {
    const other = [{ id: 'later', label: 'Later', needsReason: false }];
    expect(command({ choices: other, barred: null })[0]).toMatch(/^savepoint decide later /);
    const named = ['approve', 'reject'].map((id) => ({ id, label: id, needsReason: false }));
    const ways = command({ kind: 'failure', choices: named, barred: null });
    expect(ways.map((each) => each.split(' ').slice(0, 3).join(' '))).toEqual([
      'savepoint decide approve',
      'savepoint decide reject',
    ]);
    expect(ways[0]).not.toContain('--reason');
  });
});
