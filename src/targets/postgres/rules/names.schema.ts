import { z } from 'zod';
import { text } from '../../../plan/words.schema.ts';

/** The migration rules by the names that a plan may accept. */
export const ruleNames = [
  'dropped-column',
  'dropped-table',
  'renamed-column',
  'renamed-table',
  'changed-key-type',
  'table-rewrite',
  'long-lock',
  'not-null-without-default',
  'narrowed-check',
  'new-enum-value',
  'server-wide',
] as const;
export type RuleName = (typeof ruleNames)[number];

export const acceptedSchema = z
  .array(
    z.strictObject({
      rule: z.enum(ruleNames, { error: `must be one of ${ruleNames.join(', ')}` }).describe('Name of a migration rule'),
      because: text.describe('Why it is safe here; printed with the finding'),
    }),
    { error: 'must be a list of { rule, because }' },
  )
  .default([]);
export type AcceptedRule = z.output<typeof acceptedSchema>[number];
