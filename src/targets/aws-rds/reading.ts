import { createHash } from 'node:crypto';
import { TargetFailure } from '../../release/failure.ts';
import type { Call, Savepoint, Step } from '../../release/target.ts';
import { readNow } from '../postgres/compare.ts';
import { pause, type Session } from '../postgres/connection.ts';
import { type Claim, claimed } from '../postgres/fence.ts';
import { type Facts, fingerprintOf } from '../postgres/fingerprint.ts';
import { holdInForce } from '../postgres/loss/held.ts';
import { inBackground, type Progress } from '../postgres/running.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { foreignTags, type Instance, theInstance } from './instances.ts';
import { databaseCall } from './place.ts';
import { atBegin, type Snapshot } from './snapshots.ts';
import { asDatabaseSavepoint, type RdsState } from './state.ts';

/** The same for equal structures; '' for a database that does not exist. */
export function structureOf(facts: Facts | null): string {
  if (facts === null) return '';
  const { parts } = fingerprintOf({ ...facts, contents: [] });
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The hold that keeps everybody out just now, as one line; null when somebody is let in. */
export function heldNow(claim: Claim): Promise<string | null> {
  return holdInForce(claim);
}

/** The savepoint that was taken under this key, null when it is not complete. */
export async function remembered(
  { maintenance }: Pick<Claim, 'maintenance'>,
  key: string,
): Promise<Savepoint<RdsState> | null> {
  const [row] = await maintenance.rows<{ rds: Savepoint<RdsState> | null }>(
    `select savepoint->'rds' as rds from savepoint.savepoints where key = $1`,
    [key],
  );
  return row?.rds ?? null;
}

/** Beside what every later verb of the kind `postgres` looks for: the facts and the savepoint in its own terms. */
export async function remember(
  { maintenance, place }: Pick<Claim, 'maintenance' | 'place'>,
  savepoint: Savepoint<RdsState>,
  facts: Facts,
): Promise<void> {
  await maintenance.rows(
    `insert into savepoint.savepoints (key, database, release, facts, savepoint, taken_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (key) do update set facts = excluded.facts, savepoint = excluded.savepoint`,
    [
      savepoint.state.key,
      place.database,
      savepoint.release,
      facts,
      { ...asDatabaseSavepoint(savepoint), rds: savepoint },
      savepoint.takenAt,
    ],
  );
}

type Reading = { call: Call<AwsRdsSpec>; claim: Claim; progress: Progress; snapshot: Snapshot | null };

/** Reads what belongs to the savepoint beside the snapshot, and completes it. `snapshot`: null for a point in time. */
export function readDatabase(call: Call<AwsRdsSpec>, snapshot: Snapshot | null): Promise<Step<Savepoint<RdsState>>> {
  const database = { ...databaseCall(call), key: `${call.key} reading` };
  return inBackground(database, 'reading the database', (progress) =>
    claimed(database, progress.signal, async (claim) => {
      const known = await remembered(claim, call.key);
      return known ?? (await complete({ call, claim, progress, snapshot }));
    }),
  );
}

async function complete(reading: Reading): Promise<Savepoint<RdsState>> {
  const { call, claim, progress, snapshot } = reading;
  const hold = await heldNow(claim);
  const begun = snapshot === null ? { hold, structure: null } : atBegin(snapshot.tags);
  const held = hold !== null && hold === begun.hold;
  const instant = await nextSecond(claim.maintenance);
  progress.tell(`reading ${claim.place.database}${held ? ', every row of it' : ''}`);
  const facts = await readNow(claim, held ? 'content' : 'structure');
  if (facts === null) throw new TargetFailure('changed', `the database ${claim.place.database} is gone`);
  if (begun.structure !== null && begun.structure !== structureOf(facts)) throw structureChanged(claim, snapshot);
  const rowsRead = held && (await heldNow(claim)) === hold;
  const instance = await theInstance(call.spec);
  if (snapshot !== null && snapshot.resourceId !== instance.resourceId) throw ofAnother(instance, snapshot);
  const savepoint = savepointOf(reading, {
    instance,
    facts: rowsRead ? facts : { ...facts, contents: [] },
    rowsRead,
    instant,
  });
  await remember(claim, savepoint, facts);
  return savepoint;
}

function structureChanged({ place }: Claim, snapshot: Snapshot | null): TargetFailure {
  return new TargetFailure(
    'changed',
    `somebody changed the structure of ${place.database} while ${snapshot?.id} was taken, so nobody can tell which one it holds`,
    { remedy: 'find out who changes tables by themselves, then start again; nothing was changed by this release' },
  );
}

function ofAnother({ id, resourceId }: Instance, snapshot: Snapshot): TargetFailure {
  const message = `the snapshot ${snapshot.id} is of the instance ${snapshot.resourceId}, and ${id} is ${resourceId} now`;
  return new TargetFailure('changed', message, { remedy: 'find out who exchanged the instance, then start again' });
}

/**
 * The next whole second on the server, after waiting for it: RDS recovers to whole seconds, and whatever the release
 * changes comes later.
 */
async function nextSecond(session: Session): Promise<string> {
  const [clock] = await session.rows<{ now: Date }>('select clock_timestamp() as now');
  const now = (clock?.now ?? new Date()).getTime();
  const next = Math.ceil(now / 1000) * 1000;
  await pause(next - now + 1);
  return new Date(next).toISOString();
}

type Read = { instance: Instance; facts: Facts; rowsRead: boolean; instant: string };

function savepointOf(
  { call, claim, snapshot }: Reading,
  { instance, facts, rowsRead, instant }: Read,
): Savepoint<RdsState> {
  const { settings, tags, roles, resourceId } = instance;
  const recoverable = Number(settings['backup retention'] ?? 0) > 0;
  if (snapshot === null && !recoverable) {
    throw new TargetFailure(
      'refused',
      `${instance.id} keeps no automated backups, so it cannot go back to a point in time`,
      {
        remedy: 'set a backup retention period, or use savepoint: { way: snapshot }',
      },
    );
  }
  const takenAt = snapshot?.takenAt ?? instant;
  const state: RdsState = {
    ...{ way: snapshot === null ? 'point-in-time' : 'snapshot', instance: call.spec.instance, resourceId },
    ...{ snapshot: snapshot?.id ?? null, instant: recoverable ? instant : null },
    ...{ settings, tags: foreignTags(tags), roles, database: claim.place.database, key: call.key, rowsRead },
  };
  return {
    ...{
      target: call.target,
      kind: 'aws-rds',
      release: call.release,
      version: null,
      takenAt,
      absent: false,
      heldMs: 0,
    },
    fingerprint: { ...fingerprintOf(facts), takenAt },
    state,
  };
}
