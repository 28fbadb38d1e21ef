import { findDatabase, inTransaction, openSession, type Session, withSession } from '../connection.ts';
import { type Claim, stillNewest, usersOf } from '../fence.ts';
import { fixedSettings } from '../fingerprint.ts';
import { type Comparison, comparisonOf, type KeptSums, type Side } from './comparison.ts';
import { closeCopy, openCopy } from './copies.ts';
import { readMeasure } from './record.ts';
import type { Reference } from './reference.ts';
import { keptSums, summingSettings } from './sums.ts';
import { readExtents, readTables, type Tables } from './tables.ts';

/**
 * A database in one snapshot; without a session it does not exist and has no tables. `kept`: sums of its rows from
 * before, where nobody has changed it since.
 */
export type Database = { session: Session | null; tables: Tables; takenAt: string; kept?: KeptSums | null };

/**
 * The three that a loss is measured with. Between `reference` and `now` only users wrote, between `copy` and
 * `reference` only the release. `reference` is `copy` itself where `own` is false.
 */
export type Databases = { now: Database; reference: Database; copy: Database; own: boolean };

function nothing(): Database {
  return { session: null, tables: new Map(), takenAt: new Date().toISOString() };
}

/** While writers are held, nobody else needs the processors as much. */
const readingSettings = [...summingSettings, 'set local max_parallel_workers_per_gather to 4'];

async function begun(session: Session): Promise<Database> {
  await session.run('begin isolation level repeatable read read only');
  return begunIn(session);
}

async function begunIn(session: Session): Promise<Database> {
  await session.run([...fixedSettings, ...readingSettings].join('; '));
  const [clock] = await session.rows<{ now: Date }>('select clock_timestamp() as now');
  return { session, tables: await readTables(session), takenAt: (clock?.now ?? new Date()).toISOString() };
}

/** `key`: of the restore whose kept sums may be used · `alone`: the current database is left alone, as if it had no tables */
export type Names = { copy: string | null; reference: Reference; key?: string; alone?: boolean };

/** Opens each database in a snapshot of its own for one piece of work, and closes the copies again. */
export async function inDatabases<T>(
  claim: Claim,
  names: Names,
  work: (databases: Databases) => Promise<T>,
): Promise<T> {
  const sessions: Session[] = [];
  const closed = new Set([names.copy, names.reference.database].filter((name) => name !== null));
  const open = async (name: string | null): Promise<Database> => {
    const there = name === null ? null : await findDatabase(claim.maintenance, name);
    if (name === null || there === null) return nothing();
    const kept = names.key === undefined ? null : await keptOf(claim, names.key, there.oid);
    const session = await openCopy(claim, name);
    sessions.push(session);
    return { ...(await begun(session)), kept };
  };
  const openNow = async ({ maintenance, place, application }: Claim): Promise<Database> => {
    if ((await findDatabase(maintenance, place.database)) === null) return nothing();
    const session = await openSession(place, place.database, application);
    sessions.push(session);
    await stillNewest(claim);
    return begun(session);
  };
  try {
    const copy = await open(names.copy);
    const reference = names.reference.separate ? await open(names.reference.database) : copy;
    if (copy.session !== null) await readExtents(copy.session, copy.tables);
    if (names.reference.separate && reference.session !== null) {
      await readExtents(reference.session, reference.tables, copy.tables);
    }
    const now = names.alone === true ? nothing() : await openNow(usersOf(claim));
    return await work({ now, reference, copy, own: names.reference.separate });
  } finally {
    for (const session of sessions) await session.close();
    for (const name of closed) await closeCopy(claim, name);
  }
}

/** Null once rows were carried over: the copy is another one from then on. */
async function keptOf(claim: Claim, key: string, oid: string): Promise<KeptSums | null> {
  const measure = await readMeasure(claim, key);
  return measure?.carried == null ? keptSums(claim.maintenance, key, oid) : null;
}

/** Tables of the current database as they are just now; none where it does not exist. */
export async function tablesNow(claim: Claim): Promise<Tables> {
  const { maintenance, place, application } = usersOf(claim);
  if ((await findDatabase(maintenance, place.database)) === null) return new Map();
  return withSession({ place, database: place.database, application }, (session) =>
    inTransaction(session, async () => (await begunIn(session)).tables, 'isolation level repeatable read read only'),
  );
}

export function sideOf({ tables, session, kept }: Database, name: string): Side | null {
  const table = tables.get(name);
  return table === undefined || session === null ? null : { session, table, kept: kept ?? null };
}

const owns = new WeakMap<Databases, Map<string, Comparison>>();

/** What the release did to a table that the savepoint has and the reference too; null for any other. */
export function ownComparison(databases: Databases, name: string): Comparison | null {
  const before = sideOf(databases.copy, name);
  const now = sideOf(databases.reference, name);
  if (before === null || now === null) return null;
  // Where they differ is found out once for one and the same comparison.
  const known = owns.get(databases) ?? new Map<string, Comparison>();
  owns.set(databases, known);
  const own = known.get(name) ?? comparisonOf(before, now, []);
  known.set(name, own);
  return own;
}
