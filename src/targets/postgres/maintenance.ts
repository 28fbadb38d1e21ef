import { TargetFailure } from '../../release/failure.ts';
import { inTransaction, openSession, type Session } from './connection.ts';
import { sqlState } from './failures.ts';
import { maintenanceDatabase, type Place, urlOf } from './names.ts';

/** Serialises the creation of the database and of the tables below. */
const creationLock = 7_236_001;

/**
 * What survives a crash of the worker. Names and databases are shared by a whole server, so a row here and a rename
 * of a database are one transaction.
 *
 * - `fences`: the newest attempt seen per database · `sessions`: under which names attempts open sessions
 * - `holds`: what was taken away from writers, until it is given back
 * - `savepoints`, `attempts`, `restores`: one row per key, how far it got and what it answered
 * - `measures`: one row per key of a restore: the reference that tells the release's own rows apart, and what was carried
 * - `sums`: of hashes of rows in databases that nobody changes, so that they are not read while writers are held
 */
const tables = `
  create schema if not exists savepoint;
  create table if not exists savepoint.fences (
    database text primary key, fence bigint not null, release text not null, claimed_at timestamptz not null default now());
  create table if not exists savepoint.sessions (
    application text primary key, database text not null, fence bigint not null);
  create table if not exists savepoint.holds (
    database text primary key, release text not null, held jsonb not null, since timestamptz not null default now());
  create table if not exists savepoint.savepoints (
    key text primary key, database text not null, release text not null, copy text, copy_oid text,
    taken_at timestamptz, held_ms int, facts jsonb, savepoint jsonb, begun_at timestamptz not null default now());
  create table if not exists savepoint.attempts (
    key text primary key, database text not null, release text not null, change text not null, fence bigint not null,
    state text not null, risky boolean not null default false, position jsonb, result jsonb,
    begun_at timestamptz not null default clock_timestamp());
  create table if not exists savepoint.restores (
    key text primary key, database text not null, release text not null, beside text, beside_oid text, proof jsonb,
    allowed boolean, closed_at timestamptz, exchanged_at timestamptz, kept text, result jsonb);
  alter table savepoint.attempts add column if not exists version text;
  create table if not exists savepoint.measures (
    key text primary key, database text not null, release text not null, reference text, reference_oid text,
    applied text, missing text, hold text, carried jsonb, remaining jsonb);
  create table if not exists savepoint.sums (
    key text not null, database_oid text not null, query text not null, sums text not null,
    primary key (key, database_oid, query));
`;

/** Databases that a first session can be opened in when Savepoint's own does not exist yet. */
function entrances(place: Place): string[] {
  const named = decodeURIComponent(urlOf(place, place.database).pathname.slice(1));
  const inUrl = decodeURIComponent(new URL(place.url).pathname.slice(1));
  return [...new Set(['postgres', inUrl, named, 'template1'])].filter((name) => name !== '');
}

/** A session somewhere on the server outside the released database where that is possible. Creates nothing. */
export async function openAnywhere(place: Place, application: string): Promise<Session> {
  let refused: unknown;
  for (const database of [maintenanceDatabase, ...entrances(place)]) {
    try {
      return await openSession(place, database, application);
    } catch (error) {
      if (!(error instanceof TargetFailure) || error.kind === 'unreachable' || /^28/.test(sqlState(error) ?? ''))
        throw error;
      refused ??= sqlState(error) === '3D000' ? undefined : error;
    }
  }
  throw (
    refused ??
    new TargetFailure('not-found', 'no database of the server lets this role in', {
      remedy: 'give the role CONNECT on the database postgres',
    })
  );
}

/** Savepoint's own database; null when it does not exist. Creates nothing. */
export async function openMaintenanceIfThere(place: Place, application: string): Promise<Session | null> {
  let session: Session;
  try {
    session = await openSession(place, maintenanceDatabase, application);
  } catch (error) {
    if (sqlState(error) === '3D000') return null;
    throw error;
  }
  const [there] = await session.rows<{ there: boolean }>(
    `select to_regclass('savepoint.restores') is not null as there`,
  );
  if (there?.there === true) return session;
  await session.close();
  return null;
}

async function createDatabase(place: Place, application: string): Promise<void> {
  const session = await openAnywhere(place, application);
  try {
    if (session.database === maintenanceDatabase) return;
    // First releases of two applications at once would change the same rows of the catalogue, which the server refuses.
    await session.rows('select pg_advisory_lock($1)', [creationLock]);
    // template0 is never connected to, so it can always be copied.
    await session.run(`create database ${maintenanceDatabase} template template0`).catch((error: unknown) => {
      if (!['42P04', '23505'].includes(sqlState(error) ?? '')) throw error;
    });
    await session.run(`revoke connect, temporary on database ${maintenanceDatabase} from public`);
    await session.run(
      `comment on database ${maintenanceDatabase} is 'Fences, holds and savepoints of releases. Keep it while a release may go back.'`,
    );
  } finally {
    await session.close();
  }
}

/** Tables that a later version of Savepoint added come last. */
async function isComplete(session: Session): Promise<boolean> {
  const [there] = await session.rows<{ there: boolean }>(`select to_regclass('savepoint.sums') is not null as there`);
  return there?.there === true;
}

/** Savepoint's own database, created with its tables when it does not exist yet. */
export async function openMaintenance(place: Place, application: string): Promise<Session> {
  const found = await openMaintenanceIfThere(place, application);
  if (found !== null && (await isComplete(found))) return found;
  await found?.close();
  if (found === null) await createDatabase(place, application);
  const session = await openSession(place, maintenanceDatabase, application);
  try {
    await inTransaction(session, async () => {
      await session.rows('select pg_advisory_xact_lock($1)', [creationLock]);
      await session.run(tables);
    });
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
}
