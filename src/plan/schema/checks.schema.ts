import { z } from 'zod';
import { checkKinds } from '../../checks/kinds.schema.ts';
import { duration, flag, label, name, pause, text } from '../words.schema.ts';
import { marksSchema } from './rollback.schema.ts';

/** What every check has, whatever its kind. */
export const checkFields = {
  name: label.describe('What people call this check; unique in its list.'),
  critical: flag
    .default(true)
    .describe('A failure goes back by itself where the rules allow it. When false, a person is asked. Default true.'),
  repeatable: flag
    .default(false)
    .describe('It may be asked at any time, so it is also asked after a rollback. Default false.'),
  within: pause.default(0).describe('Asked again until it passes for at most this long. Default 0s: asked once.'),
  every: duration.default(1000).describe('Pause between two tries. Default 1s.'),
  remedy: text.optional().describe('What a person does when it fails; shown with the failure.'),
  priority: z
    .enum(['P1', 'P2', 'P3'], { error: 'must be P1, P2 or P3' })
    .optional()
    .describe('How urgent a failure is; `watch.priorities` says who is told. Default none.'),
  incident: name.optional().describe('Checklist of `incidents` that is shown with a failure. Default none.'),
  needs: z
    .array(label, { error: 'must be a list of names of checks' })
    .default([])
    .describe(
      'Checks of the same list, or of any group under `checks`, that come first; when one fails, this is not asked.',
    ),
};

const options: z.ZodObject[] = Object.entries(checkKinds).map(([kind, { schema }]) => {
  const own: z.ZodObject = schema;
  return own
    .safeExtend({ kind: z.literal(kind).describe('Kind of check.'), ...checkFields })
    .meta({ id: `check-${kind}` });
});

/** One question about a running system, as it is written. */
export const checkSchema = z
  .discriminatedUnion('kind', options as [z.ZodObject, ...z.ZodObject[]])
  .meta({ id: 'check' });

export const checksSchema = z.array(checkSchema, { error: 'must be a list of checks' });

/** Points of a release at which groups of checks are asked. */
export const suitePoints = ['preflight', 'smoke', 'monitoring', 'watch'] as const;
export type SuitePoint = (typeof suitePoints)[number];

const names = z.array(name, { error: 'must be a list of names' });

const groupSchema = z.strictObject({
  checks: checksSchema.min(1, { error: 'must hold at least one check' }).describe('Checks of this group, in order.'),
  needs: names.default([]).describe('Groups that come first; when one of their checks fails, this one is not asked.'),
  parallel: flag
    .default(false)
    .describe('Its checks may be asked at the same time as each other and as other such groups. Default false.'),
  at: z
    .array(z.enum(suitePoints), { error: 'must be a list of preflight, smoke, monitoring, watch' })
    .default([])
    .describe('Points of a release at which it is asked as well. Default none: only by `savepoint check`.'),
  marks: marksSchema.describe(
    'Rows that its checks write, such as those of a test tenant; shown in a loss, they do not count. Default none.',
  ),
  cleanup: checksSchema
    .default([])
    .describe('Asked after its checks, whatever happened and also after an abort: removes what they wrote.'),
  attest: names
    .optional()
    .describe('People who may attest a check that could not be asked. Default the deciders of go-no-go.'),
});

export type WrittenGroup = z.output<typeof groupSchema>;

/** The suite: named groups of checks, each a list or a mapping that says more. */
export const suiteSchema = z.record(
  name,
  z.union([checksSchema.min(1, { error: 'must hold at least one check' }), groupSchema], {
    error: 'must be a list of checks, or a mapping with checks',
  }),
  { error: 'must be a mapping of groups' },
);

/** What the plan room knows of a parsed check; the fields of its kind are opaque. */
export type WrittenCheck = { kind: string } & z.output<z.ZodObject<typeof checkFields>>;
