import { z } from 'zod';
import { flag, text } from '../../plan/words.schema.ts';
import { hasOneSource, oneSource, sourceFields } from '../source.schema.ts';

/** Secrets that were printed: values of the plan's references, and what looks like a well-known kind of secret. */
export const secretsInLogsSchema = z
  .strictObject({
    ...sourceFields,
    known: flag.default(true).describe('Looks for the values of the references of the plan. Default true'),
    patterns: flag
      .default(true)
      .describe(
        'Looks for keys and tokens of well-known services, passwords in addresses and private keys. Default true',
      ),
    ignore: z
      .array(text)
      .default([])
      .describe('Kinds of finds that do not count, as the evidence names them, such as GITHUB_TOKEN. Default none'),
  })
  .refine(hasOneSource, oneSource)
  .refine(({ known, patterns }) => known || patterns, {
    path: ['patterns'],
    error: 'must be true where known is false',
  });

export type SecretsInLogsSpec = z.output<typeof secretsInLogsSchema>;
