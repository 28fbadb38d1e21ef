import { z } from 'zod';
import { awsFields } from '../../aws/place.schema.ts';
import { duration, flag, text } from '../../plan/words.schema.ts';
import { textPieces } from '../http/expectations.schema.ts';

const days = duration.refine((ms) => ms % 86_400_000 === 0, { error: 'must be whole days such as 30d' });

/** A log group of CloudWatch: what must be in it, what must not, whether lines arrive and how long they are kept. */
export const cloudwatchLogsSchema = z
  .strictObject({
    ...awsFields,
    group: text.describe('Name of the log group, such as /ecs/shop-backend'),
    streams: text.optional().describe('Only streams whose names begin so'),
    since: z
      .union([z.literal('deployment'), duration], { error: 'must be a duration such as 15m, or deployment' })
      .default(900_000)
      .describe(
        'Lines from then on are read: that long ago, or `deployment`: since the newest deployment of `service` began. Default 15m',
      ),
    service: z
      .strictObject({
        cluster: text.describe('Name of the ECS cluster'),
        name: text.describe('Name of the ECS service'),
      })
      .optional()
      .describe('ECS service whose newest deployment `since: deployment` means'),
    start: textPieces.default([]).describe('Text that a line must hold, such as "Server started"'),
    errors: textPieces.default([]).describe('Text that makes a line an error; no line may hold it'),
    ignore: textPieces.default([]).describe('Text that makes a line no error after all'),
    quiet: flag
      .default(false)
      .describe('It may have logged nothing. When false, errors cannot be judged without any line. Default false'),
    arriving: duration.optional().describe('The newest line must be younger than this'),
    retention: z
      .union([z.literal('forever'), days], { error: 'must be whole days such as 30d, or forever' })
      .optional()
      .describe('How long the group keeps its lines, exactly'),
    timeout: duration.default(60_000).describe('Patience for reading everything, default 60s'),
  })
  .refine((given) => given.since !== 'deployment' || given.service !== undefined, {
    path: ['service'],
    error: 'must be the service that since: deployment means',
  })
  .refine(
    ({ start, errors, arriving, retention }) =>
      start.length > 0 || errors.length > 0 || arriving !== undefined || retention !== undefined,
    { path: ['group'], error: 'is looked at for nothing: add start, errors, arriving or retention' },
  );

export type CloudwatchLogsSpec = z.output<typeof cloudwatchLogsSchema>;
