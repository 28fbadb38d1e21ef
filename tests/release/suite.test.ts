import { describe, expect, test } from 'vitest';
import type { CheckResult, CheckStatus } from '../../src/release/check.ts';
import { byGroup, countsOf, isMissed, isOpen, standingOf, statuses } from '../../src/release/suite.ts';

function result(status: CheckStatus, more: Partial<CheckResult> = {}): CheckResult {
  return {
    name: 'health',
    kind: 'http',
    critical: true,
    durationMs: 1,
    tries: 1,
    status,
    evidence: 'what it saw',
    ...more,
  } as CheckResult;
}

const attested = { attested: { by: 'Ada', at: '2026-01-02T03:04:05Z' } };
const optional = { critical: false };

describe('what a suite says about going live (SB-01)', () => {
  test('one FAIL blocks, whoever else is content and whether or not it is required', () => {
    expect(standingOf([result('PASS'), result('FAIL'), result('PASS')])).toBe('blocked');
    expect(standingOf([result('PASS'), result('FAIL', optional)])).toBe('blocked');
    expect(standingOf([result('PENDING'), result('FAIL')])).toBe('blocked');
  });

  test('a required check that nobody could ask leaves it open until a named person attests it', () => {
    expect(standingOf([result('PASS'), result('PENDING')])).toBe('open');
    expect(standingOf([result('PASS'), result('PENDING', attested)])).toBe('ready');
    expect(standingOf([result('PASS'), result('PENDING', optional)])).toBe('ready');
  });

  test('nothing bad is ready, also with a warning and without any check', () => {
    expect(standingOf([result('PASS'), result('WARN')])).toBe('ready');
    expect(standingOf([])).toBe('ready');
  });

  test('what needs a check is not asked where it failed or nobody knows', () => {
    const missed = [result('FAIL'), result('FAIL', attested), result('PENDING'), result('PENDING', optional)];
    const known = [result('PASS'), result('WARN'), result('PENDING', attested)];
    expect(missed.map(isMissed)).toEqual([true, true, true, true]);
    expect(known.map(isMissed)).toEqual([false, false, false]);
  });

  test('open is only what is required, pending and not attested', () => {
    const all = [result('PENDING'), result('PENDING', optional), result('PENDING', attested), result('FAIL')];
    expect(all.map(isOpen)).toEqual([true, false, false, false]);
  });
});

describe('how a suite is shown', () => {
  test('every status is counted, those that never came up as well', () => {
    expect(countsOf([result('PASS'), result('FAIL'), result('PASS')])).toEqual({
      PASS: 2,
      WARN: 0,
      FAIL: 1,
      PENDING: 0,
    });
    expect(statuses).toEqual(['PASS', 'WARN', 'FAIL', 'PENDING']);
  });

  test('results stand by group in order of appearance, those of no group together', () => {
    const results = [
      result('PASS', { name: 'a', group: 'database' }),
      result('PASS', { name: 'b' }),
      result('PASS', { name: 'c', group: 'api' }),
      result('PASS', { name: 'd', group: 'database' }),
      result('PASS', { name: 'e' }),
    ];
    expect(byGroup(results).map(({ group, results: own }) => [group, own.map(({ name }) => name)])).toEqual([
      ['database', ['a', 'd']],
      [null, ['b', 'e']],
      ['api', ['c']],
    ]);
    expect(byGroup([])).toEqual([]);
  });
});
