import { describe, expect, test } from 'vitest';
import { endings, exitCodes } from '../../src/release/endings.ts';
import type { Outcome } from '../../src/release/status.ts';

/** Scripts and alarms rely on each of these. */
const expected: Record<Outcome, [workflow: 'completed' | 'failed', exitCode: number]> = {
  abandoned: ['failed', 4],
  'partly-rolled-back': ['completed', 4],
  aborted: ['completed', 6],
  stopped: ['completed', 3],
  rejected: ['completed', 3],
  expired: ['completed', 3],
  superseded: ['completed', 3],
  'rolled-back': ['completed', 3],
  released: ['completed', 0],
  'released-by-decision': ['completed', 0],
};

describe('how a release ends', () => {
  test.each(Object.entries(expected))('%s: workflow and exit code %j', (outcome, [workflow, exitCode]) => {
    expect(endings[outcome as Outcome]).toMatchObject({ workflow, exitCode });
  });

  test('every ending is in the table and says what it means', () => {
    expect(Object.keys(endings).sort()).toEqual(Object.keys(expected).sort());
    const meanings = Object.values(endings).map(({ means }) => means);
    expect(new Set(meanings).size).toBe(meanings.length);
  });

  test('a red workflow always means that a person is needed', () => {
    for (const { workflow, exitCode } of Object.values(endings)) {
      if (workflow === 'failed') expect(exitCode).toBe(exitCodes.personNeeded);
    }
  });

  test('the exit codes are 0 to 7, each with one meaning', () => {
    expect(exitCodes).toEqual({
      released: 0,
      unexpected: 1,
      usage: 2,
      wentBack: 3,
      personNeeded: 4,
      stillRunning: 5,
      aborted: 6,
      unreachable: 7,
    });
  });
});
