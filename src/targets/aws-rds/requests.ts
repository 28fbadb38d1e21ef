import type {
  AddTagsToResourceMessage,
  CreateDBSnapshotMessage,
  ModifyDBInstanceMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeMessage,
} from '@aws-sdk/client-rds';
import { asUpperTags, tagsOf } from '../../aws/owner.ts';
import type { Call, Savepoint } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import type { ModifyInput } from './setting.ts';
import { restoreInput } from './settings.ts';
import type { RdsState } from './state.ts';

/** Savepoint's own tags beside those of `src/aws/owner.ts`; each is needed to go on after a crash. */
export const ownTags = {
  /** `beside`: restored and not in place yet · `restored`: in place · `superseded`: replaced by one that was restored. */
  role: 'savepoint:role',
  /** When the request was made, ISO 8601. */
  begun: 'savepoint:begun',
  /** Structure of the database when the snapshot was begun, as a hash. */
  structure: 'savepoint:structure',
  /** The hold that kept writers out then; `none`. */
  hold: 'savepoint:hold',
  /** Resource id of the instance that a restored one is to replace. */
  replaces: 'savepoint:replaces',
  /** Name that the replaced instance gets. */
  superseded: 'savepoint:superseded',
  /** When settings were set that no restore takes, ISO 8601. */
  settled: 'savepoint:settled',
} as const;

type Owner = Pick<Call<AwsRdsSpec>, 'release' | 'application' | 'environment' | 'target' | 'key' | 'spec'>;

/** What is known of the database when the snapshot is begun. */
export type AtBegin = { begun: string; structure: string; hold: string | null };

export function createSnapshot(call: Owner, name: string, at: AtBegin): CreateDBSnapshotMessage {
  const own = { [ownTags.begun]: at.begun, [ownTags.structure]: at.structure, [ownTags.hold]: at.hold ?? 'none' };
  return {
    DBSnapshotIdentifier: name,
    DBInstanceIdentifier: call.spec.instance,
    Tags: asUpperTags({ ...tagsOf(call), ...own }),
  };
}

/** `name`: of the new instance · `replaces`: resource id · `superseded`: name for the one that it replaces. */
export type Restoring = { name: string; begun: string; replaces: string; superseded: string };

function restoreTags(call: Owner, to: Savepoint<RdsState>, { begun, replaces, superseded }: Restoring) {
  const own = {
    [ownTags.role]: 'beside',
    [ownTags.begun]: begun,
    [ownTags.replaces]: replaces,
    [ownTags.superseded]: superseded,
  };
  return asUpperTags({ ...to.state.tags, ...tagsOf(call), ...own });
}

/** Every setting of the saved instance: RDS would take defaults instead (RDS guide, "Restoring to a DB instance"). */
export function restoreSnapshot(
  call: Owner,
  to: Savepoint<RdsState>,
  restoring: Restoring,
): RestoreDBInstanceFromDBSnapshotMessage {
  return {
    DBInstanceIdentifier: restoring.name,
    DBSnapshotIdentifier: to.state.snapshot ?? '',
    ...restoreInput(to.state.settings),
    Tags: restoreTags(call, to, restoring),
  };
}

/** `source`: the name that the saved instance has now. */
export function restorePointInTime(
  call: Owner,
  to: Savepoint<RdsState>,
  restoring: Restoring & { source: string },
): RestoreDBInstanceToPointInTimeMessage {
  const { settings, instant } = to.state;
  const limit = settings['storage autoscaling limit'];
  return {
    SourceDBInstanceIdentifier: restoring.source,
    TargetDBInstanceIdentifier: restoring.name,
    RestoreTime: new Date(instant ?? 0),
    ...restoreInput(settings),
    ...(typeof limit === 'number' ? { MaxAllocatedStorage: limit } : {}),
    Tags: restoreTags(call, to, restoring),
  };
}

/** At once: the maintenance window may be a week away. */
export function settle(name: string, change: Partial<ModifyInput>): ModifyDBInstanceMessage {
  return { DBInstanceIdentifier: name, ...change, ApplyImmediately: true };
}

/** Reboots the instance, and its old name leads nowhere from then on (RDS guide, "Renaming a DB instance"). */
export function rename(from: string, to: string): ModifyDBInstanceMessage {
  return { DBInstanceIdentifier: from, NewDBInstanceIdentifier: to, ApplyImmediately: true };
}

export function tagging(arn: string, tags: Record<string, string>): AddTagsToResourceMessage {
  return { ResourceName: arn, Tags: asUpperTags(tags) };
}
