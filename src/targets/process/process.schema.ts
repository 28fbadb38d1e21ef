import { z } from 'zod';
import { duration } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { commandLine, shellCommandSchema, environmentVariables, sourceSchema } from '../shell/command.schema.ts';

const port = z.int().min(1).max(65_535);

/** `version`: a path such as `$.version` into the JSON that the service answers; compared with the version released. */
const healthSchema = z.strictObject({
  path: z.string().startsWith('/').default('/health'),
  timeout: duration.default(30_000),
  every: duration.default(100),
  version: z.string().startsWith('$').nullable().default(null),
});

/**
 * A service as an operating-system process group that outlives the worker. Times are milliseconds.
 * With one port the old version stops before the new one starts; with more it stays ready.
 */
export const processSchema = z.strictObject({
  root: z.string().min(1).describe('Directory for versions, logs and bookkeeping'),
  source: sourceSchema.describe('Directory, or git ref checked out at a fixed commit'),
  build: shellCommandSchema.nullable().default(null),
  run: commandLine,
  env: environmentVariables.default({}),
  host: z.string().min(1).default('127.0.0.1'),
  ports: z.array(port).min(1),
  health: healthSchema.prefault({}),
  started: z.string().min(1).nullable().default(null).describe('Text of a log line to wait for'),
  switch: z
    .strictObject({ file: z.string().min(1), reload: commandLine.nullable().default(null) })
    .nullable()
    .default(null),
  url: z.string().min(1).nullable().default(null).describe('Where users reach it; proves the version after the switch'),
  stopWithin: duration.default(10_000).describe('Time to end after SIGTERM before SIGKILL'),
  logs: z
    .strictObject({ errors: z.string().min(1), within: duration.default(2_000) })
    .nullable()
    .default(null),
});
export type ProcessSpec = z.output<typeof processSchema>;

export const processTraits = {
  changes: ['deploy'],
  stores: false,
  holds: true,
  prepares: true,
  splits: false,
  local: true,
} as const satisfies KindTraits;
