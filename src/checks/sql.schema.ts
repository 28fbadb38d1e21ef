import { z } from 'zod';
import { duration } from '../plan/words.schema.ts';
import { amount } from './expectations.schema.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** `value`, `min` and `max` look at the first column of the first row; every word given must hold. */
const expectations = z
  .strictObject({
    value: scalar.optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    rows: amount.optional(),
    empty: z.boolean().optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'needs at least one of value, min, max, rows, empty');

/** Asked in a read-only transaction: a query that writes is refused by the server. */
export const sqlSchema = z.strictObject({
  url: z.string().min(1),
  query: z.string().min(1),
  timeout: duration.default(10_000),
  expect: expectations,
  /** What should hold as well; a miss only warns. */
  warn: expectations.optional(),
});

export type SqlSpec = z.output<typeof sqlSchema>;
export type SqlExpectations = z.output<typeof expectations>;
