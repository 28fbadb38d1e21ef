import type { Mark } from '../../../release/loss.ts';
import { findDatabase, openSession, type Session } from '../connection.ts';
import { type Claim, stillNewest, usersOf } from '../fence.ts';
import { fixedSettings } from '../fingerprint.ts';
import { closeCopy, openCopy } from './copies.ts';
import type { Comparison, Side } from './difference.ts';
import type { Reference } from './reference.ts';
import { columnOf, readTables, type Table, type Tables } from './tables.ts';

/** A database in one snapshot; without a session it does not exist and has no tables. */
export type Database = { session: Session | null; tables: Tables; takenAt: string };

/**
 * The three that a loss is measured with. Between `reference` and `now` only users wrote, between `copy` and
 * `reference` only the release. `reference` is `copy` itself where `own` is false.
 */
export type Databases = { now: Database; reference: Database; copy: Database; own: boolean };

function nothing(): Database {
  return { session: null, tables: new Map(), takenAt: new Date().toISOString() };
}

async function begun(session: Session): Promise<Database> {
  await session.run('begin isolation level repeatable read read only');
  for (const setting of fixedSettings) await session.run(setting);
  const [clock] = await session.rows<{ now: Date }>('select clock_timestamp() as now');
  return { session, tables: await readTables(session), takenAt: (clock?.now ?? new Date()).toISOString() };
}

/** Opens each database in a snapshot of its own for one piece of work, and closes the copies again. */
export async function inDatabases<T>(
  claim: Claim,
  names: { copy: string | null; reference: Reference },
  work: (databases: Databases) => Promise<T>,
): Promise<T> {
  const sessions: Session[] = [];
  const closed = new Set([names.copy, names.reference.database].filter((name) => name !== null));
  const open = async (name: string | null): Promise<Database> => {
    if (name === null || (await findDatabase(claim.maintenance, name)) === null) return nothing();
    const session = await openCopy(claim, name);
    sessions.push(session);
    return begun(session);
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
    const now = await openNow(usersOf(claim));
    return await work({ now, reference, copy, own: names.reference.separate });
  } finally {
    for (const session of sessions) await session.close();
    for (const name of closed) await closeCopy(claim, name);
  }
}

export function sideOf(database: Database, name: string): Side | null {
  const table = database.tables.get(name);
  return table === undefined || database.session === null ? null : { session: database.session, table };
}

function isSame(one: string[], other: string[] | null | undefined): boolean {
  return one.length === other?.length && one.every((name) => other.includes(name));
}

/** Values that are computed from others say nothing that the others do not say. */
function isStored(table: Table, name: string): boolean {
  return columnOf(table, name)?.generated === false;
}

/** Joined on the primary key over the columns that both have; without a key they have in common, as multisets. */
export function comparisonOf(before: Side, now: Side, marks: Mark[]): Comparison {
  const { columns, key } = now.table;
  const shared = columns.filter(({ name }) => isStored(now.table, name) && isStored(before.table, name));
  const keyed = key !== null && isSame(key, before.table.key) ? key : null;
  return {
    before,
    now,
    key: keyed,
    columns: shared.map(({ name }) => name),
    steady: shared.filter(({ name, computed }) => !computed && keyed?.includes(name) !== true).map(({ name }) => name),
    marks,
  };
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
