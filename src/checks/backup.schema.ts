import { z } from 'zod';
import { command, count, duration, path, pattern, size, text } from '../plan/words.schema.ts';

/** Backups: the newest is young enough and not empty, and they are kept as long as they should be. */
export const backupSchema = z
  .strictObject({
    files: z
      .array(path, { error: 'must be a list of paths such as [./backups/*.dump]' })
      .default([])
      .describe('Backups as files; `*` stands for any part of a name and `**` for any folders'),
    dated: pattern
      .optional()
      .describe('Regular expression whose first group in the name of a file is its time; default when it was written'),
    command: command
      .optional()
      .describe('Command that prints a line for each backup: its time, and if known its size in bytes'),
    sql: z
      .strictObject({
        url: text.describe('Connection address of the database; give it as a reference'),
        query: text.describe('Query that answers the time, and if known the size in bytes, of each backup'),
      })
      .optional()
      .describe('Table that lists the backups'),
    newest: duration.default(86_400_000).describe('The newest must be younger than this. Default 1d'),
    kept: z
      .strictObject({
        min: duration.optional().describe('The oldest must be at least this old; a younger one is a FAIL'),
        max: duration.optional().describe('The oldest should be at most this old; an older one is a WARN'),
      })
      .default({})
      .describe('How long they are kept'),
    count: count.optional().describe('Least number of backups'),
    size: size.optional().describe('Least size of the newest'),
    timeout: duration.default(60_000).describe('Patience for the command or the query, default 60s'),
  })
  .refine(
    ({ files, command: run, sql }) =>
      [files.length > 0, run !== undefined, sql !== undefined].filter(Boolean).length === 1,
    {
      path: ['files'],
      error: 'must be given, or command or sql instead, and only one of them',
    },
  );

export type BackupSpec = z.output<typeof backupSchema>;
