import { z } from 'zod';
import { duration, pause, text } from '../plan/words.schema.ts';
import { bounds, headerValue } from './http/expectations.schema.ts';
import { hasOneBody, oneBody, requestFields } from './http/request.schema.ts';

/** A request that is sent until it is refused with 429. */
export const rateLimitSchema = z
  .strictObject({
    ...requestFields,
    timeout: duration.default(60_000).describe('Patience for all requests together, default 60s'),
    allowed: bounds
      .default({ min: 1, max: 100 })
      .describe('How many requests must be let through before 429: a number or { min, max }. Default 1 to 100'),
    pause: pause.default(0).describe('Pause between two requests. Default 0s'),
    header: z
      .record(text, headerValue)
      .default({})
      .describe('Header of the answer 429: its value, { matches }, or true for any; without Retry-After it is a WARN'),
    remaining: text
      .optional()
      .describe('Header, such as X-RateLimit-Remaining, whose number must become smaller with each request'),
  })
  .refine(hasOneBody, oneBody)
  .refine(({ allowed }) => allowed.max !== undefined && allowed.max >= Math.max(1, allowed.min ?? 0), {
    path: ['allowed'],
    error: 'must have a max of at least 1 and min, so that it ends',
  });

export type RateLimitSpec = z.output<typeof rateLimitSchema>;
