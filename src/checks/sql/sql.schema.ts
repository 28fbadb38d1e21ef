import { z } from 'zod';
import { duration, flag, text } from '../../plan/words.schema.ts';
import { bounds, scalar } from '../http/expectations.schema.ts';

/** `value`, `min` and `max` look at the first column of the first row; every word given must hold. */
const expectations = z
  .strictObject({
    value: scalar.optional().describe('First value of the result'),
    min: z.number().optional().describe('Least that the first value may be'),
    max: z.number().optional().describe('Most that the first value may be'),
    rows: bounds.optional().describe('Number of rows: exact or { min, max }'),
    empty: flag.optional().describe('true: no row; false: at least one'),
  })
  .refine((given) => Object.keys(given).length > 0, {
    error: 'must hold at least one of value, min, max, rows, empty',
  });

/** A query and what it must answer. It runs in a read-only transaction: the server refuses a query that writes. */
export const sqlSchema = z.strictObject({
  url: text.describe('Connection address of the database; give it as a reference'),
  query: text.describe('One statement that reads'),
  timeout: duration.default(10_000).describe('Patience for connecting and for the answer, default 10s each'),
  expect: expectations.describe('What must hold; a miss is a FAIL'),
  warn: expectations.optional().describe('What should hold as well; a miss is a WARN'),
});

export type SqlSpec = z.output<typeof sqlSchema>;
export type SqlExpectations = z.output<typeof expectations>;
