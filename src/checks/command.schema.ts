import { z } from 'zod';
import { duration } from '../plan/words.schema.ts';
import { textPieces } from './expectations.schema.ts';

const exitCode = z.number().int().min(0).max(255);
const exitCodes = z
  .union([exitCode, z.array(exitCode).min(1)])
  .transform((written) => (Array.isArray(written) ? written : [written]));

const expectations = z.strictObject({
  exit: exitCodes.default([0]),
  /** Exit codes that mean WARN. */
  warn: exitCodes.default([]),
  /** Looked for in standard output and standard error. */
  text: textPieces.default([]),
  notText: textPieces.default([]),
});

/** Runs without a shell, in the plan's directory. */
export const commandSchema = z.strictObject({
  run: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
  timeout: duration.default(60_000),
  expect: expectations.prefault({}),
});

export type CommandSpec = z.output<typeof commandSchema>;
