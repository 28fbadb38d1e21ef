/**
 * JSON. What the watch itself has seen of bursts: the newest run of errors, and the longest that was over for good.
 * `fails`: the newest request failed.
 */
export type BurstState = { fails: boolean; sinceMs: number; lastMs: number | null; longestMs: number };

/** Errors nearer than this belong to one burst. */
const gapMs = 1_000;

/** More than this is not taken for a burst, whatever went by. */
const mostMs = 60_000;

/** A burst that was followed by so long without any error was one; a bad release does not go away. */
const overMs = 60_000;

export function openBursts(): BurstState {
  return { fails: false, sinceMs: 0, lastMs: null, longestMs: 0 };
}

/** Takes in one request and changes `state`. Learns how long bursts last, never how many errors are in order. */
export function learn(state: BurstState, { atMs, isBad }: { atMs: number; isBad: boolean }): void {
  if (state.lastMs !== null && atMs - state.lastMs >= overMs) {
    state.longestMs = Math.max(state.longestMs, state.lastMs - state.sinceMs);
    state.lastMs = null;
  }
  if (isBad) {
    const goesOn = state.lastMs !== null && (state.fails || atMs - state.lastMs <= gapMs);
    if (!goesOn) state.sinceMs = atMs;
    state.lastMs = atMs;
  }
  state.fails = isBad;
}

/** Blocks of this length hold the bursts that were seen so far. */
export function lengthNeeded({ longestMs }: BurstState): number {
  return Math.min(mostMs, 2 * longestMs);
}
