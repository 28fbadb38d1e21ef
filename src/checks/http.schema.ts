import { z } from 'zod';
import { amount, duration, flag, text, url } from '../plan/words.schema.ts';
import { headerValue, textPieces, valueConditions } from './expectations.schema.ts';

const statusWord = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5](xx|[0-9]{2})$/)], {
  error: 'must be a status such as 200 or a class such as 2xx',
});

/** Normalised to a list of `200` and `2xx` as text. */
const statuses = z
  .union([statusWord, z.array(statusWord).min(1)], {
    error: 'must be a status such as 200, a class such as 2xx, or a list of them',
  })
  .transform((written) => (Array.isArray(written) ? written : [written]).map(String));

/** Two limits: missing the first only warns. Milliseconds or days. */
export type Limits = { warn: number | null; fail: number | null };

const latency = z.union([
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

const jsonPath = z.string().regex(/^\$/, { error: 'must be a JSON path that begins with $, such as $.status' });

const expectations = z.strictObject({
  status: statuses.optional().describe('Status, class or list of them, default 2xx; 3xx where a redirect is expected'),
  json: z
    .record(jsonPath, valueConditions)
    .default({})
    .describe('JSON path (RFC 9535): what every value there must be'),
  text: textPieces.default([]).describe('Text that the body must contain'),
  notText: textPieces.default([]).describe('Text that the body must not contain'),
  header: z.record(text, headerValue).default({}).describe('Header: its value, { matches }, or true for any'),
  latency: latency
    .default({ warn: null, fail: null })
    .describe('Longest time to the end of the answer, connecting included'),
  redirect: headerValue.optional().describe('Address that the answer redirects to; redirects are then not followed'),
  tls: z
    .strictObject({ daysLeft: daysLeft.describe('Days that the certificate must still be valid') })
    .optional()
    .describe('What the certificate must be besides valid'),
});

/** A request and what its answer must be. */
export const httpSchema = z
  .strictObject({
    url: url.describe('Address that is asked'),
    method: z
      .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], {
        error: 'must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS',
      })
      .default('GET')
      .describe('Method, default GET'),
    headers: z.record(text, z.string()).default({}).describe('Headers of the request'),
    body: z.string().optional().describe('Body of the request as text'),
    json: z.json().optional().describe('Body of the request as JSON'),
    follow: z
      .union([flag, amount.max(20, { error: 'must be at most 20' })])
      .transform((written) => (typeof written === 'number' ? written : written ? 5 : 0))
      .optional()
      .describe('How many redirects are followed; true: 5, the default; false: none'),
    timeout: duration.default(10_000).describe('Patience for the whole answer, default 10s'),
    ca: text.optional().describe('Certificates (PEM) trusted instead of the public ones; give a file reference'),
    expect: expectations.prefault({}).describe('What the answer must be, default any 2xx'),
  })
  .refine((spec) => spec.body === undefined || spec.json === undefined, {
    path: ['body'],
    error: 'must not be given together with json',
  });

export type HttpSpec = z.output<typeof httpSchema>;
