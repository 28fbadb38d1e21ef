import { TargetFailure } from '../../../release/failure.ts';
import { findDatabase, pause, type Session } from '../connection.ts';
import { readHold } from '../hold.ts';
import type { Place } from '../names.ts';
import { foreignSessions, rolesLetIn } from '../sessions.ts';

const patienceMs = 500;

type Asking = { maintenance: Session; place: Place; application: string };

/**
 * The hold that keeps everybody out of the database just now: two answers that are equal are one and the same hold.
 * Null when somebody is let in, is in there all the same, or has a prepared transaction that may still be committed.
 */
export async function holdInForce({ maintenance, place, application }: Asking): Promise<string | null> {
  const there = await findDatabase(maintenance, place.database);
  if (there === null || (await readHold(maintenance, place.database)) === null) return null;
  if ((await rolesLetIn(maintenance, place.database)).length > 0) return null;
  if (!(await isEmpty({ maintenance, place, application }))) return null;
  const [prepared] = await maintenance.rows<{ any: boolean }>(
    'select exists (select from pg_prepared_xacts where database = $1) as any',
    [place.database],
  );
  return prepared?.any === true ? null : holdOf(maintenance, place);
}

/** A session that is just ending is still listed for a moment. */
async function isEmpty({ maintenance, place, application }: Asking): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    if ((await foreignSessions(maintenance, place.database, [application])).length === 0) return true;
    if (Date.now() > deadline) return false;
    await pause(50);
  }
}

/** The hold as it was taken, whoever is in the database; null when nobody is held. */
export async function holdOf(maintenance: Session, place: Place): Promise<string | null> {
  const [row] = await maintenance.rows<{ id: string }>(
    `select extract(epoch from since)::text as id from savepoint.holds where database = $1`,
    [place.database],
  );
  return row?.id ?? null;
}

/** @throws TargetFailure `refused` */
export function needsHold(hold: string | null, database: string): asserts hold is string {
  if (hold !== null) return;
  throw new TargetFailure('refused', `writers of ${database} are not held, so what is carried would be out of date`, {
    remedy: 'hold the writers first; sessions of superusers have to end as well',
  });
}
