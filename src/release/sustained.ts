/**
 * A condition that has to hold for a while without a break: "p95 above 800 ms for 5 min". The time is cut into five parts;
 * in each of them the share of bad requests has to be above what is allowed. A part with too few requests breaks it:
 * nobody can say that it held.
 */
export type Sustained = { allowed: number; forMs: number; leastPerPart: number };

/** JSON. `n` and `bad`: requests since `sinceMs`, null while it does not hold. Epoch milliseconds. */
export type SustainedState = {
  sinceMs: number | null;
  n: number;
  bad: number;
  part: { atMs: number; n: number; bad: number };
};

const parts = 5;

export function openSustained(): SustainedState {
  return { sinceMs: null, n: 0, bad: 0, part: { atMs: 0, n: 0, bad: 0 } };
}

/** Takes in requests and changes `state`. What it returns has held for `forMs`; it is said once, then it starts anew. */
export function sustain(
  condition: Sustained,
  state: SustainedState,
  seen: { atMs: number; n: number; bad: number },
): { sinceMs: number; n: number; bad: number } | null {
  const lengthMs = condition.forMs / parts;
  const found = state.part.n > 0 && seen.atMs >= state.part.atMs + lengthMs ? closePart(condition, state, seen) : null;
  const { part } = state;
  if (part.n === 0) part.atMs = seen.atMs;
  part.n += seen.n;
  part.bad += seen.bad;
  return found;
}

function closePart(condition: Sustained, state: SustainedState, { atMs }: { atMs: number }) {
  const { allowed, forMs, leastPerPart } = condition;
  const { part } = state;
  const holds = part.n >= leastPerPart && part.bad > allowed * part.n;
  state.part = { atMs: 0, n: 0, bad: 0 };
  if (!holds) {
    Object.assign(state, { sinceMs: null, n: 0, bad: 0 });
    return null;
  }
  state.sinceMs ??= part.atMs;
  state.n += part.n;
  state.bad += part.bad;
  // A silence longer than two parts is nothing that held.
  const endMs = Math.min(atMs, part.atMs + forMs / parts);
  const gap = atMs - part.atMs > (2 * forMs) / parts;
  const { sinceMs, n, bad } = state;
  const isLong = endMs - sinceMs >= forMs;
  if (isLong || gap) Object.assign(state, { sinceMs: null, n: 0, bad: 0 });
  return isLong ? { sinceMs, n, bad } : null;
}
