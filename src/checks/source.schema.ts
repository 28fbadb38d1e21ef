import { z } from 'zod';
import { command, duration, path } from '../plan/words.schema.ts';

/** Where text is read from: files, or what a command prints. */
export const sourceFields = {
  files: z
    .array(path, { error: 'must be a list of paths such as [./logs/*.log]' })
    .default([])
    .describe('Files; `*` stands for any part of a name and `**` for any folders'),
  command: command.optional().describe('Command whose output is read, such as [docker, compose, logs, backend]'),
  timeout: duration.default(60_000).describe('Patience for the command, default 60s'),
};

/** For `.refine`: one of the two is given. */
export function hasOneSource({ files, command: run }: { files: string[]; command?: unknown }): boolean {
  return files.length > 0 !== (run !== undefined);
}

export const oneSource = { path: ['files'], error: 'must be given, or command instead, and not both' };

const source = z.strictObject(sourceFields);
export type SourceSpec = z.output<typeof source>;
