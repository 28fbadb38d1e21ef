import { z } from 'zod';
import { text } from '../plan/words.schema.ts';
import { jsonPath } from './http/expectations.schema.ts';
import { hasOneBody, oneBody, requestFields } from './http/request.schema.ts';

const words = z.array(text, { error: 'must be a list of words' }).min(1);

/** A status page: that of Statuspage, or any that answers in JSON. */
export const statusPageSchema = z
  .strictObject({
    ...requestFields,
    path: jsonPath
      .default('$.status.indicator')
      .describe('JSON path of the state of the whole. Default that of Statuspage, $.status.indicator'),
    good: words.default(['none', 'operational']).describe('States that are a PASS. Default none, operational'),
    warn: words
      .default(['minor', 'maintenance', 'degraded_performance', 'under_maintenance'])
      .describe('States that are a WARN. Default minor, maintenance, degraded_performance, under_maintenance'),
    components: z
      .array(text)
      .default([])
      .describe('Components that are looked at by name as well; `url` must then be /api/v2/summary.json'),
  })
  .refine(hasOneBody, oneBody);

export type StatusPageSpec = z.output<typeof statusPageSchema>;
