import { z } from 'zod';
import { flag, name, text } from '../words.schema.ts';
import { checksSchema } from './checks.schema.ts';

/** `true`: only the migration is tried; else versions of a service are started on the copy as well. */
export const rehearseSchema = z.union(
  [
    flag,
    z.strictObject({
      service: name.describe('Target whose previous and new version are started on the copy.'),
      variable: text
        .default('DATABASE_URL')
        .describe('Variable of that service that holds the address of this database. Default DATABASE_URL.'),
      checks: checksSchema
        .default([])
        .describe('Asked of the previous version on the migrated copy; `${rehearsal.service}` is its address.'),
      writes: checksSchema
        .default([])
        .describe('Asked of the new version on the copy so that it writes; then `checks` are asked once more.'),
    }),
  ],
  { error: 'must be true, or a mapping with service, variable, checks and writes' },
);

export type WrittenRehearsal = z.output<typeof rehearseSchema>;
