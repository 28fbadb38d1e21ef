import type { PlannedCriterion } from './plan.ts';
import { type Judgement, judge, type Measurement } from './verdict.ts';

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
    p50: percentile(latencies, 50),
    p95: percentile(latencies, 95),
    p99: percentile(latencies, 99),
  };
}

/**
 * How many of the newest samples are judged on their own while a watch runs: enough that one stray error does not
 * exceed a usual limit, few enough that an outage stands out at once after hours of health.
 */
export function recentWindow(minimumSamples: number): number {
  return Math.max(60, minimumSamples);
}

/** The first criterion by which the newest samples already call for going back, or null. */
export function alarmOf(
  criteria: readonly PlannedCriterion[],
  recent: readonly Sample[],
  minimumSamples: number,
): Judgement | null {
  if (recent.length < Math.max(1, minimumSamples)) return null;
  const measured = measurementOf(recent);
  const judgements = criteria.map((criterion) => judge(criterion, measured, minimumSamples));
  return judgements.find(({ verdict }) => verdict === 'roll back') ?? null;
}
