/**
 * When to look again at something that takes long. All times in milliseconds.
 *
 * - `elapsedMs`: since it began · `expectedMs`: how long it takes as a rule, null when not known
 * - `percent`: what it says of its own progress, 0 to 100, null when it says nothing
 * - `denseMs`: pause while the end may be near
 */
export type Pace = { elapsedMs: number; expectedMs: number | null; percent: number | null; denseMs: number };

const longestMs = 5 * 60_000;
/** Share of what is thought to be left that is slept through: progress is rarely even. */
const trusted = 0.6;
/** Without any estimate the pause grows with the time that has passed, by this share. */
const growth = 0.05;

/**
 * Sleeps long while the end is far and looks often when it may be near; behind its expected end it looks less and less
 * often again. Stock waiters ask at one fixed pause and give up (botocore waiters: RDS 30 s for 30 min, ECS 15 s for 10 min).
 */
export function lookAgainMs({ elapsedMs, expectedMs, percent, denseMs }: Pace): number {
  const left = leftMs({ elapsedMs, expectedMs, percent });
  const pause = left === null || left <= 0 ? elapsedMs * growth : left * trusted;
  return Math.round(Math.min(Math.max(pause, denseMs), longestMs));
}

/** Its own progress, where it has some, knows better than the past. */
function leftMs({ elapsedMs, expectedMs, percent }: Omit<Pace, 'denseMs'>): number | null {
  if (percent !== null && percent >= 10 && percent < 100) return (elapsedMs / percent) * (100 - percent);
  return expectedMs === null ? null : expectedMs - elapsedMs;
}
