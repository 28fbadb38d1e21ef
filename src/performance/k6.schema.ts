import { z } from 'zod';
import { baselineLimits, criteriaFields } from '../plan/schema/criteria.schema.ts';
import { duration, url } from '../plan/words.schema.ts';

/** A first cut, to be replaced by its owner. */
export const k6Schema = z.strictObject({
  url: url.describe('Address that is asked'),
  duration: duration.default(60_000).describe('How long it lasts, default 1m'),
  ...criteriaFields,
  baseline: baselineLimits,
});

export type K6Spec = z.output<typeof k6Schema>;

/** Longest time that it takes, in milliseconds. */
export function k6LongestMs({ duration }: K6Spec): number {
  return duration + 60_000;
}
