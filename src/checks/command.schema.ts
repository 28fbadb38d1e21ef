import { z } from 'zod';
import { command, duration, environment } from '../plan/words.schema.ts';
import { textPieces } from './http/expectations.schema.ts';

const exitCode = z.int({ error: 'must be an exit code from 0 to 255' }).min(0).max(255);
const exitCodes = z
  .union([exitCode, z.array(exitCode).min(1)], { error: 'must be an exit code from 0 to 255, or a list of them' })
  .transform((written) => (Array.isArray(written) ? written : [written]));

const expectations = z.strictObject({
  exit: exitCodes.default([0]).describe('Exit codes that mean PASS, default 0'),
  warn: exitCodes.default([]).describe('Exit codes that mean WARN'),
  text: textPieces.default([]).describe('Text that its output must contain'),
  notText: textPieces.default([]).describe('Text that its output must not contain'),
});

/** A command of the user's and what it must answer. It runs without a shell, in the directory of the plan file. */
export const commandSchema = z.strictObject({
  run: command.describe('Program and arguments'),
  env: environment.default({}).describe('Environment variables added to those of the worker'),
  timeout: duration.default(60_000).describe('Patience, default 60s; afterwards it is ended with its children'),
  expect: expectations.prefault({}).describe('What it must answer, default exit code 0'),
});

export type CommandSpec = z.output<typeof commandSchema>;
