import { z } from 'zod';
import { duration, text } from '../../plan/words.schema.ts';
import { comparisonFields, comparisons } from '../comparison.schema.ts';
import { requestFields } from '../http/request.schema.ts';

const limit = z
  .strictObject({
    ...comparisonFields,
    for: duration.optional().describe('It must have been bad for all of this time. Default: now'),
  })
  .refine((given) => comparisons(given) === 1, { error: 'must hold one of above, atLeast, below, atMost' });

/** Prometheus refuses more points in one answer (web/api/v1, "exceeded maximum resolution of 11,000 points"). */
const mostPoints = 10_000;

const { headers, auth, timeout, ca } = requestFields;

/** A PromQL query and the limits that each of its series must stay within. */
export const prometheusSchema = z
  .strictObject({
    url: requestFields.url
      .refine((written) => !/\/(api\/v1|graph|query)\b/.test(written), {
        error: 'must be the address of Prometheus itself, such as http://prometheus:9090, without /api/v1 and /graph',
      })
      .describe('Address of Prometheus, with its path where it has one; whatever speaks its HTTP API will do'),
    headers,
    auth,
    timeout,
    ca,
    query: text
      .refine((written) => !/\$(?!\{)\w|\[\[/.test(outsideTexts(written)), {
        error: 'must be plain PromQL: variables of Grafana such as $__rate_interval are not known; write 5m',
      })
      .describe('PromQL that answers now with a number, or with several series that are judged one by one'),
    fails: limit.optional().describe('What is a FAIL, such as { above: 5, for: 5m }'),
    warns: limit.optional().describe('What is a WARN'),
    absent: z
      .enum(['pending', 'pass', 'fail'], { error: 'must be pending, pass or fail' })
      .default('pending')
      .describe(
        'Nothing found, also at a moment of `for`: `pending`; `pass` for queries that only find what is bad; `fail` for what must always be there. NaN is nothing. Default `pending`',
      ),
    step: duration
      .optional()
      .describe(
        'Time between the moments of `for` that are looked at. Default 15s, and at least 4 and at most 1000 moments',
      ),
    newest: duration
      .default(300_000)
      .describe('The newest sample behind the query is not older than this, else nothing is known. Default 5m'),
    scrapes: z
      .record(text, text, { error: 'must be a mapping of labels to values such as { job: shop }' })
      .optional()
      .describe('Labels of `up`, such as { job: shop }: all that is scraped there must answer, else nothing is known'),
  })
  .refine((given) => given.fails !== undefined || given.warns !== undefined, {
    path: ['fails'],
    error: 'must be given, or warns',
  })
  .refine(({ fails, warns, step = 0 }) => longestOf(fails, warns) === 0 || longestOf(fails, warns) >= step, {
    path: ['step'],
    error: 'must not be longer than the longest for',
  })
  .refine(({ fails, warns, step }) => step === undefined || longestOf(fails, warns) / step <= mostPoints, {
    path: ['step'],
    error: `must be longer: Prometheus shows at most ${mostPoints} moments of for`,
  });

/** In a text of PromQL `$` is the end of a regular expression. */
function outsideTexts(query: string): string {
  return query.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`[^`]*`/g, '""');
}

function longestOf(fails: MetricLimit | undefined, warns: MetricLimit | undefined): number {
  return Math.max(fails?.for ?? 0, warns?.for ?? 0);
}

type MetricLimit = z.output<typeof limit>;
export type PrometheusLimit = MetricLimit;
export type PrometheusSpec = z.output<typeof prometheusSchema>;
