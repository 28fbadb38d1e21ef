import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import { pause, type Session } from './connection.ts';
import { openAnywhere, openMaintenance } from './maintenance.ts';
import { applicationName, type Place, placeOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { endProcessGroups } from './processes.ts';

/** First half of the advisory lock that guards every verb; the second half is the database's name. */
const verbLock = 7_236_002;
const patienceMs = 15_000;

/**
 * The right of one attempt to change one database: no session, process or verb of an earlier attempt is left.
 * `maintenance` holds the lock and may be used for statements on the server as a whole.
 */
export type Claim = {
  place: Place;
  application: string;
  maintenance: Session;
  fence: number;
  /** The claim of the server that users write to, where the copies are on another one. */
  users?: Claim;
};

/** Where users write: this very server, unless the claim says otherwise. */
export function usersOf(claim: Claim): Claim {
  return claim.users ?? claim;
}

async function takeFence(session: Session, call: Call<PostgresSpec>, place: Place): Promise<void> {
  const taken = await session.rows(
    `insert into savepoint.fences (database, fence, release) values ($1, $2, $3)
     on conflict (database) do update set fence = excluded.fence, release = excluded.release, claimed_at = now()
       where fences.fence <= excluded.fence
     returning fence`,
    [place.database, call.fence, call.release],
  );
  if (taken.length === 0) throw staleFence(call.fence);
  await session.rows(
    `insert into savepoint.sessions (application, database, fence) values ($1, $2, $3) on conflict do nothing`,
    [applicationName(call), place.database, call.fence],
  );
}

function staleFence(fence: number): TargetFailure {
  return new TargetFailure('stale-fence', `attempt ${fence} was overtaken by a newer attempt and changes nothing more`);
}

/**
 * Ends the sessions of earlier attempts and sees them gone: a statement whose client died runs on by itself.
 * @throws TargetFailure `busy` when one does not end, `permission` when it may not be ended.
 */
async function endEarlierSessions(session: Session, place: Place, fence: number): Promise<number> {
  const deadline = Date.now() + patienceMs;
  let ended = 0;
  for (;;) {
    const left = await session.rows<{ pid: number; ended: boolean }>(
      `select a.pid, pg_terminate_backend(a.pid) as ended
         from pg_stat_activity a join savepoint.sessions s on s.application = a.application_name
        where s.database = $1 and s.fence < $2 and a.pid <> pg_backend_pid()`,
      [place.database, fence],
    );
    if (left.length === 0) break;
    ended = Math.max(ended, left.length);
    if (Date.now() > deadline) {
      throw new TargetFailure('busy', `${left.length} sessions of an earlier attempt on ${place.database} do not end`, {
        remedy: `end them on the server: ${left.map((one) => `pid ${one.pid}`).join(', ')}`,
      });
    }
    await pause(20);
  }
  return ended;
}

async function takeLock(session: Session, place: Place): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const [row] = await session.rows<{ taken: boolean }>(`select pg_try_advisory_lock($1, hashtext($2)) as taken`, [
      verbLock,
      place.database,
    ]);
    if (row?.taken === true) return;
    if (Date.now() > deadline) {
      throw new TargetFailure('busy', `another verb still works on the database ${place.database}`);
    }
    await pause(50);
  }
}

/**
 * Works while no verb does, without claiming anything: nobody's attempt is ended. `maintenance` is a session in Savepoint's
 * own database.
 * @throws TargetFailure `busy` while a verb works on the database
 */
export async function betweenVerbs<T>(maintenance: Session, place: Place, work: () => Promise<T>): Promise<T> {
  await takeLock(maintenance, place);
  try {
    return await work();
  } finally {
    await maintenance.rows('select pg_advisory_unlock($1, hashtext($2))', [verbLock, place.database]);
  }
}

/** Ends every session of this attempt, whatever statement it runs; the server rolls back what was open. */
async function endOwnSessions(place: Place, application: string): Promise<void> {
  const session = await openAnywhere(place, 'savepoint/cancel');
  try {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const left = await session.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()`,
        [application],
      );
      if (left.length === 0 || Date.now() > deadline) return;
      await pause(20);
    }
  } finally {
    await session.close();
  }
}

async function abortable<T>(claim: Claim, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let ending: Promise<void> = Promise.resolve();
  const stop = () => {
    ending = endOwnSessions(claim.place, claim.application).catch(() => undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await work();
  } catch (error) {
    // What the statement said when it was ended is not the reason.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await ending;
  }
}

/**
 * Claims the database for this attempt, ending what earlier attempts left, and gives the claim back afterwards. When
 * `signal` aborts, every session of the attempt is ended and seen to be gone.
 * @throws TargetFailure `stale-fence` when a newer attempt was seen, `busy` when something does not end.
 */
export async function claimed<T>(
  call: Call<PostgresSpec>,
  signal: AbortSignal,
  work: (claim: Claim) => Promise<T>,
): Promise<T> {
  const place = placeOf(call.spec);
  const application = applicationName(call);
  const maintenance = await openMaintenance(place, application);
  const claim: Claim = { place, application, maintenance, fence: call.fence };
  try {
    return await abortable(claim, signal, async () => {
      await takeFence(maintenance, call, place);
      // Sessions first, so that an older worker cannot write down what it makes of its command's end; and once more,
      // because a command may have connected again before it ended.
      const ended = await endEarlierSessions(maintenance, place, call.fence);
      const groups = await endProcessGroups(call);
      await endEarlierSessions(maintenance, place, call.fence);
      await maintenance.rows('delete from savepoint.sessions where database = $1 and fence < $2', [
        place.database,
        call.fence,
      ]);
      if (ended > 0 || groups > 0) call.log.warn('ended what an earlier attempt left', { sessions: ended, groups });
      await takeLock(maintenance, place);
      // A newer attempt may have claimed while this one waited.
      await stillNewest(claim);
      return await work(claim);
    });
  } finally {
    await maintenance.close();
  }
}

/**
 * To be asked after a further session was opened and before it is used: whoever claims later sees that session and
 * ends it, whoever claimed before is seen here.
 * @throws TargetFailure `stale-fence`
 */
export async function stillNewest(claim: Claim): Promise<void> {
  const [row] = await claim.maintenance.rows<{ newest: boolean }>(
    `select fence <= $2 as newest from savepoint.fences where database = $1`,
    [claim.place.database, claim.fence],
  );
  if (row?.newest !== true) throw staleFence(claim.fence);
}
