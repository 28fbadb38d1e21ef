import { z } from 'zod';
import { duration, label, name, percentage, share, text } from '../words.schema.ts';

/** A limit in the unit of what it limits; which of the two fits is a rule of the plan. */
const limit = z.union([percentage.transform((percent) => ({ percent })), duration.transform((ms) => ({ ms }))], {
  error: 'must be a percentage such as 5 % or a duration such as 800ms',
});

/** What an alarm does besides its band. */
const handlingFields = {
  trust: z
    .enum(['observe', 'ask', 'auto'], { error: 'must be observe, ask or auto' })
    .default('auto')
    .describe(
      'How far it is trusted: `observe` only records, `ask` asks at most, `auto` does what it says. Default auto.',
    ),
  priority: z
    .enum(['P1', 'P2', 'P3'], { error: 'must be P1, P2 or P3' })
    .optional()
    .describe('How urgent it is; `priorities` says who is told. Default none.'),
  incident: name.optional().describe('Checklist of `incidents` that is shown with it. Default none.'),
};

const limitSchema = z
  .strictObject({
    name: label.describe('What people call it; unique in the watch.'),
    measure: z.enum(['errors', 'p50', 'p95', 'p99']).describe('What is limited: failed samples, or times of answers.'),
    consult: limit.optional().describe('Above it a person is asked.'),
    rollBack: limit.optional().describe('Above it the release goes back.'),
    against: z
      .literal('baseline')
      .optional()
      .describe('Limits are how much worse than before the release it may be, in per cent. Default absolute limits.'),
    for: duration.optional().describe('It has to be above the limit for so long without a break. Default at once.'),
    advise: text.optional().describe('It never acts; people are given this advice, such as `scale to 4 GB`.'),
    ...handlingFields,
  })
  .refine((given) => given.consult !== undefined || given.rollBack !== undefined, {
    error: 'must name consult, rollBack or both',
  });

const band = z.enum(['consult', 'rollBack'], { error: 'must be consult or rollBack' });

const raisedSchema = z.union([band, z.strictObject({ does: band.describe('What it leads to.'), ...handlingFields })], {
  error: 'must be consult, rollBack, or a mapping with does',
});

const checklistSchema = z.strictObject({
  name: label.describe('What people call it, such as `first hour`.'),
  after: z
    .union([z.literal('0s').transform(() => 0), duration], { error: 'must be a duration such as 0s, 1h or 1d' })
    .describe('People are reminded of it this long after the watch began.'),
  items: z
    .array(text, { error: 'must be a list of texts' })
    .min(1, { error: 'must hold at least one item' })
    .describe('What people look at.'),
});

const told = z.array(name, { error: 'must be a list of people' });

/** What a watch has besides its schedule, its probe and what it asks. */
export const watchingFields = {
  limits: z
    .array(limitSchema, { error: 'must be a list of limits' })
    .default([])
    .describe('Further limits: for a while, against the version before, less trusted, or only advising. Default none.'),
  baseline: duration
    .optional()
    .describe(
      'How long the running version is measured with the probe before anything is changed. Default not at all.',
    ),
  falseAlarms: share
    .default(0.01)
    .describe('How likely a healthy release may raise a false alarm in the whole watch. Default 1 %.'),
  synthetic: z
    .strictObject({ every: duration.default(30_000).describe('Time from one round to the next. Default 30s.') })
    .optional()
    .describe(
      'Traffic of our own where users make too little: the smoke checks marked `repeatable` are asked all the time, and each answer is a sample for the limits of errors, told apart as `(synthetic)`. Default none.',
    ),
  raised: z
    .record(name, raisedSchema, { error: 'must be a mapping of what people may raise' })
    .default({})
    .describe('What only people see, and what it leads to when they raise it: `savepoint raise`. Default nothing.'),
  priorities: z
    .strictObject({
      P1: told.default([]).describe('Told of what is most urgent.'),
      P2: told.default([]).describe('Told of what is less urgent.'),
      P3: told.default([]).describe('Told of what can wait.'),
    })
    .optional()
    .describe('Who is told of what, by names from `people`. Default nobody is named.'),
  checklists: z
    .array(checklistSchema, { error: 'must be a list of checklists' })
    .default([])
    .describe('Reminders of what people look at in the first hour, day and week. Default none.'),
  maxUnwatchedEarly: z
    .strictObject({
      time: duration.default(30 * 60_000).describe('Time that may go unmeasured. Default 30m.'),
      within: duration.default(4 * 3_600_000).describe('From the beginning of the watch. Default 4h.'),
    })
    .prefault({})
    .describe('Time at the beginning that may go unmeasured before the end needs a person. Default 30m in 4h.'),
};

export const incidentsSchema = z
  .record(name, z.array(text, { error: 'must be a list of texts' }).min(1, { error: 'must hold at least one item' }), {
    error: 'must be a mapping of checklists',
  })
  .default({});

export type WrittenLimit = z.output<typeof limitSchema>;
export type WrittenRaised = z.output<typeof raisedSchema>;
