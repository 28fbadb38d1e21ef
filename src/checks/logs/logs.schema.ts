import { z } from 'zod';
import { amount, duration, flag } from '../../plan/words.schema.ts';
import { textPieces } from '../http/expectations.schema.ts';
import { hasOneSource, oneSource, sourceFields } from '../source.schema.ts';

/** Logs in files, or as a command prints them: what must be in them, and what must not. */
export const logsSchema = z
  .strictObject({
    ...sourceFields,
    since: duration
      .optional()
      .describe('Only lines of that long ago and younger, by the times that they carry. Default all that is read'),
    after: textPieces
      .optional()
      .describe('Only from the last line on that holds this, such as "starting version ${version}"'),
    start: textPieces.default([]).describe('Text that a line must hold, such as "Server started"'),
    errors: textPieces.default([]).describe('Text that makes a line an error'),
    ignore: textPieces.default([]).describe('Text that makes a line no error after all'),
    tolerate: amount.default(0).describe('Errors up to this number are only a WARN. Default 0'),
    quiet: flag.default(false).describe('There may be no line at all. When false, that is PENDING. Default false'),
    arriving: duration.optional().describe('The newest line must be younger than this'),
  })
  .refine(hasOneSource, oneSource)
  .refine(({ start, errors, arriving }) => start.length > 0 || errors.length > 0 || arriving !== undefined, {
    path: ['start'],
    error: 'is missing, and so are errors and arriving: nothing is looked for',
  });

export type LogsSpec = z.output<typeof logsSchema>;
