import { z } from 'zod';
import { duration } from '../../plan/words.schema.ts';

/** A program and its arguments, run without a shell. */
export const commandLine = z.array(z.string().min(1)).min(1).describe('Program and arguments; no shell in between');

export const environmentVariables = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string());

/** A command with its surroundings. `timeout` in milliseconds. */
export const shellCommandSchema = z.strictObject({
  command: commandLine,
  env: environmentVariables.default({}),
  timeout: duration.default(600_000),
});

export type ShellCommandSpec = z.output<typeof shellCommandSchema>;

/** What a local target is made from: a directory, or a git ref that is pinned to the commit it names now. */
export const sourceSchema = z.union([
  z.string().min(1),
  z.strictObject({ git: z.string().min(1), ref: z.string().min(1), path: z.string().min(1).default('.') }),
]);

export type SourceSpec = z.output<typeof sourceSchema>;
