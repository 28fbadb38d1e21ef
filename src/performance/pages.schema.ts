import { z } from 'zod';
import { baselineLimits, criteriaFields } from '../plan/schema/criteria.schema.ts';
import { duration, url } from '../plan/words.schema.ts';

/** A first cut, to be replaced by its owner. */
export const pagesSchema = z.strictObject({
  url: url.describe('Address that is asked'),
  duration: duration.default(60_000).describe('How long it lasts, default 1m'),
  ...criteriaFields,
  baseline: baselineLimits,
});

export type PagesSpec = z.output<typeof pagesSchema>;

/** Longest time that it takes, in milliseconds. */
export function pagesLongestMs({ duration }: PagesSpec): number {
  return duration + 60_000;
}
