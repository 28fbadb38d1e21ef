import { TargetFailure } from '../../release/failure.ts';
import type { Call, Savepoint, Step } from '../../release/target.ts';
import { findDatabase, identifier, literal, openSession } from './connection.ts';
import { copyOriginal, dropUnfinished } from './copy.ts';
import { dumpOriginal } from './dump.ts';
import { type Claim, claimed, stillNewest } from './fence.ts';
import { absentFingerprint, type Facts, fingerprintOf, readFactsNow } from './fingerprint.ts';
import { readHold } from './hold.ts';
import { copyName } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { inBackground, type Progress } from './running.ts';
import { type PostgresState, readSavepoint } from './savepoints.ts';
import { type DatabaseSettings, readSettings } from './settings.ts';

/** Settings of the database as they are when nobody is held; null when it does not exist. */
async function ownSettings(claim: Pick<Claim, 'maintenance' | 'place'>): Promise<DatabaseSettings | null> {
  const settings = await readSettings(claim.maintenance, claim.place.database);
  const held = await readHold(claim.maintenance, claim.place.database);
  return settings === null || held === null ? settings : { ...settings, grants: held.grants };
}

/** Records what the database is and keeps a copy of it. The same key finds what was saved. */
export function save(call: Call<PostgresSpec>): Promise<Step<Savepoint<PostgresState>>> {
  return inBackground(call, 'taking a savepoint', (progress) =>
    claimed(call, progress.signal, async (claim) => {
      const remembered = await readSavepoint(claim.maintenance, call.key);
      if (remembered?.savepoint != null) return remembered.savepoint;
      const settings = await ownSettings(claim);
      if (settings === null) return remember(call, claim, absentSavepoint(call, claim), null);
      return call.spec.savepoint.by === 'dump'
        ? saveByDump({ call, claim, progress }, settings)
        : saveByTemplate({ call, claim, progress }, settings);
    }),
  );
}

type Saving = { call: Call<PostgresSpec>; claim: Claim; progress: Progress };

function absentSavepoint(call: Call<PostgresSpec>, claim: Claim): Savepoint<PostgresState> {
  const takenAt = new Date().toISOString();
  return {
    ...common(call),
    takenAt,
    absent: true,
    heldMs: 0,
    fingerprint: absentFingerprint(takenAt),
    state: { by: 'absent', database: claim.place.database, key: call.key, copy: null, file: null, sha256: null },
  };
}

function common(call: Call<PostgresSpec>) {
  return { target: call.target, kind: 'postgres', release: call.release, version: null };
}

async function saveByTemplate(saving: Saving, settings: DatabaseSettings): Promise<Savepoint<PostgresState>> {
  const { call, claim, progress } = saving;
  const name = copyName(claim.place.database, call.release);
  const copied = await copyOnce(saving, name);
  progress.tell(`fingerprinting ${name}`);
  // An attempt that was lost below has closed it already.
  await claim.maintenance.run(`alter database ${identifier(name)} allow_connections true`);
  const session = await openSession(claim.place, name, claim.application);
  let facts: Facts;
  try {
    await stillNewest(claim);
    facts = await readFactsNow(session, settings, 'content');
  } finally {
    await session.close();
  }
  // Nobody changes what a restore will rely on.
  await claim.maintenance.run(`alter database ${identifier(name)} allow_connections false`);
  const savepoint: Savepoint<PostgresState> = {
    ...common(call),
    takenAt: copied.takenAt,
    absent: false,
    heldMs: copied.heldMs,
    fingerprint: { ...fingerprintOf(facts), takenAt: copied.takenAt },
    state: { by: 'template', database: claim.place.database, key: call.key, copy: name, file: null, sha256: null },
  };
  return remember(call, claim, savepoint, facts);
}

/** The copy of an attempt that was lost while it copied is made again: nobody knows how long it held writers. */
async function copyOnce(saving: Saving, name: string): Promise<{ takenAt: string; heldMs: number }> {
  const { call, claim, progress } = saving;
  const row = await readSavepoint(claim.maintenance, call.key);
  const there = await findDatabase(claim.maintenance, name);
  if (there !== null && row === null) throw nameTaken(name);
  if (there !== null && row?.copyOid === there.oid && row.takenAt !== null && row.heldMs !== null) {
    return { takenAt: row.takenAt.toISOString(), heldMs: row.heldMs };
  }
  if (there !== null) await dropUnfinished(claim, name);
  await claim.maintenance.rows(
    `insert into savepoint.savepoints (key, database, release, copy) values ($1, $2, $3, $4) on conflict (key) do nothing`,
    [call.key, claim.place.database, call.release, name],
  );
  progress.tell(`copying ${claim.place.database} while writers wait`);
  const copied = await copyOriginal(claim, name, call.spec.savepoint.maxHold);
  await claim.maintenance.rows(
    `update savepoint.savepoints set copy_oid = $2, taken_at = $3, held_ms = $4 where key = $1`,
    [call.key, copied.oid, copied.takenAt, copied.heldMs],
  );
  const comment = `Savepoint of ${claim.place.database}, ${copied.takenAt}, release ${call.release}`;
  await claim.maintenance.run(`comment on database ${identifier(name)} is ${literal(comment)}`);
  return copied;
}

function nameTaken(name: string): TargetFailure {
  return new TargetFailure('refused', `a database ${name} exists already and is not this release's savepoint`, {
    remedy: 'look at it, then rename or drop it',
  });
}

async function saveByDump(saving: Saving, settings: DatabaseSettings): Promise<Savepoint<PostgresState>> {
  const { call, claim, progress } = saving;
  const dumped = await dumpOriginal(call, claim, { settings, signal: progress.signal, tell: progress.tell });
  const savepoint: Savepoint<PostgresState> = {
    ...common(call),
    takenAt: dumped.facts.takenAt,
    absent: false,
    heldMs: 0,
    fingerprint: fingerprintOf(dumped.facts),
    state: {
      by: 'dump',
      database: claim.place.database,
      key: call.key,
      copy: null,
      file: dumped.file,
      sha256: dumped.sha256,
    },
  };
  return remember(call, claim, savepoint, dumped.facts);
}

async function remember(
  call: Call<PostgresSpec>,
  claim: Claim,
  savepoint: Savepoint<PostgresState>,
  facts: Facts | null,
): Promise<Savepoint<PostgresState>> {
  await claim.maintenance.rows(
    `insert into savepoint.savepoints (key, database, release, copy, facts, savepoint) values ($1, $2, $3, $4, $5, $6)
     on conflict (key) do update set facts = excluded.facts, savepoint = excluded.savepoint`,
    [call.key, claim.place.database, call.release, savepoint.state.copy, facts, savepoint],
  );
  return savepoint;
}
