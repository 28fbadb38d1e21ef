import { isMadeBy, isOf } from '../../aws/owner.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { findInstances, type Instance } from './instances.ts';
import { besideName, supersededName } from './names.ts';
import { ownTags } from './requests.ts';

/** So many times one release may replace its instance before somebody has to look after what it left. */
const mostSuperseded = 5;

/**
 * Everything that this way back is about, in one look at RDS.
 *
 * - `named`: has the name that users go by · `beside`: has the name of the restored one, whoever made it
 * - `restored`: was made by this call, wherever it is now · `replaced`: the one that it is to take the place of
 * - `superseded`: the name for that one
 */
export type Sight = {
  named: Instance | null;
  beside: Instance | null;
  restored: Instance | null;
  replaced: Instance | null;
  superseded: string;
};

/**
 * Tags and resource ids tell who is who: both survive renames, so that this is right after a crash at any point.
 * @throws TargetFailure `refused` when a name that is needed is somebody else's
 */
export async function lookAt(call: Call<AwsRdsSpec>): Promise<Sight> {
  const name = call.spec.instance.toLowerCase();
  const beside = besideName(name, call.release);
  const candidates = Array.from({ length: mostSuperseded }, (_, index) =>
    supersededName(name, call.release, index + 1),
  );
  const found = await findInstances(call.spec, [name, beside, ...candidates]);
  return judge(call, found, { name, beside, candidates });
}

type Names = { name: string; beside: string; candidates: string[] };

/** Pure, so that every state of the world can be tried. */
export function judge(
  call: Pick<Call<AwsRdsSpec>, 'key' | 'release'>,
  found: readonly Instance[],
  names: Names,
): Sight {
  const by = (id: string) => found.find((one) => one.id.toLowerCase() === id) ?? null;
  const named = by(names.name);
  const beside = by(names.beside);
  if (beside !== null && !isOf(beside.tags, call)) throw taken(names.beside);
  const restored = [beside, named].find((one) => one !== null && isMadeBy(one.tags, call)) ?? null;
  const replaces = restored?.tags[ownTags.replaces];
  const replaced = found.find(({ resourceId }) => resourceId === replaces) ?? (restored === null ? named : null);
  const free = names.candidates.find((candidate) => by(candidate) === null);
  const superseded = restored?.tags[ownTags.superseded] ?? free;
  if (superseded === undefined) throw taken(names.candidates.join(', '));
  const stranger = by(superseded);
  if (stranger !== null && stranger.resourceId !== replaces) throw taken(superseded);
  return { named, beside, restored, replaced, superseded };
}

function taken(name: string): TargetFailure {
  return new TargetFailure('refused', `an instance ${name} exists already and is not this restore's`, {
    remedy: 'look at it, then rename or delete it; nothing was exchanged',
  });
}
