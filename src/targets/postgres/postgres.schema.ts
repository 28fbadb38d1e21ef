import { z } from 'zod';
import { command, duration, environment, flag, path, text } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { acceptedSchema } from './rules/names.schema.ts';

/** How a change is made; one of `directory` and `command`. */
export const changeFields = {
  directory: path.nullable().default(null).describe('Directory of SQL files, run in natural order of their names'),
  command: command.nullable().default(null).describe('Program and arguments instead, e.g. [npm, run, migrate]'),
  env: environment.default({}).describe('Environment of the command, beside DATABASE_URL and PG*'),
  files: z.array(path).default([]).describe('Files and directories of the command that are pinned'),
  repeatable: flag.default(false).describe('An interrupted command may be run again as it is, default false'),
  timeout: duration.default(600_000).describe('Patience for the whole change, default 10m'),
  lockTimeout: duration.default(10_000).describe('How long a statement may wait for a lock, default 10s'),
};

const changeSchema = z
  .strictObject(changeFields)
  .refine((change) => (change.directory === null) !== (change.command === null), {
    error: 'must have either directory: (of SQL files) or command:, not both',
  });

export const acceptedField = acceptedSchema.describe(
  'Migration rules that this release may break, each with a reason. Default none',
);

const migrateSchema = changeSchema.safeExtend({
  accept: acceptedField,
});

const savepointSchema = z
  .strictObject({
    by: z
      .enum(['template', 'dump'], { error: 'must be template or dump' })
      .default('template')
      .describe('template: a copy on the server, writers wait for it; dump: a file by pg_dump, online'),
    maxHold: duration.default(10_000).describe('Longest time that writers may wait for a template copy, default 10s'),
    directory: path.default('./records/savepoints').describe('Where dump files are kept'),
    tools: path
      .nullable()
      .default(null)
      .describe('Directory of pg_dump and pg_restore, default: searched for by the version of the server'),
  })
  .prefault({});

/** A PostgreSQL database. Times come out in milliseconds. */
export const postgresSchema = z.strictObject({
  url: text.describe('Connection that may create, rename and copy databases, usually a reference'),
  database: text.nullable().default(null).describe('Name of the database, default: the one in url'),
  owner: text.nullable().default(null).describe('Owner when a first release creates it, default: the role in url'),
  savepoint: savepointSchema.describe('How it is saved before it changes'),
  migrate: migrateSchema.nullable().default(null).describe('Changes the schema'),
  seed: changeSchema
    .nullable()
    .default(null)
    .describe('Adds the rows that the version needs; a file that was applied as it is now is not applied again'),
});
type Written = z.output<typeof postgresSchema>;

/** Runs the command of a change somewhere else than on this host; it finds the database by itself. No plan has it. */
export type Runner = (
  order: { env: Record<string, string>; timeoutMs: number },
  signal: AbortSignal,
) => Promise<RunEnd>;
type RunEnd = { exitCode: number | null; signal: string | null; timedOut: boolean; stdout: string; output: string };
type Elsewhere = { runner?: Runner };

export type PostgresSpec = Omit<Written, 'migrate' | 'seed'> & {
  migrate: (NonNullable<Written['migrate']> & Elsewhere) | null;
  seed: (NonNullable<Written['seed']> & Elsewhere) | null;
};
export type PostgresChangeSpec = z.output<typeof changeSchema> & Elsewhere;

export const postgresTraits = {
  changes: ['migrate', 'seed'],
  stores: true,
  holds: true,
  prepares: true,
  splits: false,
  local: true,
  measures: true,
  confirms: true,
  keeps: true,
  rehearses: true,
} as const satisfies KindTraits;
