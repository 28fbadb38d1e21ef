import { z } from 'zod';
import { command, duration, environment, path, pause, port, text, url } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { shellCommandSchema, sourceSchema } from '../shell/command.schema.ts';

const healthSchema = z.strictObject({
  path: text.default('/health').describe('Path that answers 2xx when the service is ready, default /health'),
  timeout: duration.default(30_000).describe('Patience until it answers, default 30s'),
  every: duration.default(100).describe('Pause between two questions, default 100ms'),
  version: text.nullable().default(null).describe('Where its JSON answer holds the version, e.g. $.version'),
});

const switchSchema = z.strictObject({
  file: path.describe('JSON file that the front follows: {"host","port","version"} or {"maintenance":true}'),
  reload: command.nullable().default(null).describe('Command to run after the file was replaced'),
});

const logsSchema = z.strictObject({
  errors: text.describe('Text that marks an error line in the log'),
  within: duration.default(2_000).describe('How long to watch the log after the switch, default 2s'),
});

/**
 * A service as an operating-system process group that outlives the worker. Times come out in milliseconds.
 * With one port the old version stops before the new one starts; with more it stays ready.
 */
export const processSchema = z.strictObject({
  root: path.describe('Directory for versions, logs and bookkeeping'),
  source: sourceSchema.describe('Directory, or git ref that is checked out at a fixed commit'),
  build: shellCommandSchema.nullable().default(null).describe('Run in the copied source before it is pinned'),
  run: command.describe('Starts the service; it gets PORT, HOST and VERSION'),
  env: environment.default({}).describe('Environment variables of the service'),
  host: text.default('127.0.0.1').describe('Address the service listens on, default 127.0.0.1'),
  ports: z.array(port).min(1).describe('Ports to choose from; two or more keep the previous version ready'),
  health: healthSchema.prefault({}).describe('How readiness is asked for'),
  started: text.nullable().default(null).describe('Text of a log line to wait for before asking for health'),
  switch: switchSchema.nullable().default(null).describe('How users are led to a version'),
  url: url.nullable().default(null).describe('Where users reach it; proves the version after the switch'),
  stopWithin: duration.default(10_000).describe('Time to end after SIGTERM before SIGKILL, default 10s'),
  drain: pause.default(500).describe('Time for open requests between a switch and a stop, default 500ms'),
  logs: logsSchema.nullable().default(null).describe('Log lines that fail the release'),
});
export type ProcessSpec = z.output<typeof processSchema>;

export const processTraits = {
  changes: ['deploy'],
  stores: false,
  holds: true,
  prepares: true,
  splits: false,
  local: true,
  confirms: true,
  keeps: true,
  stages: true,
} as const satisfies KindTraits;
