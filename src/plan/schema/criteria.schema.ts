import { z } from 'zod';
import { duration, percentage } from '../words.schema.ts';

function limits<Limit extends typeof duration | typeof percentage>(limit: Limit, what: string) {
  return z
    .strictObject({
      consult: limit.optional().describe('Above it a person is asked.'),
      rollBack: limit.optional().describe('Above it the release goes back.'),
    })
    .refine((given) => given.consult !== undefined || given.rollBack !== undefined, {
      error: 'must name consult, rollBack or both',
    })
    .meta({ description: what, minProperties: 1 })
    .optional();
}

/** What is measured over a set of samples, and its limits. */
export const criteriaFields = {
  errors: limits(percentage, 'Limits for the share of failed samples, in per cent.'),
  p50: limits(duration, 'Limits for the median time of an answer.'),
  p95: limits(duration, 'Limits for the 95th percentile of the time of an answer.'),
  p99: limits(duration, 'Limits for the 99th percentile of the time of an answer.'),
};

export const criteriaSchema = z.strictObject(criteriaFields);
export type WrittenCriteria = z.output<typeof criteriaSchema>;

/** Limits for how much worse than the version before it may be. */
export const baselineLimits = z
  .strictObject({
    errors: limits(percentage, 'Limits for how much more samples fail, in percentage points.'),
    p50: limits(percentage, 'Limits for how much longer the median time is.'),
    p95: limits(percentage, 'Limits for how much longer the 95th percentile is.'),
    p99: limits(percentage, 'Limits for how much longer the 99th percentile is.'),
  })
  .refine((given) => Object.keys(given).length > 0, { error: 'must name errors, p50, p95 or p99' })
  .meta({
    description:
      'How much worse than the version before it may be; that version is measured the same way before anything is changed.',
    minProperties: 1,
  })
  .optional();
