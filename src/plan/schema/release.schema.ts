import { z } from 'zod';
import { duration, name, path, text } from '../words.schema.ts';
import { checksSchema, suiteSchema } from './checks.schema.ts';
import { performanceSchema, watchSchema } from './evidence.schema.ts';
import { planFailureSchema } from './failure.schema.ts';
import { gateSchema, noticeSchema, peopleSchema, questionsSchema } from './people.schema.ts';
import { rollbackSchema } from './rollback.schema.ts';
import { targetSchema } from './targets.schema.ts';
import { incidentsSchema } from './watching.schema.ts';

export const dayNames = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const timeOfDay = z
  .string({ error: 'must be a time of day such as "02:00"' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day such as "02:00"' });

const windowSchema = z.strictObject({
  days: z
    .array(z.enum(dayNames), { error: 'must be a list of days such as [saturday]' })
    .min(1, { error: 'must name at least one day' })
    .describe('Days on which it opens.'),
  from: timeOfDay.describe('Opens at this time, "HH:MM".'),
  to: timeOfDay.describe('Closes at this time, "HH:MM"; a time before `from` is on the next day.'),
  timezone: z
    .string({ error: 'must be a time zone such as America/New_York' })
    .describe('Time zone by its IANA name, such as America/New_York.'),
  expected: duration
    .optional()
    .describe('How long the release takes; it starts only where that and `longestRestore` fit.'),
  longestRestore: duration.optional().describe('How long the longest way back takes.'),
});

/** The plan file as people write it; values are normalised, names are not looked up yet. */
export const releaseSchema = z.strictObject({
  application: name.describe('Name of the application.'),
  environment: name.describe('Name of the environment; one release at a time for each.'),
  records: path.default('./records').describe('Folder for evidence, kept for ever. Default ./records.'),
  window: windowSchema.optional().describe('When a release may start changing things. Default at any time.'),
  people: peopleSchema,
  gates: z
    .strictObject({
      'go-no-go': gateSchema.optional().describe('Asked before anything is changed. Default nobody is asked.'),
    })
    .default({})
    .describe('Points that wait for people.'),
  questions: questionsSchema
    .optional()
    .describe('Who answers when something fails. Default the deciders of go-no-go, within 30m.'),
  checks: suiteSchema
    .default({})
    .describe('Groups of checks by name, for `savepoint check` and for the points of a release that they name.'),
  preflight: checksSchema.default([]).describe('Checks before the gate, and again when the window is open.'),
  targets: z
    .record(name, targetSchema, { error: 'must be a mapping of targets' })
    .refine((targets) => Object.keys(targets).length > 0, { error: 'must hold at least one target' })
    .meta({ description: 'What is changed, in this order; restored in the reverse order.', minProperties: 1 }),
  smoke: checksSchema.default([]).describe('Checks of the whole application after every target was changed.'),
  performance: performanceSchema.optional().describe('Measured after the smoke checks.'),
  monitoring: checksSchema.default([]).describe('Checks of the monitoring; a failure asks a person.'),
  onFailure: planFailureSchema
    .default({})
    .describe('What a failed step of no target tries before its failure counts: step → list, carried out in order.'),
  watch: watchSchema.optional().describe('How long the release is watched and can still go back by itself.'),
  incidents: incidentsSchema.describe(
    'Checklists by name; what fails and names one with `incident` is shown with it. Default none.',
  ),
  rollback: rollbackSchema.prefault({}).describe('Rules of the way back.'),
  outside: z
    .array(text, { error: 'must be a list of texts' })
    .default([])
    .describe('What rows cannot show, such as mails that were sent; printed beside every loss.'),
  notify: z.array(noticeSchema, { error: 'must be a list of notices' }).default([]).describe('Who is told what.'),
});

export type WrittenRelease = z.output<typeof releaseSchema>;
