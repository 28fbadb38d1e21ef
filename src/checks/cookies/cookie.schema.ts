import { z } from 'zod';
import { flag } from '../../plan/words.schema.ts';

const protection = z.strictObject({
  secure: flag.default(true).describe('Sent over TLS only. Default true'),
  httpOnly: flag.default(true).describe('Kept from scripts. Default true'),
  sameSite: z
    .array(z.enum(['lax', 'strict', 'none']), { error: 'must be a list of lax, strict, none' })
    .min(1)
    .default(['lax', 'strict'])
    .describe('SameSite is one of these. Default lax or strict'),
});

/** How a cookie must be protected; true: in every way. */
export const cookieConditions = z.union([z.literal(true).transform(() => protection.parse({})), protection]);

export type CookieConditions = z.output<typeof cookieConditions>;
