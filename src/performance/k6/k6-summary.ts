import type { Json } from '../../release/json.ts';
import type { Measurement } from '../../release/verdict.ts';

/** What a summary of k6 says. `crossed`: thresholds of the script, by metric; `thresholds`: how many there are. */
export type Summary = {
  measured: Measurement | null;
  dropped: number;
  iterations: number;
  thresholds: number;
  crossed: string[];
};

type Metrics = { [name: string]: Json };

/**
 * Reads a file of `k6 run --summary-export`. Times are those of `http_req_duration`: from sending to the end of the answer,
 * without connecting, wrong answers included. Null for what is no such file.
 */
export function readSummary(text: string): Summary | null {
  const metrics = metricsOf(text);
  if (metrics === null) return null;
  const judged = thresholdsOf(metrics);
  return {
    measured: measurementOf(metrics),
    dropped: numberIn(metrics, 'dropped_iterations', 'count') ?? 0,
    iterations: numberIn(metrics, 'iterations', 'count') ?? 0,
    thresholds: judged.length,
    crossed: judged.filter(({ isCrossed }) => isCrossed).map(({ name }) => name),
  };
}

function metricsOf(text: string): Metrics | null {
  try {
    const { metrics } = mapping(JSON.parse(text) as Json);
    return metrics === undefined ? null : mapping(metrics);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function mapping(value: Json | undefined): Metrics {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** Null where the script sent no HTTP request. Of the rate `http_req_failed`, `value` is the share that failed. */
function measurementOf(metrics: Metrics): Measurement | null {
  const n = numberIn(metrics, 'http_reqs', 'count') ?? 0;
  if (n === 0) return null;
  const time = (name: string): number | null => numberIn(metrics, 'http_req_duration', name);
  const failed = numberIn(metrics, 'http_req_failed', 'value');
  return { n, errors: (failed ?? 0) * 100, p50: time('p(50)'), p95: time('p(95)'), p99: time('p(99)') };
}

function numberIn(metrics: Metrics, metric: string, field: string): number | null {
  const value = mapping(metrics[metric])[field];
  return typeof value === 'number' ? value : null;
}

/** In this file `true` says that a threshold was crossed (k6, js/summary-wrapper.js), unlike in `handleSummary`. */
function thresholdsOf(metrics: Metrics): { name: string; isCrossed: boolean }[] {
  return Object.entries(metrics).flatMap(([metric, value]) =>
    Object.entries(mapping(mapping(value).thresholds)).map(([threshold, crossed]) => ({
      name: `${metric} ${threshold}`,
      isCrossed: crossed === true,
    })),
  );
}
