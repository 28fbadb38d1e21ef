import { z } from 'zod';
import { command, duration, environment } from '../plan/words.schema.ts';

/** A command of the user's that gets the message as JSON on standard input; no shell is involved. */
export const commandSchema = z.strictObject({
  run: command.describe('Program and arguments'),
  env: environment.default({}).describe('Environment variables added to those of the worker'),
  timeout: duration.default(30_000).describe('Patience, default 30s; afterwards it is ended with its children'),
});

export type CommandNoticeSpec = z.output<typeof commandSchema>;
