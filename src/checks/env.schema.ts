import { z } from 'zod';
import { count, flag, path, pattern } from '../plan/words.schema.ts';

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of an environment variable' });
const variables = z.array(variable, { error: 'must be a list of names of variables' }).default([]);

/** What the value of one variable must be, where it is set. */
const rule = z.strictObject({
  minLength: count.optional().describe('Least number of characters'),
  url: z
    .union([z.literal(true), z.array(z.string().regex(/^[a-z][a-z0-9+.-]*$/)).min(1)], {
      error: 'must be true, or a list of schemes such as [https]',
    })
    .optional()
    .describe('It is an address; of one of these schemes such as [https], true for any'),
  oneOf: z.array(z.string()).min(1).optional().describe('One of these values'),
  matches: pattern.optional().describe('Regular expression without slashes that the value matches'),
  requiredIf: z
    .union([variable, z.record(variable, z.string())], {
      error: 'must be a variable, or a mapping of variables and their values',
    })
    .optional()
    .describe('Required where this variable is set, or has this value: PAYMENTS or { PAYMENTS: on }'),
  placeholder: flag.default(false).describe('Its value may look like a placeholder. Default false'),
});

/** Environment variables: which must be there, and what they must be like. Values are never shown. */
export const envSchema = z
  .strictObject({
    file: path.optional().describe('File of variables, such as .env.production; default those of the worker itself'),
    required: variables.describe('Variables that must be set; a missing one is a FAIL'),
    recommended: variables.describe('Variables that should be set; a missing one is a WARN'),
    optional: z
      .record(variable, z.string())
      .default({})
      .describe('Variables that may be missing, and what holds then; shown'),
    rules: z.record(variable, rule).default({}).describe('Variable: what its value must be, where it is set'),
  })
  .refine(({ required, recommended, rules }) => [...required, ...recommended, ...Object.keys(rules)].length > 0, {
    path: ['required'],
    error: 'must name a variable, or recommended or rules must',
  });

export type EnvSpec = z.output<typeof envSchema>;
export type EnvRule = z.output<typeof rule>;
