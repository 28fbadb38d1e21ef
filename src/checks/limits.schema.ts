import { z } from 'zod';

/** Two limits: missing the first only warns. */
export type Limits = { warn: number | null; fail: number | null };

const number = z.number({ error: 'must be a number' }).min(0, { error: 'must not be negative' });

/** A number: above it is a FAIL; or two limits, of which missing the first only warns. */
export const mostOf = z
  .union([
    number.transform((fail): Limits => ({ warn: null, fail })),
    z
      .strictObject({
        warn: number.optional().describe('More is a WARN'),
        fail: number.optional().describe('More is a FAIL'),
      })
      .transform(({ warn, fail }): Limits => ({ warn: warn ?? null, fail: fail ?? null })),
  ])
  .describe('A number, or { warn, fail }');
