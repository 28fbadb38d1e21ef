import { z } from 'zod';
import { amount, duration, text } from '../words.schema.ts';

const wrong = 'must be the name of a table such as orders or shop.orders';
const table = z.string({ error: wrong }).regex(/^[^\s.]+(\.[^\s.]+)?$/, { error: wrong });

export const marksSchema = z
  .array(
    z.strictObject({
      table: table.describe('Table that smoke tests write to.'),
      column: text.describe('Column by which their rows are known.'),
      like: text.describe('Pattern of SQL that the column of such a row matches, such as `smoke-%`.'),
    }),
    { error: 'must be a list of { table, column, like }' },
  )
  .default([]);

/** Rules of the way back, as they are written. Defaults that depend on other parts are left to `normalise`. */
export const rollbackSchema = z.strictObject({
  dataLoss: z
    .union(
      [
        z.enum(['ask', 'refuse']),
        z.strictObject({
          allow: z
            .strictObject({
              rows: amount.describe('Rows that may be lost without asking.'),
              within: duration.describe('Only this long after the savepoint was taken.'),
            })
            .describe('Bounds; both are needed.'),
        }),
      ],
      { error: 'must be ask, refuse, or { allow: { rows: 100, within: 30m } } with both bounds' },
    )
    .default('ask')
    .describe(
      'What a restore that loses rows needs: a person (`ask`), never (`refuse`), or at most these bounds. Default ask.',
    ),
  ignore: z
    .array(table, { error: 'must be a list of tables' })
    .default([])
    .describe(
      'Tables, such as `sessions` or `shop.sessions`, that are shown in a loss and do not count. Default none.',
    ),
  marks: marksSchema.describe('Rows of smoke tests: they are shown in a loss and do not count. Default none.'),
  hold: duration
    .optional()
    .describe('Writers are held at most this long for a restore; then they are let in and it is off. Default 5m.'),
});
