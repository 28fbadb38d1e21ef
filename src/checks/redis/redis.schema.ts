import { z } from 'zod';
import { duration, text } from '../../plan/words.schema.ts';
import { mostOf } from '../limits.schema.ts';

/** How a Redis server is reached; the same fields in `queue`. */
export const redisFields = {
  url: text.describe('Address such as redis:// or rediss://; give it as a reference'),
  ca: text.optional().describe('Certificates (PEM) trusted instead of the public ones; give a file reference'),
  timeout: duration.default(5_000).describe('Patience for connecting and for each answer, default 5s'),
};

/** A Redis server: it answers, in time, with room left, as the primary. */
export const redisSchema = z.strictObject({
  ...redisFields,
  latency: mostOf.optional().describe('Longest time of an answer to PING, in milliseconds'),
  memory: mostOf.optional().describe('Most memory used, in per cent of maxmemory'),
  role: z
    .enum(['master', 'slave'], { error: 'must be master or slave' })
    .default('master')
    .describe('What the server must be, in the words of Redis. Default master'),
  policy: text.optional().describe('Eviction policy that it must have; a queue needs noeviction'),
});

export type RedisCheckSpec = z.output<typeof redisSchema>;
