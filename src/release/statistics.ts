import { type Interval, ranksAround } from './intervals.ts';
import type { Measurement } from './verdict.ts';

/** One measured request: its latency in milliseconds, or null when the answer was wrong or missing. */
export type Sample = number | null;

/** Smallest of `sorted` that at least `percent` per cent of them do not exceed (nearest rank); null without values. */
export function percentile(sorted: readonly number[], percent: number): number | null {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? null;
}

/** Share of wrong answers in per cent, 0 of nothing. */
export function errorRate(wrong: number, n: number): number {
  return n === 0 ? 0 : (wrong / n) * 100;
}

/** Exact numbers over a few samples; long series go through a histogram. */
export function measurementOf(samples: readonly Sample[]): Measurement {
  const latencies = samples.filter((sample) => sample !== null).sort((a, b) => a - b);
  return {
    n: samples.length,
    errors: errorRate(samples.length - latencies.length, samples.length),
    ...percentilesOf(latencies.length, (percent) => percentile(latencies, percent)),
  };
}

type Percentiles = Pick<Measurement, 'p50' | 'p95' | 'p99' | 'ranges'>;

/** The percentiles of `n` answers and where the true ones lie; `at`: the value at a percentage of the sorted answers. */
export function percentilesOf(n: number, at: (percent: number) => number | null): Percentiles {
  if (n === 0) return { p50: null, p95: null, p99: null };
  const around = (percent: number): Interval => {
    const { low, high } = ranksAround(percent / 100, n);
    return { low: at(low * 100) ?? 0, high: at(high * 100) ?? 0 };
  };
  return { p50: at(50), p95: at(95), p99: at(99), ranges: { p50: around(50), p95: around(95), p99: around(99) } };
}
