import { z } from 'zod';
import { amount, duration, flag, size, text } from '../../plan/words.schema.ts';
import { cookieConditions } from '../cookies/cookie.schema.ts';
import type { Limits } from '../limits.schema.ts';
import { headerValue, jsonPath, textPieces, valueConditions } from './expectations.schema.ts';
import { hasOneBody, oneBody, requestFields } from './request.schema.ts';

const statusWord = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5](xx|[0-9]{2})$/)], {
  error: 'must be a status such as 200 or a class such as 2xx',
});

/** Normalised to a list of `200` and `2xx` as text. */
const statuses = z
  .union([statusWord, z.array(statusWord).min(1)], {
    error: 'must be a status such as 200, a class such as 2xx, or a list of them',
  })
  .transform((written) => (Array.isArray(written) ? written : [written]).map(String));

export const latency = z.union([
  duration.transform((fail): Limits => ({ warn: null, fail })),
  z
    .strictObject({
      warn: duration.optional().describe('A slower answer is a WARN'),
      fail: duration.optional().describe('A slower answer is a FAIL'),
    })
    .transform(({ warn, fail }): Limits => ({ warn: warn ?? null, fail: fail ?? null })),
]);

const daysLeft = z.union([
  amount.transform((fail): Limits => ({ warn: null, fail })),
  z
    .strictObject({
      warn: amount.optional().describe('Fewer days are a WARN'),
      fail: amount.optional().describe('Fewer days are a FAIL'),
    })
    .transform(({ warn, fail }): Limits => ({ warn: warn ?? null, fail: fail ?? null })),
]);

const file = z.strictObject({
  type: z
    .string()
    .regex(/^[a-z0-9.]+$/, { error: 'must be a file type such as pdf, png or zip' })
    .describe('Type by its first bytes, such as pdf, png, zip or xlsx'),
  size: z
    .strictObject({
      min: size.optional().describe('At least'),
      max: size.optional().describe('At most'),
    })
    .optional()
    .describe('How long it must be'),
});

/** What an answer must be; `flow` expects the same of each step. */
export const answerExpectations = z.strictObject({
  status: statuses.optional().describe('Status, class or list of them, default 2xx; 3xx where a redirect is expected'),
  json: z
    .record(jsonPath, valueConditions)
    .default({})
    .describe('JSON path (RFC 9535): what every value there must be'),
  text: textPieces.default([]).describe('Text that the body must contain'),
  notText: textPieces.default([]).describe('Text that the body must not contain'),
  header: z.record(text, headerValue).default({}).describe('Header: its value, { matches }, or true for any'),
  cookies: z
    .record(text, cookieConditions)
    .optional()
    .describe('Cookie that the answer must set: true for Secure, HttpOnly and SameSite Lax or Strict'),
  file: file.optional().describe('The body is a file of this kind'),
  latency: latency
    .default({ warn: null, fail: null })
    .describe('Longest time to the end of the answer, connecting included'),
  redirect: headerValue.optional().describe('Address that the answer redirects to; redirects are then not followed'),
  tls: z
    .strictObject({ daysLeft: daysLeft.describe('Days that the certificate must still be valid') })
    .optional()
    .describe('What the certificate must be besides valid'),
});
export type AnswerExpectations = z.output<typeof answerExpectations>;

export const follow = z
  .union([flag, amount.max(20, { error: 'must be at most 20' })])
  .transform((written) => (typeof written === 'number' ? written : written ? 5 : 0))
  .optional()
  .describe('How many redirects are followed; true: 5, the default; false: none');

/** A request and what its answer must be. */
export const httpSchema = z
  .strictObject({
    ...requestFields,
    follow,
    expect: answerExpectations.prefault({}).describe('What the answer must be, default any 2xx'),
  })
  .refine(hasOneBody, oneBody);

export type HttpSpec = z.output<typeof httpSchema>;
