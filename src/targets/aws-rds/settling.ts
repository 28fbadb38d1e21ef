import {
  AddRoleToDBInstanceCommand,
  AddTagsToResourceCommand,
  ModifyDBInstanceCommand,
  RebootDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import { type Fingerprint, type Proof, prove } from '../../release/fingerprint.ts';
import type { Call, Savepoint } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import { foreignTags, type Instance } from './instances.ts';
import { ownTags, settle, tagging } from './requests.ts';
import type { ModifyInput } from './setting.ts';
import { differing, settingsParts } from './settings.ts';
import type { InstanceRole, RdsState } from './state.ts';

/** What still keeps a restored instance from being as the saved one. */
type Missing = {
  names: string[];
  modify: Partial<ModifyInput>;
  lost: string[];
  tags: Record<string, string>;
  roles: InstanceRole[];
};

export function missingOf({ settings, tags, roles }: RdsState, restored: Instance): Missing {
  const found = differing(settings, restored.settings);
  const absent = Object.entries(tags).filter(([key, value]) => restored.tags[key] !== value);
  const more = Object.keys(foreignTags(restored.tags)).filter((key) => !Object.hasOwn(tags, key));
  const without = roles.filter(({ arn }) => !restored.roles.some((one) => one.arn === arn));
  return {
    names: [
      ...found.names,
      ...absent.map(([key]) => `tag ${key}`),
      ...without.map(({ feature }) => `role for ${feature}`),
    ],
    modify: found.modify,
    lost: [...found.lost, ...more.map((key) => `tag ${key}: nobody gave it to the saved one`)],
    tags: Object.fromEntries(absent),
    roles: without,
  };
}

/**
 * Sets what no restore takes, once, and finds out whether it is there.
 * @returns what is awaited; null when the instance has every setting of the saved one
 * @throws TargetFailure `refused` for a setting that is lost. Nothing was exchanged then.
 */
export async function ensureSettings(
  call: Call<AwsRdsSpec>,
  to: Savepoint<RdsState>,
  restored: Instance,
): Promise<string | null> {
  if (!restored.parametersIn) {
    await changing(restored, () =>
      rdsOf(call.spec).write.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: restored.id })),
    );
    return `${restored.id} starts again with its parameter group`;
  }
  const missing = missingOf(to.state, restored);
  if (missing.lost.length > 0) throw lost(restored, missing.lost);
  if (missing.names.length === 0) return null;
  const waiting = `setting ${missing.names.join(', ')} of ${restored.id}`;
  const settledAt = Date.parse(restored.tags[ownTags.settled] ?? '');
  if (Number.isNaN(settledAt)) {
    call.signal.throwIfAborted();
    await set(call, restored, missing);
  } else if (Date.now() - settledAt > call.spec.restore.settle) {
    throw lost(restored, missing.names);
  }
  return waiting;
}

function lost({ id }: Instance, what: string[]): TargetFailure {
  return new TargetFailure('refused', `the restored instance ${id} is not as the saved one; nothing was exchanged`, {
    evidence: what.slice(0, 8).join('\n'),
    remedy: `set it on ${id} by hand where that is possible, then try again`,
    notDone: ['exchange of the instances'],
  });
}

async function set(call: Call<AwsRdsSpec>, restored: Instance, missing: Missing): Promise<void> {
  const { write } = rdsOf(call.spec);
  if (Object.keys(missing.modify).length > 0) {
    await changing(restored, () => write.send(new ModifyDBInstanceCommand(settle(restored.id, missing.modify))));
  }
  for (const { arn: RoleArn, feature: FeatureName } of missing.roles) {
    const input = { DBInstanceIdentifier: restored.id, RoleArn, FeatureName };
    await changing(restored, () => write.send(new AddRoleToDBInstanceCommand(input)));
  }
  // Last: whoever finds this tag may rely on the rest having been asked for.
  await addTags(call, restored, { ...missing.tags, [ownTags.settled]: new Date().toISOString() });
}

/** A request that an instance takes only in some states; then the next look asks again. */
async function changing(restored: Instance, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isNamed(error, 'InvalidDBInstanceState', 'DBInstanceRoleAlreadyExists')) return;
    throw translated(`setting up ${restored.id}`, error);
  }
}

/** Tags stay with an instance whatever it is called. */
export async function addTags(call: Call<AwsRdsSpec>, to: Instance, tags: Record<string, string>): Promise<void> {
  const command = new AddTagsToResourceCommand(tagging(to.arn, tags));
  await asking(`tagging ${to.id}`, () => rdsOf(call.spec).write.send(command));
}

/** Every setting compared, as parts of a proof. */
export function settingsProof({ settings }: RdsState, restored: Instance, takenAt: string): Proof {
  const now = Object.fromEntries(Object.entries(restored.settings).filter(([name]) => Object.hasOwn(settings, name)));
  const expected: Fingerprint = { takenAt, parts: settingsParts(settings) };
  return prove(expected, { takenAt, parts: settingsParts(now) });
}
