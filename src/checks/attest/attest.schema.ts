import { z } from 'zod';
import { duration, name, text } from '../../plan/words.schema.ts';

/** A statement that a named person makes about this version; PENDING until somebody does. */
export const attestSchema = z.strictObject({
  statement: text.describe('What the person states, as a sentence'),
  by: z.array(name).min(1, { error: 'must name at least one person' }).describe('People of the plan who may state it'),
  maxAge: duration.default(86_400_000).describe('Older statements do not count, default 24h'),
});

export type AttestSpec = z.output<typeof attestSchema>;
