import { z } from 'zod';
import { duration } from '../words.schema.ts';

const mostTimes = 10;
const times = `must be a whole number from 1 to ${mostTimes}`;

/** One thing that a failed step tries before its failure counts, as it is written. */
export const failureRuleSchema = z
  .union([
    z.strictObject({
      retry: z
        .int({ error: times })
        .min(1, { error: times })
        .max(mostTimes, { error: times })
        .describe('The step is tried again this often, 1 to 10 times.'),
      every: duration.default(30_000).describe('Pause before each try, at most 1h. Default 30s.'),
    }),
    z.strictObject({
      ask: duration.describe('A person is asked, and has this long to answer, at most 7d. Only once, and last.'),
      silence: z
        .enum(['rollback', 'stay'])
        .optional()
        .describe(
          'What no answer means: `rollback` goes back where the rules would do so by themselves, `stay` leaves everything where that is safe. Default: it waits, and people are told again.',
        ),
    }),
  ])
  .meta({ id: 'failure-rule' });

function rules(step: string) {
  return z
    .array(failureRuleSchema, { error: 'must be a list such as [{ retry: 3, every: 30s }, { ask: 30m }]' })
    .min(1, { error: 'must hold at least one entry such as { retry: 3, every: 30s }' })
    .optional()
    .describe(`When ${step} fails.`);
}

/** Keys are the steps of one target. */
export const targetFailureSchema = z.strictObject({
  prepare: rules('building and pinning'),
  hold: rules('keeping writers out'),
  snapshot: rules('taking the savepoint'),
  rehearse: rules('the rehearsal'),
  migrate: rules('the migration'),
  verify: rules('a check of `verify`'),
  seed: rules('the seed'),
  verifySeed: rules('a check of `verifySeed`'),
  resume: rules('letting writers in'),
  deploy: rules('the deployment'),
  logs: rules('a check of `logs`'),
  invalidate: rules('emptying the cache'),
});

/** Keys are the steps that belong to no target. */
export const planFailureSchema = z.strictObject({
  preflight: rules('a check of `preflight`'),
  smoke: rules('a check of `smoke`'),
  performance: rules('a measurement of `performance`'),
  monitoring: rules('a check of `monitoring`'),
});

export type WrittenFailureRule = z.output<typeof failureRuleSchema>;
export type WrittenFailures = { [step: string]: WrittenFailureRule[] | undefined };
