/** One value for each period, oldest first; null: nothing was measured in it. */
export type Series = readonly (number | null)[];

/** Values may arrive this many periods late: a load balancer writes every 60 s, and CloudWatch takes them in later still. */
export const latePeriods = 2;

/** The periods that can be judged: without the newest ones while their values have not arrived. */
export function arrived(series: Series): Series {
  let end = series.length;
  while (end > 0 && series.length - end < latePeriods && series[end - 1] === null) end -= 1;
  return series.slice(0, end);
}

/**
 * Was every one of the newest `periods` bad? One good period says no. Without a good one, half of the periods must
 * have a value; with fewer nobody knows.
 */
export function sustained(series: Series, periods: number, isBad: (value: number) => boolean): boolean | 'unknown' {
  const measured = series.slice(-periods).filter((value) => value !== null);
  if (measured.some((value) => !isBad(value))) return false;
  return measured.length * 2 >= periods && measured.length > 0 ? true : 'unknown';
}

/** Per cent of another series, period by period; null where that one is missing or below `minimum`. */
export function percentOf(parts: Series, wholes: Series, { minimum }: { minimum: number }): Series {
  return parts.map((part, index) => {
    const whole = wholes[index] ?? null;
    return part === null || whole === null || whole < minimum ? null : (part / whole) * 100;
  });
}
