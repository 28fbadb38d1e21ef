import { z } from 'zod';
import { duration, flag, text } from '../../plan/words.schema.ts';
import { hasOneBody, oneBody, requestFields } from '../http/request.schema.ts';

const number = z.number({ error: 'must be a number' });

const wanted = z.strictObject({
  type: z
    .enum(['counter', 'gauge', 'histogram', 'summary', 'untyped'], {
      error: 'must be counter, gauge, histogram, summary or untyped',
    })
    .optional()
    .describe('Type that the page gives it'),
  labels: z.record(text, text).default({}).describe('Only series with these labels count'),
  min: number.optional().describe('Their sum is at least this; of a histogram its count'),
  max: number.optional().describe('Their sum is at most this'),
  growing: flag.default(false).describe('Their sum is higher in a second reading. Default false'),
});

/** A page of metrics in the text format of Prometheus. */
export const metricsSchema = z
  .strictObject({
    ...requestFields,
    series: z
      .record(text, z.union([z.literal(true).transform(() => wanted.parse({})), wanted]), {
        error: 'must be a mapping of names to true or to what each must be',
      })
      .describe('Name → true, or what it must be. Of a histogram the name without _bucket, _count and _sum'),
    between: duration.default(1_000).describe('Time between the two readings of what must grow, default 1s'),
  })
  .refine(hasOneBody, oneBody);

export type MetricsSpec = z.output<typeof metricsSchema>;
export type WantedSeries = z.output<typeof wanted>;
