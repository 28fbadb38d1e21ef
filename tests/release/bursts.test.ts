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
});
