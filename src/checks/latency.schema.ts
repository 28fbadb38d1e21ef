import { z } from 'zod';
import { count, duration, pause, percentage } from '../plan/words.schema.ts';
import { answerExpectations } from './http/http.schema.ts';
import { hasOneBody, oneBody, requestFields } from './http/request.schema.ts';
import type { Limits } from './limits.schema.ts';

function most<Limit extends typeof duration | typeof percentage>(limit: Limit, what: string) {
  return z.union([
    limit.transform((fail): Limits => ({ warn: null, fail })),
    z
      .strictObject({
        warn: limit.optional().describe(`More is a WARN: ${what}`),
        fail: limit.optional().describe(`More is a FAIL: ${what}`),
      })
      .transform(({ warn, fail }): Limits => ({ warn: warn ?? null, fail: fail ?? null })),
  ]);
}

/** One request, sent often: how long its answers take, as percentiles. */
export const latencySchema = z
  .strictObject({
    ...requestFields,
    samples: count.default(20).describe('How often it is sent. Default 20, and at least 100 for p99'),
    every: pause.default(50).describe('Time from one sending to the next, whatever the answers do. Default 50ms'),
    expect: answerExpectations.prefault({}).describe('What each answer must be, as for `http`; default any 2xx'),
    errors: most(percentage, 'answers that are not as expected')
      .default({ warn: null, fail: 0 })
      .describe('Answers that may be wrong or missing: a percentage, or { warn, fail }. Default 0 %'),
    p50: most(duration, 'median').optional().describe('Median time of an answer: a limit, or { warn, fail }'),
    p95: most(duration, '95th percentile').optional().describe('95th percentile: a limit, or { warn, fail }'),
    p99: most(duration, '99th percentile').optional().describe('99th percentile: a limit, or { warn, fail }'),
  })
  .refine(({ p50, p95, p99 }) => [p50, p95, p99].some((limits) => limits !== undefined), {
    path: ['p95'],
    error: 'must be given, or p50 or p99',
  })
  .refine(({ p95, samples }) => p95 === undefined || samples >= 20, {
    path: ['samples'],
    error: 'must be at least 20, so that 95 % of them can be told from all',
  })
  .refine(({ p99, samples }) => p99 === undefined || samples >= 100, {
    path: ['samples'],
    error: 'must be at least 100, so that 99 % of them can be told from all',
  })
  .refine(hasOneBody, oneBody);

export type LatencySpec = z.output<typeof latencySchema>;
