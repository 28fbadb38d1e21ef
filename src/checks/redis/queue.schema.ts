import { z } from 'zod';
import { count, duration, flag, text } from '../../plan/words.schema.ts';
import { jsonPath, scalar } from '../http/expectations.schema.ts';
import { mostOf } from '../limits.schema.ts';
import { redisFields } from './redis.schema.ts';

const smoke = z.strictObject({
  job: text.default('smoke').describe('Name of the job, which the workers must know. Default smoke'),
  data: z.json().default({}).describe('Data of the job. Default none'),
  within: duration.default(10_000).describe('It must be finished within this time, default 10s'),
});

const job = z
  .strictObject({
    id: text.optional().describe('Its id, where the application gives it one'),
    data: z.record(jsonPath, scalar).default({}).describe('JSON path in its data: the value there'),
    within: duration.default(5_000).describe('It must be there within this time, default 5s'),
    done: flag.default(false).describe('It must also be finished within this time. Default false'),
    absent: flag.default(false).describe('It must not be there. Default false'),
  })
  .refine(({ id, data }) => id !== undefined || Object.keys(data).length > 0, { error: 'must hold id, data or both' })
  .refine(({ done, absent }) => !done || !absent, { path: ['absent'], error: 'must not be given together with done' });

export type WantedJob = z.output<typeof job>;

/** A queue of BullMQ: how much waits, how much failed, whether anybody works. */
export const queueSchema = z.strictObject({
  ...redisFields,
  queue: text.describe('Name of the queue. A dead-letter queue is a queue of its own: { depth: 0 }'),
  prefix: text.default('bull').describe('Prefix of its keys, default bull'),
  depth: mostOf.optional().describe('Most jobs that wait: now, by priority or until later'),
  failed: mostOf.optional().describe('Most jobs that have failed and are still kept'),
  workers: count.optional().describe('Least number of workers that are connected'),
  paused: flag.default(false).describe('It may be paused. Default false'),
  smoke: smoke.optional().describe('A job is added, has to be finished, and is removed again'),
  job: job
    .optional()
    .describe(
      'One job of the application, looked for by id or data. The queue must keep what is done for a while: removeOnComplete with an age',
    ),
});

export type QueueSpec = z.output<typeof queueSchema>;
