import { z } from 'zod';
import { duration } from '../plan/words.schema.ts';
import { headerValue, textPieces, valueConditions } from './expectations.schema.ts';

/** An address over http or https. One that holds a reference is only looked at where it is used. */
export const httpAddress = z
  .string()
  .min(1)
  .refine((text) => text.includes('${') || isHttpAddress(text), 'is not an http:// or https:// address');

function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

const statusWord = z.union([
  z.number().int().min(100).max(599),
  z.string().regex(/^[1-5](xx|[0-9]{2})$/, 'is neither a status such as 200 nor a class such as 2xx'),
]);

/** Normalised to a list of `200` and `2xx` as text. */
const statuses = z
  .union([statusWord, z.array(statusWord).min(1)])
  .transform((written) => (Array.isArray(written) ? written : [written]).map(String));

/** `300ms` fails above it; with `warn` and `fail` the first limit only warns. Normalised to milliseconds. */
const latency = z.union([
  duration.transform((fail) => ({ warn: null, fail })),
  z
    .strictObject({ warn: duration.optional(), fail: duration.optional() })
    .transform(({ warn, fail }) => ({ warn: warn ?? null, fail: fail ?? null })),
]);

const days = z.number().min(0);

/** Days that the certificate must still be valid; `14` fails below it. */
const daysLeft = z.union([
  days.transform((fail) => ({ warn: null, fail })),
  z
    .strictObject({ warn: days.optional(), fail: days.optional() })
    .transform(({ warn, fail }) => ({ warn: warn ?? null, fail: fail ?? null })),
]);

const expectations = z.strictObject({
  status: statuses.optional(),
  /** JSON path (RFC 9535) → what every value found there must be. */
  json: z.record(z.string().startsWith('$', 'is not a JSON path: it starts with $'), valueConditions).default({}),
  text: textPieces.default([]),
  notText: textPieces.default([]),
  header: z.record(z.string().min(1), headerValue).default({}),
  latency: latency.default({ warn: null, fail: null }),
  /** The address that the answer must redirect to; `true`: anywhere. Redirects are then not followed. */
  redirect: headerValue.optional(),
  tls: z.strictObject({ daysLeft: daysLeft }).optional(),
});

/** `follow`: how many redirects are followed; by default 5, and none where a redirect is expected. */
export const httpSchema = z
  .strictObject({
    url: httpAddress,
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
    headers: z.record(z.string().min(1), z.string()).default({}),
    body: z.string().optional(),
    json: z.json().optional(),
    follow: z
      .union([z.boolean(), z.number().int().min(0).max(20)])
      .transform((written) => (typeof written === 'number' ? written : written ? 5 : 0))
      .optional(),
    timeout: duration.default(10_000),
    /** Certificates (PEM) to trust instead of the public ones, e.g. `${file:./ca.pem}`. */
    ca: z.string().min(1).optional(),
    expect: expectations.prefault({}),
  })
  .refine((spec) => spec.body === undefined || spec.json === undefined, {
    path: ['body'],
    message: 'body and json exclude each other',
  });

export type HttpSpec = z.output<typeof httpSchema>;
