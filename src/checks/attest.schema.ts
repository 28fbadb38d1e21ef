import { z } from 'zod';
import { duration } from '../plan/words.schema.ts';

/** A statement that a named person makes for this version; `by` holds names from the plan's `people`. */
export const attestSchema = z.strictObject({
  statement: z.string().min(1),
  by: z.array(z.string().min(1)).min(1),
  maxAge: duration.default(24 * 60 * 60 * 1000),
});

export type AttestSpec = z.output<typeof attestSchema>;
