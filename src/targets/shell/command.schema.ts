import { z } from 'zod';
import { command, duration, environment, path, text } from '../../plan/words.schema.ts';

/** A command with its surroundings; no shell is involved. */
export const shellCommandSchema = z.strictObject({
  command: command.describe('Program and arguments, e.g. [npm, ci]'),
  env: environment.default({}).describe('Environment variables added to those of the worker'),
  timeout: duration.default(600_000).describe('Patience, default 10m; afterwards it is ended with its children'),
});
export type ShellCommandSpec = z.output<typeof shellCommandSchema>;

/** What a local target is made from: a directory, or a git ref that is pinned to the commit it names now. */
export const sourceSchema = z.union([
  path,
  z.strictObject({
    git: path.describe('Directory of the repository'),
    ref: text.describe('Branch, tag or commit'),
    path: path.default('.').describe('Directory inside the repository, default all of it'),
  }),
]);
export type SourceSpec = z.output<typeof sourceSchema>;
