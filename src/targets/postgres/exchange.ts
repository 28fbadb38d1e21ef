import { TargetFailure } from '../../release/failure.ts';
import { findDatabase, identifier, inTransaction, literal, openSession, type Session } from './connection.ts';
import { type Claim, stillNewest } from './fence.ts';
import { readHold } from './hold.ts';
import { maintenanceDatabase, supersededName } from './names.ts';
import { endForeignSessions } from './sessions.ts';
import { grantStatements, heldGrants, readGrants } from './settings.ts';

/** How far a restore got, as the server remembers it. A row and what it tells of are written in one transaction. */
export type RestoreRow = {
  key: string;
  beside: string | null;
  besideOid: string | null;
  /** Whether the database let anybody in before it was closed; null while it is not closed. */
  allowed: boolean | null;
  closedAt: Date | null;
  exchangedAt: Date | null;
  kept: string | null;
};

const closeWithinMs = 15_000;

export async function readRestore(maintenance: Session, key: string): Promise<RestoreRow | null> {
  const [row] = await maintenance.rows<RestoreRow>(
    `select key, beside, beside_oid as "besideOid", allowed, closed_at as "closedAt", exchanged_at as "exchangedAt", kept
       from savepoint.restores where key = $1`,
    [key],
  );
  return row ?? null;
}

/** Closes the database for everybody, the owner and superusers included. Counts as downtime from here. */
async function close(claim: Claim, key: string): Promise<void> {
  const { maintenance, place } = claim;
  await inTransaction(maintenance, async () => {
    const now = await findDatabase(maintenance, place.database);
    await maintenance.rows(
      `update savepoint.restores set allowed = coalesce(allowed, $2), closed_at = coalesce(closed_at, clock_timestamp()) where key = $1`,
      [key, now?.allowConnections ?? true],
    );
    if (now !== null) await maintenance.run(`alter database ${identifier(place.database)} allow_connections false`);
  });
  await endForeignSessions(maintenance, place.database, { ours: [], patienceMs: closeWithinMs, keptOut: () => true });
}

/** After an exchange that did not come off: users get back what they had, unless a newer attempt is at work. */
async function reopen(claim: Claim, key: string): Promise<void> {
  // A name of its own: the sessions of an aborted attempt are just being ended. The lock below guards it instead.
  const session = await openSession(claim.place, maintenanceDatabase, 'savepoint/reopen');
  const again: Claim = { ...claim, maintenance: session };
  try {
    await inTransaction(session, async () => {
      await session.rows('select from savepoint.fences where database = $1 for update', [claim.place.database]);
      await stillNewest(again);
      const row = await readRestore(session, key);
      if (row?.exchangedAt != null || row?.allowed == null) return;
      await session.rows('update savepoint.restores set allowed = null, closed_at = null where key = $1', [key]);
      await session.run(`alter database ${identifier(claim.place.database)} allow_connections ${row.allowed}`);
    });
  } finally {
    await session.close();
  }
}

async function freeName(claim: Claim, release: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const name = supersededName(claim.place.database, release, count);
    if ((await findDatabase(claim.maintenance, name)) === null) return name;
  }
}

/** Writers that the release still holds stay out of the database that takes the name. */
async function keepHeld(claim: Claim, database: string): Promise<void> {
  const held = await readHold(claim.maintenance, claim.place.database);
  if (held === null) return;
  const present = await readGrants(claim.maintenance, database);
  const [role] = await claim.maintenance.rows<{ name: string }>('select current_user as name');
  const wanted = heldGrants(held.absent ? present : held.grants, role?.name ?? '');
  for (const statement of grantStatements(database, present, wanted)) await claim.maintenance.run(statement);
}

/** Puts the database aside under a name that says what it is. @returns that name, null when there is no database */
async function putAside(claim: Claim, release: string, allowed: boolean): Promise<string | null> {
  const { maintenance, place } = claim;
  if ((await findDatabase(maintenance, place.database)) === null) return null;
  const kept = await freeName(claim, release);
  await maintenance.run(`alter database ${identifier(place.database)} rename to ${identifier(kept)}`);
  const [who] = await maintenance.rows<{ owner: string; day: string }>(
    `select r.rolname as owner, to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as day
       from pg_database d join pg_roles r on r.oid = d.datdba where d.datname = $1`,
    [kept],
  );
  const comment =
    `Replaced by a restore of release ${release} at ${who?.day} UTC; was ${place.database}, owner ${who?.owner}. ` +
    `Savepoint never drops it. Look after it within a week: savepoint superseded discard ${kept} --by <person> --reason <why>`;
  await maintenance.run(`comment on database ${identifier(kept)} is ${literal(comment)}`);
  await maintenance.run(`alter database ${identifier(kept)} allow_connections ${allowed}`);
  return kept;
}

/**
 * Everything that makes one database take the place of another, in one transaction: at no instant does the name point
 * at nothing, and after a crash either all of it happened or none.
 */
async function swap(claim: Claim, how: { key: string; release: string; beside: string | null }): Promise<void> {
  const { maintenance, place } = claim;
  await inTransaction(maintenance, async () => {
    const allowed = (await readRestore(maintenance, how.key))?.allowed ?? true;
    await maintenance.run(`set local lock_timeout to '10s'`);
    const kept = await putAside(claim, how.release, allowed);
    if (how.beside !== null) {
      await keepHeld(claim, how.beside);
      await maintenance.run(`alter database ${identifier(how.beside)} rename to ${identifier(place.database)}`);
      await maintenance.run(`alter database ${identifier(place.database)} allow_connections ${allowed}`);
    }
    await maintenance.rows('delete from savepoint.attempts where database = $1', [place.database]);
    await maintenance.rows(`update savepoint.restores set exchanged_at = clock_timestamp(), kept = $2 where key = $1`, [
      how.key,
      kept,
    ]);
  });
}

/**
 * Closes the database, lets `beside` take its name and keeps it under another one. Without `beside` the name is free
 * afterwards. Called again, it goes on where it was interrupted.
 * @throws TargetFailure after everybody was let back in, when somebody does not leave or the server refuses
 */
export async function exchange(
  claim: Claim,
  how: { key: string; release: string; beside: string | null },
): Promise<void> {
  try {
    await close(claim, how.key);
    await swap(claim, how);
  } catch (error) {
    await reopen(claim, how.key).catch((again: unknown) => {
      if (error instanceof TargetFailure && again instanceof TargetFailure) {
        error.details.notDone = [...(error.details.notDone ?? []), `letting users back in: ${again.message}`];
      }
    });
    throw error;
  }
}
