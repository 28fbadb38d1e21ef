import { z } from 'zod';
import { flag, text } from '../../plan/words.schema.ts';
import { follow } from '../http/http.schema.ts';
import { hasOneBody, oneBody, requestFields } from '../http/request.schema.ts';
import { cookieConditions } from './cookie.schema.ts';

/** Cookies that an answer sets, and how well they are protected. */
export const cookiesSchema = z
  .strictObject({
    ...requestFields,
    follow,
    cookies: z
      .record(text, cookieConditions)
      .refine((given) => Object.keys(given).length > 0, { error: 'must name at least one cookie' })
      .describe('Cookie that must be set: true for Secure, HttpOnly and SameSite Lax or Strict, or what it must have'),
    others: flag
      .default(true)
      .describe(
        'Cookies that are not named are looked at too: without Secure or SameSite they are a WARN. Default true',
      ),
  })
  .refine(hasOneBody, oneBody);

export type CookiesSpec = z.output<typeof cookiesSchema>;
