import { expect, it } from 'vitest';
import { arrived, percentOf, sustained } from '../../src/checks/cloudwatch/metric-series.ts';
import { comparisonOf, inWords, isBeyond } from '../../src/checks/comparison.ts';

const above80 = (value: number): boolean => value > 80;

it.each<[series: (number | null)[], periods: number, bad: boolean | 'unknown']>([
  [[90], 1, true],
  [[80], 1, false],
  [[10, 90, 95], 2, true],
  [[90, 95, 10], 2, false],
  [[90, 10, 95], 3, false],
  [[90, null, 95, 91], 4, true],
  [[null, null, null, 91], 4, 'unknown'],
  [[null, null, 85, 91], 4, true],
  [[null, null], 2, 'unknown'],
  [[], 1, 'unknown'],
])('says of %j over %i periods: %s', (series, periods, bad) => {
  expect(sustained(series, periods, above80)).toBe(bad);
});

it('waits for values that come late, and only so long', () => {
  expect(arrived([1, 2, null, null])).toEqual([1, 2]);
  expect(arrived([1, null, null, null])).toEqual([1, null]);
  expect(arrived([1, null, 3])).toEqual([1, null, 3]);
  expect(arrived([null, null])).toEqual([]);
});

it.each([
  [{ above: 5 }, 'above 5', [false, false, true]],
  [{ atLeast: 5 }, 'at least 5', [false, true, true]],
  [{ below: 5 }, 'below 5', [true, false, false]],
  [{ atMost: 5 }, 'at most 5', [true, true, false]],
])('%j is bad as it reads', (written, words, beyond) => {
  const comparison = comparisonOf(written);
  if (comparison === null) throw new Error('no comparison');
  expect(inWords(comparison)).toBe(words);
  expect([4, 5, 6].map((value) => isBeyond(value, comparison))).toEqual(beyond);
});

it('divides period by period, and not by nothing', () => {
  expect(percentOf([1, 5, null, 3, 4], [100, 50, 100, 0, null], { minimum: 20 })).toEqual([1, 10, null, null, null]);
});
