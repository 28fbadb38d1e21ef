import { describe, expect, test } from 'vitest';
import { openSustained, type Sustained, sustain } from '../../src/release/sustained.ts';

/** Above 2 % for 5 min, in parts of a minute with at least 100 requests. */
const condition: Sustained = { allowed: 0.02, forMs: 300_000, leastPerPart: 100 };

/** `n` requests every 10 s for each minute's share of bad ones; what was found, with the second it was found at. */
function found(minutes: readonly number[], { n = 50, startMs = 0 } = {}, state = openSustained()) {
  return minutes.flatMap((share, minute) =>
    [0, 10, 20, 30, 40, 50].flatMap((second) => {
      const atMs = startMs + minute * 60_000 + second * 1_000;
      const held = sustain(condition, state, { atMs, n, bad: n * share });
      return held === null ? [] : [{ atS: atMs / 1_000, ...held }];
    }),
  );
}

describe('a condition that has to hold for 5 minutes', () => {
  test('is found when they are over, with every request of them, and said once', () => {
    expect(found([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])).toEqual([{ atS: 300, sinceMs: 0, n: 1_500, bad: 150 }]);
  });

  test('is found again when it holds for another 5 minutes', () => {
    const shares = Array.from({ length: 11 }, () => 0.1);
    expect(found(shares).map(({ atS, sinceMs, n }) => [atS, sinceMs, n])).toEqual([
      [300, 0, 1_500],
      [600, 300_000, 1_500],
    ]);
  });

  test('does not hold in a minute at exactly what is allowed', () => {
    expect(found(Array.from({ length: 7 }, () => 0.02))).toEqual([]);
  });

  test('begins anew after a good minute, which is not counted', () => {
    const held = found([0.5, 0.5, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]);
    expect(held).toEqual([{ atS: 480, sinceMs: 180_000, n: 1_500, bad: 150 }]);
  });

  test('is broken by a minute with too few requests, and not by one with just enough', () => {
    const few = (n: number) => {
      const state = openSustained();
      const before = found([0.1, 0.1], {}, state);
      sustain(condition, state, { atMs: 120_000, n, bad: n });
      return [...before, ...found([0.1, 0.1, 0.1, 0.1], { startMs: 180_000 }, state)].length;
    };
    expect(few(99)).toBe(0);
    expect(few(100)).toBe(1);
  });

  test('is broken by a silence: nobody can say that it held', () => {
    const state = openSustained();
    found([0.1, 0.1, 0.1], {}, state);
    expect(found([0.1, 0.1], { startMs: 480_000 }, state)).toEqual([]);
    expect(found([0.1, 0.1, 0.1, 0.1], { startMs: 600_000 }, state)).toEqual([
      { atS: 780, sinceMs: 480_000, n: 1_500, bad: 150 },
    ]);
  });

  test('a silence of two minutes between two requests is none, a longer one is', () => {
    const heldAfter = (silenceMs: number) => {
      const state = openSustained();
      const ask = (atMs: number) => sustain(condition, state, { atMs, n: 200, bad: 100 });
      return [0, silenceMs, silenceMs + 60_000, silenceMs + 120_000, silenceMs + 180_000, silenceMs + 240_000].map(ask);
    };
    expect(heldAfter(120_000).findIndex((held) => held !== null)).toBe(4);
    expect(heldAfter(120_001).findIndex((held) => held !== null)).toBe(-1);
  });

  test('a silence after the last minute does not lengthen it', () => {
    const state = openSustained();
    found([0.1, 0.1, 0.1, 0.1], {}, state);
    expect(sustain(condition, state, { atMs: 3_600_000, n: 50, bad: 5 })).toBeNull();
  });
});
