import { expect, test } from 'vitest';
import { attemptsPerCall, baseOf } from '../../src/release/fence.ts';

test('all attempts of a call have one base, and the next call has another', () => {
  const first = 7 * attemptsPerCall;
  expect([first, first + 1, first + attemptsPerCall - 1].map(baseOf)).toEqual([7, 7, 7]);
  expect(baseOf(first + attemptsPerCall)).toBe(8);
});
