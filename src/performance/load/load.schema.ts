import { z } from 'zod';
import { answerExpectations } from '../../checks/http/http.schema.ts';
import { hasOneBody, oneBody, requestFields } from '../../checks/http/request.schema.ts';
import { baselineLimits, criteriaFields } from '../../plan/schema/criteria.schema.ts';
import { count, duration, flag, pause, percentage } from '../../plan/words.schema.ts';

const secondsPer: Record<string, number> = { s: 1, m: 60, h: 3600 };
const rateProblem = 'must be a rate such as 50/s, 600/m or 2000/h';

/** "50/s", "600/m" → requests each second, more than 0. */
const rate = z
  .string({ error: rateProblem })
  .regex(/^(?=.*[1-9])\d+(\.\d+)? ?\/ ?(s|m|h)$/, { error: rateProblem })
  .transform((written) => Number.parseFloat(written) / (secondsPer[written.slice(-1)] ?? 1));

/** These only read (RFC 9110, safe methods). */
const reading: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

const request = z
  .strictObject(requestFields)
  .omit({ timeout: true })
  .extend({
    weight: count.default(1).describe('How often it is sent compared with the others. Default 1.'),
    expect: answerExpectations
      .omit({ latency: true, tls: true })
      .prefault({})
      .describe('What the answer must be, default any 2xx; redirects are not followed. Anything else is an error.'),
  })
  .refine(hasOneBody, oneBody);

const timeouts = z
  .strictObject({
    consult: percentage.optional().describe('Above it a person is asked.'),
    rollBack: percentage.optional().describe('Above it the release goes back.'),
  })
  .refine((given) => given.consult !== undefined || given.rollBack !== undefined, {
    error: 'must name consult, rollBack or both',
  })
  .refine(({ consult = -1, rollBack = 101 }) => consult < rollBack, {
    path: ['consult'],
    error: 'must be lower than rollBack, or nobody is ever asked',
  })
  .meta({
    description: 'Limits for the share of requests without an answer in time, in per cent. Without it they are errors.',
    minProperties: 1,
  })
  .optional();

const judged = ['errors', 'timeouts', 'p50', 'p95', 'p99', 'baseline'] as const;

/** Requests at a fixed rate whether or not they are answered, or users who wait for their answers. */
export const loadSchema = z
  .strictObject({
    rate: rate
      .optional()
      .describe('Requests that are sent in a time, such as 50/s, whether or not the ones before were answered.'),
    users: count
      .max(10_000, { error: 'must be at most 10000' })
      .optional()
      .describe('Instead of rate: users who send a request, wait for its answer, think, and send the next one.'),
    think: pause.optional().describe('Pause of a user after each answer. Default 1s.'),
    for: duration.default(60_000).describe('How long it is measured. Default 1m.'),
    warmUp: pause.default(10_000).describe('How long it runs before, without counting. Default 10s.'),
    timeout: duration
      .default(10_000)
      .describe('Patience for a whole answer, counted from when the request was due. Default 10s.'),
    maxInFlight: count
      .max(50_000, { error: 'must be at most 50000' })
      .optional()
      .describe(
        'Requests that may wait for their answers at once; each has a connection. Default what the rate needs when nothing is answered, at most 10000.',
      ),
    writes: flag
      .default(false)
      .describe('The requests may change something; needed for other methods than GET, HEAD and OPTIONS.'),
    requests: z
      .array(request, { error: 'must be a list of requests' })
      .min(1, { error: 'must hold at least one request' })
      .describe('What is sent, in turns by weight.'),
    ...criteriaFields,
    timeouts,
    baseline: baselineLimits,
  })
  .refine(({ rate, users }) => (rate === undefined) !== (users === undefined), {
    path: ['rate'],
    error: 'must be given, or users instead, and not both',
  })
  .refine(({ think, users }) => think === undefined || users !== undefined, {
    path: ['think'],
    error: 'is for users; a rate waits for nobody',
  })
  .refine(({ maxInFlight, users }) => maxInFlight === undefined || users === undefined, {
    path: ['maxInFlight'],
    error: 'is for a rate; each user has one request at a time',
  })
  .refine((given) => judged.some((key) => given[key] !== undefined), {
    path: ['errors'],
    error: 'must be given, or timeouts, p50, p95, p99 or baseline: nothing judges this load',
  })
  .superRefine(({ writes, requests }, context) => {
    for (const [index, { method }] of requests.entries()) {
      if (writes || reading.includes(method)) continue;
      const message = `${method} writes: a load writes only where it says writes: true`;
      context.addIssue({ code: 'custom', path: ['requests', index, 'method'], message });
    }
  });

export type LoadSpec = z.output<typeof loadSchema>;
export type LoadRequest = z.output<typeof request>;

/** To start the generator and to end it. */
const aroundMs = 30_000;

/** Longest time that it takes, in milliseconds. */
export function loadLongestMs({
  warmUp,
  for: measured,
  timeout,
}: Pick<LoadSpec, 'warmUp' | 'for' | 'timeout'>): number {
  return warmUp + measured + timeout + aroundMs;
}
