import { z } from 'zod';
import { awsFields } from '../../aws/place.schema.ts';
import { count, duration, text } from '../../plan/words.schema.ts';
import { comparisonFields, comparisons } from '../comparison.schema.ts';
import { dimensions, period, statistic } from './cloudwatch.schema.ts';

/** `period: 5m, for: 5m` is one sum over five minutes; `period: 1m, for: 5m` are five values of a minute each. */
const fires = z
  .strictObject({
    ...comparisonFields,
    period: period.optional().describe('Length of one period'),
    for: duration.optional().describe('Periods that are looked at, together: period times number'),
    datapoints: count.optional().describe('Periods of those that must be bad. Default all'),
  })
  .refine((given) => comparisons(given) <= 1, { error: 'must hold only one of above, atLeast, below, atMost' })
  .refine((given) => Object.keys(given).length > 0, {
    error: 'must say when it fires, such as { above: 10, for: 5m }',
  });

/** What is left out is not compared. */
const alarm = z.strictObject({
  namespace: text.optional().describe('Namespace of its metric, such as AWS/ApplicationELB'),
  metric: text.optional().describe('Name of its metric. TargetResponseTime of a load balancer is in seconds'),
  dimensions: dimensions.optional(),
  statistic: statistic.optional().describe('Such as Average, Sum or p95'),
  fires: fires.optional().describe('When it fires'),
  missingData: z
    .enum(['missing', 'ignore', 'breaching', 'notBreaching'])
    .optional()
    .describe('How it treats periods without data'),
  actions: z
    .array(text, { error: 'must be a list of ARNs or of the names that they end with' })
    .default([])
    .describe('What it must do when it fires: ARNs, or the names that they end with, such as that of an SNS topic'),
  owner: text.optional().describe('Who is told when it fires; shown with it. An alarm with an owner must do something'),
});

const alarms = z
  .union([z.array(text), z.record(text, alarm)], {
    error: 'must be a list of names, or a mapping of names to what each alarm must be',
  })
  .transform((written): { [name: string]: WrittenAlarm } =>
    Array.isArray(written) ? Object.fromEntries(written.map((name) => [name, { actions: [] }])) : written,
  );

/** Alarms that must exist, be what they should be, and not fire. */
export const cloudwatchAlarmsSchema = z
  .strictObject({
    ...awsFields,
    alarms: alarms
      .default({})
      .describe('Alarms that must exist: a list of names, or names with what each must be. `{}`: it must exist'),
    prefix: text.optional().describe('Every alarm whose name begins so is looked at as well; there must be one'),
    state: z
      .enum(['OK', 'ALARM', 'any'])
      .default('OK')
      .describe('State that they must have; `any`: only that they exist and what they are. Default `OK`'),
    withoutData: z
      .enum(['fail', 'unknown', 'pass'])
      .optional()
      .describe(
        'What an alarm without data means (INSUFFICIENT_DATA). `unknown`: it could not be measured. Default `fail` in `preflight`, else `unknown`',
      ),
    timeout: duration.default(60_000).describe('Patience for all answers of AWS, default 60s'),
  })
  .describe('Without `alarms` and `prefix`: no alarm of the region may fire');

type WrittenAlarm = z.output<typeof alarm>;
export type AlarmSpec = WrittenAlarm;
export type FiresSpec = z.output<typeof fires>;
export type CloudwatchAlarmsSpec = z.output<typeof cloudwatchAlarmsSchema>;
