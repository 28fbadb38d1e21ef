import { z } from 'zod';
import { criteriaFields } from '../../plan/schema/criteria.schema.ts';
import { count, duration, environment, path, text } from '../../plan/words.schema.ts';

/** A script of the user's own that k6 runs. */
export const k6Schema = z.strictObject({
  script: path.describe('The script; relative paths start at the plan'),
  args: z
    .array(text, { error: 'must be a list of words such as [--vus, "10"]' })
    .default([])
    .describe('Further arguments of `k6 run`, such as [--vus, "10", --duration, 1m]. Default none'),
  env: environment
    .default({})
    .describe('Variables that the script finds in `__ENV`, secrets as references; SAVEPOINT_VERSION is always there'),
  thresholds: z
    .enum(['consult', 'rollBack'], { error: 'must be consult or rollBack' })
    .default('rollBack')
    .describe('What a threshold of the script itself leads to when it is crossed. Default rollBack'),
  minimumSamples: count.default(20).describe('Fewer requests are not judged. Default 20'),
  timeout: duration.default(1_800_000).describe('Patience for the whole script, default 30m'),
  ...criteriaFields,
});

export type K6Spec = z.output<typeof k6Schema>;

/** Longest time that it takes, in milliseconds. */
export function k6LongestMs({ timeout }: K6Spec): number {
  return timeout + 60_000;
}
