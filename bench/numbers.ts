import { build } from 'hdr-histogram-js';

export type Percentiles = { n: number; p50: number; p99: number; max: number };

/** Values in any unit, kept to three digits after the point. */
const scale = 1000;

export function percentiles(values: readonly number[]): Percentiles {
  const histogram = build({ numberOfSignificantValueDigits: 4, autoResize: true });
  for (const value of values) histogram.recordValue(Math.round(value * scale));
  const at = (percent: number): number => histogram.getValueAtPercentile(percent) / scale;
  return { n: values.length, p50: at(50), p99: at(99), max: histogram.maxValue / scale };
}

export function median(values: readonly number[]): number {
  return percentiles(values).p50;
}
