import { expect, test } from 'vitest';
import { type ChoiceId, type Decision, decide, type Situation } from '../../src/release/policy.ts';

type Without<T> = T extends unknown ? Omit<T, 'because'> : never;
type Outcome = Without<Decision>;
export type Row = [what: string, given: Situation, expected: Outcome];

export const stop: Outcome = { do: 'stop' };
export const proved = (...targets: string[]): Outcome => ({ do: 'prove-unchanged', targets });
export const restores = (procedure: 'code' | 'database' | 'full', ...targets: string[]): Outcome => ({
  do: 'restore',
  procedure,
  targets,
});
/** Silence waits and pages. */
export const asks = (...choices: ChoiceId[]): Outcome => ({ do: 'ask', choices, silence: null });
/** Silence leaves everything as it is and pages. */
export const asksOrStays = (...choices: ChoiceId[]): Outcome => ({ do: 'ask', choices, silence: 'stay' });

/** Each row is a test of the exact decision; that it says why is all that is asked of its words. */
export function decides(rows: Row[]): void {
  test.each(rows)('%s', (_, given, expected) => {
    const { because, ...decided } = decide(given);
    expect(decided).toEqual(expected);
    expect(because).not.toBe('');
  });
}
