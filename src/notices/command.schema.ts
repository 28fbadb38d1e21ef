import { z } from 'zod';
import { duration } from '../plan/words.schema.ts';

/** Runs without a shell, in the plan's directory; gets the message as JSON on standard input. */
export const commandSchema = z.strictObject({
  run: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
  timeout: duration.default(30_000),
});

export type CommandNoticeSpec = z.output<typeof commandSchema>;
