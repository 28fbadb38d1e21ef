import { z } from 'zod';
import { checkKinds } from '../../checks/kinds.schema.ts';
import { duration, flag, label, pause, text } from '../words.schema.ts';

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

/** What the plan room knows of a parsed check; the fields of its kind are opaque. */
export type WrittenCheck = { kind: string } & z.output<z.ZodObject<typeof checkFields>>;
