import { z } from 'zod';
import { duration, flag, path, text } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';

const address = z
  .string({ error: 'must be an address that begins with redis:// or rediss://' })
  .regex(/^(rediss?:\/\/\S+|\S*\$\{[^}]+\}\S*)$/, {
    error: 'must be an address that begins with redis:// or rediss://',
  });

/** A Redis, or what speaks like it. A release never changes it; a full rollback empties the part that is a cache. */
export const redisSchema = z
  .strictObject({
    url: address.describe(
      'Address of the primary with role and password; `rediss://` uses TLS. Keep it in a reference.',
    ),
    cluster: flag.default(false).describe('It is a cluster, and `url` names one of its nodes. Default false.'),
    ca: path.nullable().default(null).describe('File with the certificate authority. Default those of the system.'),
    contents: z
      .enum(['cache', 'queue', 'sessions'])
      .describe(
        'What is in it: `cache` is emptied by a full rollback; `queue` and `sessions` are looked at and never emptied.',
      ),
    prefix: text
      .nullable()
      .default(null)
      .describe(
        'How the names of all cached keys begin, such as `shop:cache:`; nothing else is removed. Required for a `cache`.',
      ),
    timeout: duration.default(5_000).describe('Patience for one answer, default 5s'),
  })
  .refine(({ contents, prefix }) => contents !== 'cache' || prefix !== null, {
    path: ['prefix'],
    error: 'is missing: only keys that begin with it are ever removed',
  });
export type RedisSpec = z.output<typeof redisSchema>;

export const redisTraits = {
  changes: [],
  stores: false,
  holds: false,
  prepares: false,
  splits: false,
  local: false,
  cache: true,
} as const satisfies KindTraits;
