import { z } from 'zod';
import { duration } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { commandLine, environmentVariables } from '../shell/command.schema.ts';

const optionalCommand = commandLine.nullable().default(null);

/**
 * Each verb is a command of the user's. Release, version, key, fence and savepoint are given in the environment as
 * `SAVEPOINT_*`; the last line of stdout may be JSON: the state (`save`), or the fingerprint (`fingerprint`).
 * An interrupted command is asked for with `status` (exit 0: done, 3: never ran, anything else: unknown).
 */
export const commandSchema = z.strictObject({
  apply: z
    .strictObject({
      migrate: optionalCommand,
      seed: optionalCommand,
      deploy: optionalCommand,
      invalidate: optionalCommand,
    })
    .refine((apply) => Object.values(apply).some((line) => line !== null), 'name at least one change, e.g. `deploy`'),
  restore: commandLine,
  fingerprint: optionalCommand,
  save: optionalCommand,
  survey: optionalCommand,
  hold: optionalCommand,
  resume: optionalCommand,
  status: optionalCommand,
  records: z.string().min(1).default('./.savepoint/commands').describe('Directory that remembers what was run'),
  env: environmentVariables.default({}),
  timeout: duration.default(600_000),
  repeatable: z.boolean().default(false).describe('An interrupted command may be run again'),
});
export type CommandSpec = z.output<typeof commandSchema>;

export const commandTraits = {
  changes: ['migrate', 'seed', 'deploy', 'invalidate'],
  stores: false,
  holds: true,
  prepares: false,
  splits: false,
  local: true,
} as const satisfies KindTraits;
