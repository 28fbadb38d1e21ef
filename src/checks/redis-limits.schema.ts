import { z } from 'zod';

const number = z.number({ error: 'must be a number' }).min(0, { error: 'must not be negative' });

/** A number: above it is a FAIL; or two limits, of which missing the first only warns. */
export const mostOf = z
  .union([
    number.transform((fail): Most => ({ fail })),
    z
      .strictObject({
        warn: number.optional().describe('More is a WARN'),
        fail: number.optional().describe('More is a FAIL'),
      })
      .transform((both): Most => both),
  ])
  .describe('A number, or { warn, fail }');

export type Most = { warn?: number | undefined; fail?: number | undefined };
