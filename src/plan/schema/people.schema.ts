import { z } from 'zod';
import { noticeKinds } from '../../notices/kinds.schema.ts';
import { count, duration, flag, label, name, text } from '../words.schema.ts';

export const peopleSchema = z
  .record(
    name,
    z.strictObject({
      name: text.describe('What people call this role or person.'),
      contact: text.optional().describe('How to reach them; shown beside questions.'),
    }),
    { error: 'must be a mapping of people' },
  )
  .describe('Who decides and who is told: short name → person or role.');

const deciders = z
  .array(name, { error: 'must be a list of people' })
  .min(1, { error: 'must name at least one person' })
  .describe('Who may answer; names from `people`.');

const escalate = z
  .array(
    z.strictObject({
      after: duration.describe('Time without an answer.'),
      to: name.describe('Who is told then, and may answer from then on; a name from `people`.'),
    }),
    { error: 'must be a list of { after, to }' },
  )
  .default([])
  .describe('Who is told when nobody answers. Default nobody.');

const day = 24 * 60 * 60 * 1000;
const minute = 60 * 1000;

export const gateSchema = z.strictObject({
  deciders,
  needs: count.default(1).describe('How many must agree. Default 1.'),
  notRequester: flag.default(false).describe('Who started the release may not answer. Default false.'),
  deadline: duration.default(day).describe('Time to answer; then the release ends as `expired`. Default 24h.'),
  remindEvery: duration.optional().describe('Reminds the deciders again and again. Default never.'),
  escalate,
  drill: z
    .strictObject({ within: duration.describe('How old the certificate may be.') })
    .optional()
    .describe('Opens only with a certificate of a drill of this plan, see `savepoint drill`. Default none is needed.'),
});

export const questionsSchema = z.strictObject({
  deciders,
  needs: count.default(1).describe('How many must agree. Default 1.'),
  notRequester: flag.default(false).describe('Who started the release may not answer. Default false.'),
  deadline: duration
    .default(30 * minute)
    .describe('Time to answer; silence never loses data: it stays as it is and pages. Default 30m.'),
  remindEvery: duration
    .optional()
    .describe('Reminds the deciders again and again. Default 5m, where it fits the deadline.'),
  escalate,
});

const noticeEvents = [
  'question',
  'reminder',
  'escalation',
  'blocked',
  'failed',
  'ended',
  'watch',
  'maintenance',
  'recovered',
] as const;

/** What every notice has, whatever its kind. */
export const noticeFields = {
  name: label.optional().describe('What people call it. Default its kind and number.'),
  on: z
    .array(z.enum(noticeEvents), { error: 'must be a list of events' })
    .min(1, { error: 'must name at least one event' })
    .default([...noticeEvents])
    .describe('Events that it tells. Default all.'),
};

const options: z.ZodObject[] = Object.entries(noticeKinds).map(([kind, { schema }]) => {
  const own: z.ZodObject = schema;
  return own
    .safeExtend({ kind: z.literal(kind).describe('Kind of notice.'), ...noticeFields })
    .meta({ id: `notice-${kind}` });
});

/** One way to reach people, as it is written. */
export const noticeSchema = z.discriminatedUnion('kind', options as [z.ZodObject, ...z.ZodObject[]]);

export type WrittenNotice = { kind: string } & z.output<z.ZodObject<typeof noticeFields>>;
export type WrittenGate = z.output<typeof gateSchema>;
