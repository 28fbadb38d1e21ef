import { describe, expect, test } from 'vitest';
import { type BurstState, learn, lengthNeeded, openBursts } from '../../src/release/bursts.ts';
import { seeded } from './seeded.ts';

/** Ten requests a second from `fromS` to `untilS`. */
function send(state: BurstState, fromS: number, untilS: number, isBad: (request: number) => boolean): void {
  for (let request = fromS * 10; request < untilS * 10; request += 1) {
    learn(state, { atMs: request * 100, isBad: isBad(request) });
  }
}

describe('how long bursts last, learned in the watch', () => {
  test('a burst that was over for a minute is known, and blocks of twice its length hold the next one', () => {
    const state = openBursts();
    send(state, 0, 100, () => false);
    send(state, 100, 104, (request) => request % 2 === 0);
    send(state, 104, 160, () => false);
    expect(lengthNeeded(state)).toBe(0);
    send(state, 160, 170, () => false);
    expect(lengthNeeded(state)).toBe(2 * 3_800);
    // A shorter one later changes nothing.
    send(state, 170, 171, () => true);
    send(state, 171, 300, () => false);
    expect(lengthNeeded(state)).toBe(2 * 3_800);
  });

  test('a bad release is not learned: it does not go away', () => {
    const random = seeded(3);
    for (const share of [0.05, 0.2, 0.5, 1]) {
      const state = openBursts();
      send(state, 0, 100, () => false);
      send(state, 100, 1_000, () => random() < share);
      expect(lengthNeeded(state), `${share}`).toBe(0);
    }
  });

  test('single errors teach nothing about bursts', () => {
    const state = openBursts();
    send(state, 0, 10_000, (request) => request % 1_000 === 0);
    expect(lengthNeeded(state)).toBe(0);
  });

  test('an outage that went by does not make the watch wait for minutes', () => {
    const state = openBursts();
    send(state, 1, 1_000, () => true);
    send(state, 1_000, 1_100, () => false);
    expect(lengthNeeded(state)).toBe(60_000);
  });

  test('errors up to a second apart, and failures with nothing between them, are one burst', () => {
    const longest = (requests: readonly (readonly [second: number, isBad: boolean])[]): number => {
      const state = openBursts();
      for (const [second, isBad] of requests) learn(state, { atMs: second * 1_000, isBad });
      return state.longestMs;
    };
    const calm = [[300, false]] as const;
    expect(longest([[10, true], [10.5, false], [11, true], ...calm])).toBe(1_000);
    expect(longest([[10, true], [10.5, false], [11.1, true], ...calm])).toBe(0);
    // One request every five seconds, and none of them good.
    expect(longest([[10, true], [15, true], [20, true], ...calm])).toBe(10_000);
    // The first request of a watch begins one, however late it is.
    expect(
      longest([
        [3_000, true],
        [3_001, true],
        [3_100, false],
      ]),
    ).toBe(1_000);
    expect(longest([[0.5, true], [0.9, true], ...calm])).toBe(400);
  });

  test('a burst is over after exactly a minute without an error', () => {
    const state = openBursts();
    for (const second of [10, 11]) learn(state, { atMs: second * 1_000, isBad: true });
    learn(state, { atMs: 70_999, isBad: false });
    expect(state.longestMs).toBe(0);
    learn(state, { atMs: 71_000, isBad: false });
    expect(state.longestMs).toBe(1_000);
  });
});
