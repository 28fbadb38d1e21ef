import { DeleteDBInstanceCommand, DeleteDBSnapshotCommand } from '@aws-sdk/client-rds';
import { asking } from '../../aws/failures.ts';
import { ownerTags } from '../../aws/owner.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Call, Kept, Step } from '../../release/target.ts';
import { discard as discardDatabase } from '../postgres/discard.ts';
import { kept as keptDatabases } from '../postgres/kept.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import { allInstances, type Instance } from './instances.ts';
import { databaseCall } from './place.ts';
import { ownTags } from './requests.ts';
import { allSnapshots, type Snapshot } from './snapshots.ts';

type Rds = Call<AwsRdsSpec>;
type Tags = Record<string, string>;

/** Did any release make it for this very target? */
function isOurs({ application, environment, target }: Rds, tags: Tags): boolean {
  return (
    tags[ownerTags.application] === application &&
    tags[ownerTags.environment] === environment &&
    tags[ownerTags.target] === target
  );
}

function common(tags: Tags): Pick<Kept, 'release' | 'since' | 'owner'> {
  return { release: tags[ownerTags.release] ?? null, since: tags[ownTags.begun] ?? null, owner: null };
}

function keptInstance({ id, tags, settings, status }: Instance): Kept {
  const protection = settings['deletion protection'] === true;
  const busy = status === 'available' || status === 'stopped' || status === 'failed' ? null : `it is ${status}`;
  return {
    name: id,
    what: tags[ownTags.role] === 'superseded' ? 'superseded' : 'unfinished',
    ...common(tags),
    bytes: Number(settings.storage ?? 0) * 2 ** 30,
    level: 'unproved',
    obstacle: protection ? 'deletion protection is on: switch it off first' : busy,
  };
}

/** Of a snapshot nobody knows whether it can be restored before somebody has. */
function keptSnapshot({ id, tags, bytes, status, takenAt }: Snapshot): Kept {
  const made = common(tags);
  return {
    ...{ name: id, what: status === 'failed' ? 'unfinished' : 'savepoint', ...made, since: takenAt ?? made.since },
    ...{ bytes, level: 'unproved', obstacle: status === 'creating' ? 'it is not finished yet' : null },
  };
}

async function keptByRds(call: Rds): Promise<{ instances: Instance[]; snapshots: Snapshot[] }> {
  const instances = await allInstances(call.spec);
  const snapshots = await allSnapshots(call.spec);
  const name = call.spec.instance.toLowerCase();
  return {
    instances: instances.filter(
      ({ id, tags }) =>
        isOurs(call, tags) && ['beside', 'superseded'].includes(tags[ownTags.role] ?? '') && id.toLowerCase() !== name,
    ),
    snapshots: snapshots.filter((one) => isOurs(call, one.tags)),
  };
}

/** Instances and snapshots that releases left, and databases on the instance. The instance that users have is none of them. */
export async function kept(call: Rds): Promise<Kept[]> {
  call.signal.throwIfAborted();
  const { instances, snapshots } = await keptByRds(call);
  return [...instances.map(keptInstance), ...snapshots.map(keptSnapshot), ...(await keptDatabases(databaseCall(call)))];
}

/**
 * Removes one thing that `kept` lists. An instance goes without a final snapshot; its automated backups stay for as long as
 * it was told to keep them.
 * @throws TargetFailure `not-found` for any other name, `refused` with deletion protection or while it is at work
 */
export async function discard(call: Rds, name: string): Promise<Step<Json>> {
  call.signal.throwIfAborted();
  const { instances, snapshots } = await keptByRds(call);
  const instance = instances.find(({ id }) => id === name);
  const snapshot = snapshots.find(({ id }) => id === name);
  if (instance !== undefined) return await discardInstance(call, instance);
  if (snapshot !== undefined) return await discardSnapshot(call, snapshot);
  return await discardDatabase(databaseCall(call), name);
}

function refuse({ name, obstacle }: Kept): void {
  if (obstacle !== null) throw new TargetFailure('refused', `${name} is not discarded: ${obstacle}`);
}

async function discardInstance({ spec }: Rds, instance: Instance): Promise<Step<Json>> {
  const { id, status } = instance;
  const found = keptInstance(instance);
  if (status === 'deleting') return { state: 'done', value: { ...found, obstacle: null } };
  refuse(found);
  const input = { DBInstanceIdentifier: id, SkipFinalSnapshot: true, DeleteAutomatedBackups: false };
  await asking(`deleting ${id}`, () => rdsOf(spec).write.send(new DeleteDBInstanceCommand(input)));
  return { state: 'done', value: { ...found } };
}

async function discardSnapshot({ spec }: Rds, snapshot: Snapshot): Promise<Step<Json>> {
  const { id } = snapshot;
  const found = keptSnapshot(snapshot);
  refuse(found);
  await asking(`deleting the snapshot ${id}`, () =>
    rdsOf(spec).write.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id })),
  );
  return { state: 'done', value: { ...found } };
}
