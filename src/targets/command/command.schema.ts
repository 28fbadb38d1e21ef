import { z } from 'zod';
import { command, duration, environment, flag, path } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';

const optional = command.nullable().default(null);

const applySchema = z
  .strictObject({
    migrate: optional.describe('Command of the change `migrate`'),
    seed: optional.describe('Command of the change `seed`'),
    deploy: optional.describe('Command of the change `deploy`'),
    invalidate: optional.describe('Command of the change `invalidate`'),
  })
  .refine((apply) => Object.values(apply).some((line) => line !== null), {
    error: 'must name at least one change, e.g. deploy: [./deploy.sh]',
  });

/**
 * Each verb is a command of the user's. Release, version, key, fence and savepoint are given in the environment as
 * `SAVEPOINT_*`. The last line of stdout may be JSON: the state (`save`), or the fingerprint (`fingerprint`).
 */
export const commandSchema = z.strictObject({
  apply: applySchema.describe('One command for each change'),
  restore: command.describe('Brings back what SAVEPOINT_STATE describes, or nothing when SAVEPOINT_ABSENT is 1'),
  fingerprint: optional.describe('Prints what identifies the present state; equal text means equal state'),
  save: optional.describe('Prints as JSON what `restore` will need'),
  survey: optional.describe('Exit 0 when the change and its undo are possible'),
  hold: optional.describe('Stops serving or writing; prints as JSON what `resume` will need'),
  resume: optional.describe('Undoes `hold`'),
  status: optional.describe('Says what became of SAVEPOINT_KEY: exit 0 done, 3 never ran, anything else unknown'),
  check: optional.describe(
    'Has SAVEPOINT_CHANGE of SAVEPOINT_VERSION taken effect? Exit 0 yes, 3 no, else nobody knows',
  ),
  records: path.default('./.savepoint/commands').describe('Directory that remembers what was run'),
  env: environment.default({}).describe('Environment variables of every command'),
  timeout: duration.default(600_000).describe('Patience for each command, default 10m'),
  repeatable: flag.default(false).describe('An interrupted command may be run again, default false'),
});
export type CommandSpec = z.output<typeof commandSchema>;

export const commandTraits = {
  changes: ['migrate', 'seed', 'deploy', 'invalidate'],
  stores: false,
  holds: true,
  prepares: false,
  splits: false,
  local: true,
  confirms: true,
} as const satisfies KindTraits;
