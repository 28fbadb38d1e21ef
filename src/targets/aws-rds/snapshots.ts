import { CreateDBSnapshotCommand, type DBSnapshot, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import { isMadeBy, isOf } from '../../aws/owner.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import { tagsIn } from './instances.ts';
import { snapshotName } from './names.ts';
import { type AtBegin, createSnapshot, ownTags } from './requests.ts';

/** `percent`: of the data, as RDS estimates it. `takenAt`: ISO 8601, null while RDS does not say. Bytes are those of the disk. */
export type Snapshot = {
  id: string;
  arn: string;
  status: string;
  percent: number | null;
  takenAt: string | null;
  resourceId: string;
  bytes: number | null;
  tags: Record<string, string>;
};

function asSnapshot(found: DBSnapshot): Snapshot {
  return {
    id: found.DBSnapshotIdentifier ?? '',
    arn: found.DBSnapshotArn ?? '',
    status: found.Status ?? '',
    percent: found.PercentProgress ?? null,
    takenAt: found.SnapshotCreateTime?.toISOString() ?? null,
    resourceId: found.DbiResourceId ?? '',
    bytes: found.AllocatedStorage === undefined ? null : found.AllocatedStorage * 2 ** 30,
    tags: tagsIn(found.TagList),
  };
}

export async function findSnapshot(spec: AwsRdsSpec, id: string): Promise<Snapshot | null> {
  try {
    const command = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id });
    const [found] = (await rdsOf(spec).read.send(command)).DBSnapshots ?? [];
    return found === undefined ? null : asSnapshot(found);
  } catch (error) {
    if (isNamed(error, 'DBSnapshotNotFound')) return null;
    throw translated(`describing the snapshot ${id}`, error);
  }
}

/** Every manual snapshot of the account in this region. */
export async function allSnapshots(spec: AwsRdsSpec): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  for (let marker: string | undefined; ; ) {
    const more = marker === undefined ? {} : { Marker: marker };
    const command = new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', ...more });
    const page = await asking('listing snapshots', () => rdsOf(spec).read.send(command));
    found.push(...(page.DBSnapshots ?? []).map(asSnapshot));
    if (page.Marker === undefined || page.Marker === '') return found;
    marker = page.Marker;
  }
}

/** The snapshot of this very call, or the free name that it can be made under. */
export type Place = { name: string; snapshot: Snapshot | null };

/**
 * What an earlier attempt began is found by its name and its tag; a name that this release used up for a snapshot that
 * failed is passed over.
 * @throws TargetFailure `refused` when somebody else has the name
 */
export async function placeFor(call: Call<AwsRdsSpec>): Promise<Place> {
  for (let count = 1; ; count += 1) {
    const name = snapshotName(call, count);
    const snapshot = await findSnapshot(call.spec, name);
    if (snapshot === null || isMadeBy(snapshot.tags, call)) return { name, snapshot };
    if (isOf(snapshot.tags, call)) continue;
    throw new TargetFailure('refused', `the snapshot ${name} exists already and is not of this release`, {
      remedy: 'look at it, then rename or delete it: nothing was changed',
    });
  }
}

const quotaRemedy = 'delete snapshots that nobody needs (savepoint superseded list), or have the quota raised';

/**
 * Asks for the snapshot. @returns false while the instance takes no such request
 * @throws TargetFailure `refused` at the quota; nothing was changed
 */
export async function beginSnapshot(call: Call<AwsRdsSpec>, name: string, at: AtBegin): Promise<boolean> {
  try {
    await rdsOf(call.spec).write.send(new CreateDBSnapshotCommand(createSnapshot(call, name, at)));
    call.log.info('snapshot begun', { snapshot: name });
    return true;
  } catch (error) {
    if (isNamed(error, 'InvalidDBInstanceState')) return false;
    // An attempt whose answer was lost; the next look finds it, and by its tag whose it is.
    if (isNamed(error, 'DBSnapshotAlreadyExists')) return true;
    if (isNamed(error, 'SnapshotQuotaExceeded')) {
      const message = `AWS makes no more snapshots in this account: ${error instanceof Error ? error.message : ''}`;
      throw new TargetFailure('refused', message, { remedy: quotaRemedy, notDone: [`snapshot ${name}`] }, error);
    }
    throw translated(`beginning the snapshot ${name}`, error);
  }
}

/** When the request was made, in milliseconds since 1970, by what the tag says. */
export function begunAt(tags: Record<string, string>): number {
  const at = Date.parse(tags[ownTags.begun] ?? '');
  return Number.isNaN(at) ? Date.now() : at;
}

/** What the tags of a snapshot say of the database when it was begun. */
export function atBegin(tags: Record<string, string>): { structure: string; hold: string | null } {
  const hold = tags[ownTags.hold] ?? 'none';
  return { structure: tags[ownTags.structure] ?? '', hold: hold === 'none' ? null : hold };
}
