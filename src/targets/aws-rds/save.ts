import { lookAgainMs } from '../../aws/pacing.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Call, Savepoint, Step } from '../../release/target.ts';
import { readNow } from '../postgres/compare.ts';
import { findDatabase } from '../postgres/connection.ts';
import { claimed } from '../postgres/fence.ts';
import { isRunning } from '../postgres/running.ts';
import { save as saveDatabase } from '../postgres/save.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { foreignTags, isHopeless, theInstance } from './instances.ts';
import { databaseCall } from './place.ts';
import { heldNow, readDatabase, remembered, structureOf } from './reading.ts';
import { beginSnapshot, begunAt, placeFor, type Snapshot } from './snapshots.ts';
import type { RdsState } from './state.ts';

/** Pause between looks while the end may be near. */
const denseMs = 5_000;

/**
 * Takes a snapshot named from the release and waits for it, however long it takes. The same key finds what it began.
 *
 * What is said of the rows in it: a snapshot shows one instant between request and completion that RDS does not tell, so
 * its rows are fingerprinted only where the same hold kept writers out all the time. Else the savepoint proves the
 * structure, which is read before and after and has to be the same, and nothing of rows: those are proved by nobody before
 * the snapshot was restored once (docs/rollback.md, Proof).
 * @throws TargetFailure `refused` when the name is taken or at the quota, `failed` when RDS gives up, `changed` when
 *   somebody changed the structure meanwhile. Nothing was changed then.
 */
export async function save(call: Call<AwsRdsSpec>): Promise<Step<Savepoint<RdsState>>> {
  const database = databaseCall(call);
  if (isRunning({ ...database, key: `${call.key} reading` })) return await readDatabase(call, null);
  const before = await claimed(database, call.signal, async (claim) => ({
    known: await remembered(claim, call.key),
    there: (await findDatabase(claim.maintenance, claim.place.database)) !== null,
  }));
  if (before.known !== null) return { state: 'done', value: before.known };
  if (!before.there) return await saveAbsence(call);
  if (call.spec.savepoint.way === 'point-in-time') return await readDatabase(call, null);
  const { name, snapshot } = await placeFor(call);
  return snapshot === null ? await begin(call, name) : await waitFor(call, snapshot);
}

/** There is an instance and no database on it: going back means none again, and needs no snapshot. */
async function saveAbsence(call: Call<AwsRdsSpec>): Promise<Step<Savepoint<RdsState>>> {
  const saved = await saveDatabase(databaseCall(call));
  if (saved.state !== 'done') return saved;
  const { settings, tags, roles, resourceId } = await theInstance(call.spec);
  const { database, key } = saved.value.state;
  const state: RdsState = {
    ...{ way: 'absent', instance: call.spec.instance, resourceId, snapshot: null, instant: null },
    ...{ settings, tags: foreignTags(tags), roles, database, key, rowsRead: true },
  };
  return { state: 'done', value: { ...saved.value, kind: 'aws-rds', state } };
}

async function begin(call: Call<AwsRdsSpec>, name: string): Promise<Step<Savepoint<RdsState>>> {
  const instance = await theInstance(call.spec);
  if (isHopeless(instance)) {
    throw new TargetFailure('refused', `${instance.id} is ${instance.status}, so no snapshot of it can be taken`);
  }
  const busy = `${instance.id} is ${instance.status}; the snapshot ${name} begins afterwards`;
  // RDS takes the request in no other state (botocore, InvalidDBInstanceState).
  if (instance.status !== 'available') return { state: 'working', detail: busy, lookAgainMs: denseMs };
  const at = await claimed(databaseCall(call), call.signal, async (claim) => {
    const facts = await readNow(claim, 'structure');
    return { structure: structureOf(facts), hold: await heldNow(claim) };
  });
  call.signal.throwIfAborted();
  const taken = await beginSnapshot(call, name, { ...at, begun: new Date().toISOString() });
  return { state: 'working', detail: taken ? `snapshot ${name} has begun` : busy, lookAgainMs: denseMs };
}

async function waitFor(call: Call<AwsRdsSpec>, snapshot: Snapshot): Promise<Step<Savepoint<RdsState>>> {
  const { id, status, percent, tags } = snapshot;
  if (status === 'available') return await readDatabase(call, snapshot);
  if (status !== 'creating' && status !== 'pending') {
    throw new TargetFailure('failed', `RDS could not take the snapshot ${id}: it is ${status}`, {
      remedy: 'look at the events of the instance; nothing was changed',
      notDone: [`snapshot ${id}`],
    });
  }
  const elapsedMs = Date.now() - begunAt(tags);
  const pause = lookAgainMs({ elapsedMs, past: call.past ?? [], percent, denseMs });
  const progress = percent === null ? '' : `, ${percent} %`;
  const minutes = Math.floor(elapsedMs / 60_000);
  return { state: 'working', detail: `snapshot ${id} is ${status}${progress}, for ${minutes} min`, lookAgainMs: pause };
}
