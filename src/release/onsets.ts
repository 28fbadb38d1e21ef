/**
 * Where errors come in bursts, nobody knows from an hour how long a burst may last, but everybody knows when one begins:
 * a failed request after quiet. So time is cut into cells, and a bet on a cell is made only where the cell before it held
 * no error: a burst is one event, however many requests fail in it. A spell of errors that goes on longer than bursts do
 * counts as another one, so that an outage is found too.
 */

/** `usual`: requests in a cell before the release. A busier cell counts less, as it has more chances to hold an error. */
export type Grounds = { cellMs: number; spellMs: number; usual: number };

/** JSON. The open cell; `spellSinceMs`: when the errors of the cell before began, null where it held none. */
export type CellState = { atMs: number; n: number; bad: number; spellSinceMs: number | null };

/** What a cell that a bet was on held: `bad` is 0, or at most 1. Requests of one moment count by themselves. */
export type Cell = { atMs: number; n: 1; bad: number };

/** A spell is not called long before, whatever is known of bursts. */
export const leastSpellMs = 5_000;

export function openCells(): CellState {
  return { atMs: 0, n: 0, bad: 0, spellSinceMs: null };
}

/**
 * Takes in requests and changes `state`; returns the cell that they ended, if a bet was on it. `burstMs`: bursts were seen
 * that call for spells of this length.
 */
export function gather(
  grounds: Grounds,
  state: CellState,
  seen: { atMs: number; n: number; bad: number; burstMs?: number },
): Cell | null {
  const isOver = state.n > 0 && seen.atMs >= state.atMs + grounds.cellMs;
  const ended = isOver ? endCell(grounds, state, seen.burstMs ?? 0) : null;
  if (state.n === 0) state.atMs = seen.atMs;
  state.n += seen.n;
  state.bad += seen.bad;
  return ended;
}

function endCell({ spellMs, usual }: Grounds, state: CellState, burstMs: number): Cell | null {
  const { atMs, n, bad, spellSinceMs } = state;
  const isFresh = spellSinceMs === null || atMs - spellSinceMs >= Math.max(spellMs, burstMs);
  const sinceMs = isFresh ? atMs : spellSinceMs;
  Object.assign(state, { n: 0, bad: 0, spellSinceMs: bad > 0 ? sinceMs : null });
  return isFresh ? { atMs, n: 1, bad: bad === 0 ? 0 : Math.min(1, usual / n) } : null;
}
