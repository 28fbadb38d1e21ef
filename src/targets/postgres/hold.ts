import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Call, Step } from '../../release/target.ts';
import { findDatabase, inTransaction, type Session } from './connection.ts';
import { type Claim, claimed } from './fence.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { endForeignSessions, type Foreign, rolesLetIn } from './sessions.ts';
import { type Grant, grantStatements, heldGrants, readGrants } from './settings.ts';

/** What is given back when writers are let in again. */
export type Held = { database: string; absent: boolean; grants: Grant[] };

const patienceMs = 10_000;

/** What is being kept from writers now; null when nobody is held. */
export async function readHold(maintenance: Session | null, database: string): Promise<Held | null> {
  if (maintenance === null) return null;
  const [row] = await maintenance.rows<{ held: Held }>('select held from savepoint.holds where database = $1', [
    database,
  ]);
  return row?.held ?? null;
}

async function currentRole(session: Session): Promise<string> {
  const [row] = await session.rows<{ role: string }>('select current_user as role');
  return row?.role ?? '';
}

/** Takes CONNECT from everybody else. What is taken and the record of it are one transaction. */
export async function takeGrants(claim: Claim, release: string): Promise<Held> {
  const { maintenance, place } = claim;
  return inTransaction(maintenance, async () => {
    const present = await readGrants(maintenance, place.database);
    // Held by an earlier attempt or by a release that was given up: what was there before that one counts.
    const held = (await readHold(maintenance, place.database)) ?? {
      database: place.database,
      absent: false,
      grants: present,
    };
    await maintenance.rows(
      `insert into savepoint.holds (database, release, held) values ($1, $2, $3)
       on conflict (database) do update set release = excluded.release`,
      [place.database, release, held],
    );
    const wanted = heldGrants(held.grants, await currentRole(maintenance));
    for (const statement of grantStatements(place.database, present, wanted)) await maintenance.run(statement);
    return held;
  });
}

/** Gives back exactly what was granted before and forgets the hold, in one transaction. */
export async function giveBack(claim: Claim): Promise<void> {
  const { maintenance, place } = claim;
  await inTransaction(maintenance, async () => {
    const held = await readHold(maintenance, place.database);
    if (held === null) return;
    await maintenance.rows('delete from savepoint.holds where database = $1', [place.database]);
    if ((await findDatabase(maintenance, place.database)) === null) return;
    const present = await readGrants(maintenance, place.database);
    for (const statement of grantStatements(place.database, present, held.grants)) await maintenance.run(statement);
  });
}

async function keepOut(claim: Claim): Promise<void> {
  const { maintenance, place } = claim;
  const letIn = await rolesLetIn(maintenance, place.database);
  if (letIn.length > 0) {
    throw new TargetFailure(
      'refused',
      `${letIn.join(', ')} may connect to ${place.database} through another role's rights`,
      {
        remedy: 'let Savepoint connect as a role that no writer is a member of',
      },
    );
  }
  const role = await currentRole(maintenance);
  const keptOut = (one: Foreign) => !one.super && one.role !== role;
  await endForeignSessions(maintenance, place.database, { ours: [claim.application], patienceMs, keptOut });
}

/**
 * Keeps everybody but Savepoint and its migration out of the database, and proves that nobody is left in it.
 * @throws TargetFailure `refused` when somebody cannot be kept out; everybody is let back in first
 */
export function hold(call: Call<PostgresSpec>): Promise<Step<Json>> {
  return claimed(call, call.signal, async (claim) => {
    if ((await findDatabase(claim.maintenance, claim.place.database)) === null) {
      return { state: 'done', value: { database: claim.place.database, absent: true, grants: [] } };
    }
    const held = await takeGrants(claim, call.release);
    try {
      await keepOut(claim);
    } catch (error) {
      await giveBack(claim).catch((again: unknown) => {
        if (error instanceof TargetFailure && again instanceof TargetFailure) {
          error.details.notDone = [`letting writers back in: ${again.message}`];
        }
      });
      throw error;
    }
    return { state: 'done', value: held };
  });
}

/** Lets everybody back in. Right also when it was done before, and when the database was exchanged meanwhile. */
export function resume(call: Call<PostgresSpec>): Promise<Step<null>> {
  return claimed(call, call.signal, async (claim) => {
    await giveBack(claim);
    return { state: 'done', value: null };
  });
}
