import { type Comparison, isBeyond } from '../comparison.ts';
import type { PrometheusSpec } from './prometheus.schema.ts';
import type { PromSeries, Told } from './prometheus-api.ts';

/**
 * One series that is there now; its value, or null where it is no number. `past`: its value at each moment of the
 * longest `for`, the newest last, null where there is none.
 */
export type Row = { labels: Record<string, string>; now: number | null; past: (number | null)[] };

/** The longest `for`, and the time between the moments that are looked at in it. Milliseconds; 0 without a `for`. */
export function lookingBack({ fails, warns, step }: PrometheusSpec): { longest: number; step: number } {
  const longest = Math.max(fails?.for ?? 0, warns?.for ?? 0);
  return { longest, step: step ?? Math.ceil(Math.max(longest / 1000, Math.min(15_000, longest / 4))) };
}

/** Moments that are `step` apart and cover `forMs`, its beginning and its end included. */
export function momentsIn(forMs: number, step: number): number {
  return forMs === 0 ? 0 : Math.ceil(forMs / step) + 1;
}

/** A moment that is looked back at. Times in epoch milliseconds. */
type Grid = { endMs: number; step: number; moments: number };

/** Series that are gone are not judged. `past`: what the query answered at the moments of the grid. */
export function rowsOf(now: Told, past: Told, grid: Grid): Row[] {
  const before = new Map(past.series.map((series) => [keyOf(series), series.points]));
  return now.series.map((series) => {
    const value = series.points.at(-1)?.value ?? null;
    const values: Row['past'] = Array.from({ length: grid.moments }, () => null);
    for (const point of before.get(keyOf(series)) ?? []) {
      const index = grid.moments - 1 - Math.round((grid.endMs - point.atMs) / grid.step);
      if (index >= 0 && index < grid.moments) values[index] = point.value;
    }
    if (grid.moments > 0) values[grid.moments - 1] ??= value;
    return { labels: series.labels, now: value, past: values };
  });
}

function keyOf({ labels }: PromSeries): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Rule = Pick<PrometheusSpec, 'absent'> & { than: Comparison; forMs: number; step: number };

/** Is it bad, at every moment of `forMs`? One good moment says no; without one, a moment that nobody measured says `unknown`. */
export function isBad({ now, past }: Row, { than, forMs, step, absent }: Rule): boolean | 'unknown' {
  const values = forMs === 0 ? [now] : past.slice(-momentsIn(forMs, step));
  const moments = values.map((value) => {
    if (value !== null) return isBeyond(value, than);
    return absent === 'pending' ? 'unknown' : absent === 'fail';
  });
  if (moments.includes(false)) return false;
  return moments.includes('unknown') ? 'unknown' : true;
}

/** Those without a number come last. */
export function worstFirst(rows: readonly Row[], { word }: Comparison): Row[] {
  const sign = word === 'above' || word === 'atLeast' ? -1 : 1;
  const rank = ({ now }: Row): number => (now === null ? Number.POSITIVE_INFINITY : sign * now);
  return rows.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}
