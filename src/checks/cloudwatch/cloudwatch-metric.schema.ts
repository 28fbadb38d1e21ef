import { z } from 'zod';
import { awsFields } from '../../aws/place.schema.ts';
import { duration, text } from '../../plan/words.schema.ts';
import { comparisonFields, comparisons } from '../comparison.schema.ts';
import { dimensions, period, statistic } from './cloudwatch.schema.ts';

const limit = z
  .strictObject({
    ...comparisonFields,
    for: duration.optional().describe('Every period of that long must be bad. Default one period'),
  })
  .refine((given) => comparisons(given) === 1, { error: 'must hold one of above, atLeast, below, atMost' });

/** A metric of CloudWatch and the limits that it must stay within. */
export const cloudwatchMetricSchema = z
  .strictObject({
    ...awsFields,
    namespace: text.describe('Namespace of the metric, such as AWS/RDS'),
    metric: text.describe('Name of the metric, such as CPUUtilization'),
    dimensions: dimensions.default({}),
    statistic: statistic.default('Average').describe('Such as Average, Sum or p95. Default Average'),
    period: period
      .default(60_000)
      .describe('Time over which values are reduced to one: 10s, 20s, 30s or whole minutes. Default 1m'),
    percentOf: text
      .optional()
      .describe(
        'Another metric of the same namespace and dimensions: judged is how many per cent of it the metric is, such as HTTPCode_Target_5XX_Count of RequestCount',
      ),
    minimum: z
      .number({ error: 'must be a number' })
      .positive({ error: 'must be more than 0' })
      .default(20)
      .describe('Periods in which `percentOf` is less are not judged. Default 20'),
    fails: limit.optional().describe('What is a FAIL, such as { above: 80, for: 10m }'),
    warns: limit.optional().describe('What is a WARN'),
    missing: z
      .enum(['unknown', 'zero'])
      .default('unknown')
      .describe(
        'A period without a value: `unknown`, or `zero` for metrics that are only written when something happens, such as HTTPCode_Target_5XX_Count. Default `unknown`',
      ),
    timeout: duration.default(30_000).describe('Patience for the answer of AWS, default 30s'),
  })
  .refine((given) => given.fails !== undefined || given.warns !== undefined, {
    path: ['fails'],
    error: 'must be given, or warns',
  });

export type MetricLimit = z.output<typeof limit>;
export type CloudwatchMetricSpec = z.output<typeof cloudwatchMetricSchema>;
