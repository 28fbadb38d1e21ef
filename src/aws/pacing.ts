/**
 * When to look again at something that takes long. All times in milliseconds.
 *
 * - `elapsedMs`: since it began · `past`: how long it took before, in any order, empty when not known
 * - `percent`: what it says of its own progress, 0 to 100, null when it says nothing
 * - `denseMs`: pause while the end may be near
 */
export type Pace = { elapsedMs: number; past: readonly number[]; percent: number | null; denseMs: number };

const longestMs = 5 * 60_000;
/** Share of what its own progress leaves that is slept through: progress is rarely even. */
const trusted = 0.7;
/** It may be done this much sooner than it ever was; the more is known of the past, the less. */
const soonest = { known: 0.93, hardlyKnown: 0.9 };
/** From then on it is not near its end any more: it takes longer than it ever did. */
const latest = 1.25;
/** Without any estimate the pause grows with the time that has passed, by this share. */
const growth = 0.05;

/**
 * Sleeps long while the end is far and looks often when it may be near; behind its expected end it looks less and less
 * often again. Stock waiters ask at one fixed pause and give up (botocore waiters: RDS 30 s for 30 min, ECS 15 s for 10 min).
 */
export function lookAgainMs(pace: Pace): number {
  return Math.round(Math.min(Math.max(pauseMs(pace), pace.denseMs), longestMs));
}

function pauseMs({ elapsedMs, past, percent, denseMs }: Pace): number {
  // Whole numbers: it may be nearly one per cent further than it says.
  if (percent !== null && percent >= 1) return (elapsedMs / (percent + 1)) * Math.max(0, 99 - percent) * trusted;
  if (past.length === 0) return elapsedMs * growth;
  const near = Math.min(...past) * (past.length < 3 ? soonest.hardlyKnown : soonest.known);
  if (elapsedMs < near) return near - elapsedMs;
  return elapsedMs < Math.max(...past) * latest ? denseMs : elapsedMs * growth;
}
