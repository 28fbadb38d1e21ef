import { TargetFailure } from '../../release/failure.ts';
import { findDatabase, identifier, openSession, pause, type Session } from './connection.ts';
import { sqlState } from './failures.ts';
import { type Claim, stillNewest } from './fence.ts';
import { foreignSessions } from './sessions.ts';

/** `takenAt`: the instant that the copy shows. `heldMs`: for how long nobody could get in because of it. */
export type Copied = { takenAt: string; heldMs: number; oid: string };

/** Does the copying session already lock the original, so that nobody new gets in? */
async function isLocked(watcher: Session, pid: number, source: string): Promise<boolean> {
  const [row] = await watcher.rows<{ locked: boolean }>(
    `select exists (select from pg_locks l join pg_database d on d.oid = l.objid
       where l.pid = $1 and l.locktype = 'object' and l.classid = 'pg_database'::regclass and l.granted and d.datname = $2) as locked`,
    [pid, source],
  );
  return row?.locked === true;
}

/**
 * Ends the sessions in the original until none is left behind the copying session's lock. Somebody who connects after
 * that waits at the server until the copy is there and then gets in, so that nothing has to be given back afterwards,
 * not even when the worker dies.
 */
async function clearOriginal(claim: Claim, copying: { pid: number; over: boolean }): Promise<string | null> {
  const source = claim.place.database;
  while (!copying.over) {
    const locked = await isLocked(claim.maintenance, copying.pid, source);
    const present = await foreignSessions(claim.maintenance, source);
    if (locked && present.length === 0) {
      const [clock] = await claim.maintenance.rows<{ now: Date }>('select clock_timestamp() as now');
      return clock?.now.toISOString() ?? null;
    }
    for (const one of present) await claim.maintenance.rows('select pg_terminate_backend($1)', [one.pid]);
    await pause(5);
  }
  return null;
}

/** From this size on, copying files and two checkpoints take less time than copying page by page through the log. */
const filesFromBytes = 256 * 1024 * 1024;

/**
 * Page by page, which is what servers do by themselves since version 15, everything is written twice: to the log and to
 * the copy. By files it takes half as long, and the log does not grow by a whole database.
 * @returns what ends the statement; empty where the server chooses
 */
async function strategyFor(session: Session, source: string): Promise<string> {
  const [row] = await session.rows<{ byFiles: boolean | null }>(
    `select current_setting('server_version_num')::int >= 150000 and case
              when has_database_privilege(d.oid, 'CONNECT') or pg_has_role('pg_read_all_stats', 'member')
              then pg_database_size(d.oid) >= $2::bigint end as "byFiles"
       from pg_database d where d.datname = $1`,
    [source, filesFromBytes],
  );
  return row?.byFiles === true ? ' strategy file_copy' : '';
}

/** Writes what waits in memory before anybody is held; only some roles may ask for it, and the copy does it too. */
async function writeOut(session: Session): Promise<void> {
  await session.run('checkpoint').catch((error: unknown) => {
    if (sqlState(error) !== '42501') throw error;
  });
}

/**
 * Copies the database while nobody is in it. The server itself gives up after `maxHoldMs` and lets everybody back in.
 * @throws TargetFailure `refused` above `maxHoldMs`, `busy` when a session in the original does not end
 */
export async function copyOriginal(claim: Claim, name: string, maxHoldMs: number): Promise<Copied> {
  const source = claim.place.database;
  const copier = await openSession(claim.place, claim.maintenance.database, claim.application);
  try {
    await stillNewest(claim);
    const strategy = await strategyFor(copier, source);
    if (strategy !== '') await writeOut(copier);
    await copier.run(`set statement_timeout to ${Math.ceil(maxHoldMs)}`);
    const copying = { pid: copier.pid, over: false };
    const begun = performance.now();
    const copied = copier
      .run(`create database ${identifier(name)} template ${identifier(source)}${strategy}`)
      .then(() => performance.now() - begun)
      .finally(() => {
        copying.over = true;
      });
    // It may fail while the sessions are still being ended; it is awaited below.
    copied.catch(() => undefined);
    const takenAt = await clearOriginal(claim, copying).catch(async (error: unknown) => {
      await copied.catch(() => undefined);
      throw error;
    });
    const heldMs = await copied.catch((error: unknown) => Promise.reject(explained(error, claim, maxHoldMs)));
    const made = await findDatabase(claim.maintenance, name);
    if (made === null) throw new TargetFailure('failed', `the copy ${name} is missing although the server made it`);
    return { takenAt: takenAt ?? new Date().toISOString(), heldMs: Math.ceil(heldMs), oid: made.oid };
  } finally {
    await copier.close();
  }
}

function explained(error: unknown, claim: Claim, maxHoldMs: number): unknown {
  const source = claim.place.database;
  if (sqlState(error) === '57014') {
    return new TargetFailure(
      'refused',
      `copying ${source} took longer than maxHold (${maxHoldMs} ms); everybody is let back in`,
      {
        remedy: 'raise savepoint.maxHold, or use savepoint: { by: dump }, which holds nobody',
        notDone: [`savepoint of ${source}`],
      },
    );
  }
  if (sqlState(error) === '55006') {
    return new TargetFailure(
      'busy',
      `${source} could not be copied: sessions or prepared transactions in it did not end`,
    );
  }
  return error;
}

/** Copies a database that nobody uses. */
export async function copyUnused(claim: Claim, source: string, name: string): Promise<string> {
  const strategy = await strategyFor(claim.maintenance, source);
  await claim.maintenance.run(`create database ${identifier(name)} template ${identifier(source)}${strategy}`);
  const made = await findDatabase(claim.maintenance, name);
  if (made === null) throw new TargetFailure('failed', `the copy ${name} is missing although the server made it`);
  return made.oid;
}

/** Removes an unfinished copy of Savepoint's own, which nothing relies on yet. */
export async function dropUnfinished(claim: Claim, name: string): Promise<void> {
  await claim.maintenance.run(`drop database if exists ${identifier(name)} with (force)`);
}
