import { z } from 'zod';
import { targetKinds } from '../../targets/kinds.schema.ts';
import { duration, name } from '../words.schema.ts';
import { checksSchema } from './checks.schema.ts';
import { targetFailureSchema } from './failure.schema.ts';
import { rehearseSchema } from './rehearse.schema.ts';

const patience = duration.optional();

/** What every target has, whatever its kind. */
export const targetFields = {
  writers: z
    .array(name, { error: 'must be a list of targets' })
    .default([])
    .describe('Targets that write to this one; they are held while writers must be kept out. Default none.'),
  compatibility: z
    .enum(['backward', 'forward', 'both', 'breaking'])
    .optional()
    .describe(
      'What the migration allows: `backward`: the previous code runs on the new schema; `forward`: the new code runs on the old schema. Required with `migrate` or `seed`.',
    ),
  scope: z
    .enum(['all', 'self'])
    .default('all')
    .describe('`self`: a failure of this target restores this target only. Default `all`.'),
  needs: z
    .array(name, { error: 'must be a list of targets' })
    .optional()
    .describe(
      'Targets that this one stands on: it goes back before them, and at the same time as all others. Default every target before it; `[]`: none.',
    ),
  verify: checksSchema.default([]).describe('Checks after the change: after the migration, or after the deployment.'),
  verifySeed: checksSchema.default([]).describe('Checks after the seed, such as counts of seeded rows.'),
  logs: checksSchema
    .default([])
    .describe('Checks of the logs after the deployment, such as the start line and no errors.'),
  rehearse: rehearseSchema
    .optional()
    .describe('The migration is tried on a copy of the savepoint before it runs. Default false.'),
  onFailure: targetFailureSchema
    .default({})
    .describe('What a failed step tries before its failure counts: step → list, carried out in order.'),
  patience: z
    .strictObject({
      prepare: patience.describe('Building and pinning. Default 30m, or longer than the timeout of `build`.'),
      survey: patience.describe('Looking whether every undo can be done. Default 2m.'),
      hold: patience.describe('Keeping writers out. Default 2m, or longer than the timeout of `deploy`.'),
      snapshot: patience.describe('Taking the savepoint. Default 1h.'),
      rehearse: patience.describe('Rehearsing. Default 1h, or longer than the timeout of `migrate`.'),
      migrate: patience.describe('Migrating. Default 1h, or longer than the timeout of `migrate`.'),
      seed: patience.describe('Seeding. Default 30m, or longer than the timeout of `seed`.'),
      resume: patience.describe('Letting writers in again. Default 2m, or longer than the timeout of `deploy`.'),
      deploy: patience.describe('Deploying, with the wait for health. Default 15m.'),
      invalidate: patience.describe(
        'Emptying a cache in front. Default 15m, or longer than the timeout of `invalidate`.',
      ),
    })
    .default({})
    .describe('How long a whole step of this target may take, with every retry.'),
};

/** A kind that reads logs by itself has a mapping under the same word; a list holds checks all the same. */
function logsOf({ shape }: z.ZodObject): { logs?: z.ZodType } {
  const own: z.core.$ZodType | undefined = shape.logs;
  if (own === undefined) return {};
  const description = `${z.globalRegistry.get(own)?.description ?? ''}; or a list of checks after the deployment`;
  return { logs: z.union([checksSchema, own]).describe(description) };
}

const options: z.ZodObject[] = Object.entries(targetKinds).map(([kind, { schema }]) => {
  const own: z.ZodObject = schema;
  return own
    .safeExtend({ kind: z.literal(kind).describe('Kind of target.'), ...targetFields, ...logsOf(own) })
    .meta({ id: `target-${kind}` });
});

/** One thing that a release changes, as it is written. */
export const targetSchema = z.discriminatedUnion('kind', options as [z.ZodObject, ...z.ZodObject[]]);

/** What the plan room knows of a parsed target; the fields of its kind are opaque. */
export type WrittenTarget = { kind: string } & z.output<z.ZodObject<typeof targetFields>>;
