import type { Loss, LossRules, TableLoss } from '../../../release/loss.ts';
import type { Call, Savepoint, Step } from '../../../release/target.ts';
import { findDatabase } from '../connection.ts';
import { claimed, usersOf } from '../fence.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import { inBackground } from '../running.ts';
import type { PostgresState } from '../savepoints.ts';
import { comparisonOf, type Side } from './comparison.ts';
import { begin, ensureCopy, type GoingBack } from './copies.ts';
import { type Databases, inDatabases, ownComparison, sideOf } from './databases.ts';
import { countRows, differences } from './difference.ts';
import { holdInForce } from './held.ts';
import { readMeasure } from './record.ts';
import { ensureReference, type Reference } from './reference.ts';
import { countLargeObjects, isNamed, type Table } from './tables.ts';
import { withoutUnsteady } from './unsteady.ts';
import { type Count, counted, type IsOwn, ownKeys, userChanges } from './users.ts';

/**
 * What bringing the savepoint back would undo. Each database is read in one snapshot. After rows were carried into the
 * copy, and while the same hold lasts, it is what the copy still lacks.
 */
export function loss(call: Call<PostgresSpec>, since: Savepoint<PostgresState>, rules: LossRules): Promise<Step<Loss>> {
  return inBackground({ ...call, key: `${call.key} loss` }, 'preparing to measure', (progress) =>
    claimed(call, progress.signal, (claim) => measureLoss({ call, claim, progress, to: since }, rules)),
  );
}

/** As `loss`, for whoever has the claim. */
export async function measureLoss(back: GoingBack, rules: LossRules): Promise<Loss> {
  const { call, claim, to } = back;
  await begin(back);
  const copy = to.absent ? null : (await ensureCopy(back)).name;
  const reference = await ensureReference(back, copy);
  const users = usersOf(claim);
  const hold = await holdInForce(users);
  const measured = await inDatabases(claim, { copy, reference, key: call.key }, (databases) =>
    measure(back, { databases, reference, rules }),
  );
  // Nobody can write to a database that does not exist.
  if ((await findDatabase(users.maintenance, users.place.database)) === null) return { ...measured, held: true };
  return { ...measured, held: hold !== null && hold === (await holdInForce(users)) };
}

type Measuring = { databases: Databases; reference: Reference; rules: LossRules };

async function measure(back: GoingBack, measuring: Measuring): Promise<Loss> {
  const { databases, reference } = measuring;
  const known = await readMeasure(back.claim, back.call.key);
  const tables: TableLoss[] = [];
  const notCompared = await unmeasured(databases, reference);
  const names = new Set([...databases.now.tables.keys(), ...databases.reference.tables.keys()]);
  for (const gone of databases.copy.tables.keys()) names.add(gone);
  const kept = known?.carried?.into === 'copy' ? known.remaining : null;
  for (const name of [...names].sort()) {
    back.progress.signal.throwIfAborted();
    back.progress.tell(`comparing ${name}`);
    const found = kept === null ? await measureTable(measuring, name, notCompared) : null;
    if (found !== null) tables.push(found);
  }
  const all = kept ?? tables;
  const rows = all.filter(({ ignored }) => !ignored).reduce((sum, one) => sum + countOf(one), 0);
  return { measuredAt: databases.now.takenAt, held: false, rows, tables: all, notCompared };
}

function countOf({ added, changed, removed, marked }: Count): number {
  return added + changed + removed - marked;
}

async function unmeasured({ now, copy, reference }: Databases, made: Reference): Promise<string[]> {
  const reasons: string[] = [];
  const objects = now.session === null ? 0 : await countLargeObjects(now.session);
  const saved = copy.session === null ? 0 : await countLargeObjects(copy.session);
  if (objects + saved > 0) reasons.push(`large objects (${objects}): they belong to no table`);
  if (made.missing === null) return reasons;
  for (const [name, table] of now.tables) {
    const before = reference.tables.get(name);
    const fresh = table.columns.filter((one) => !before?.columns.some((other) => other.name === one.name));
    if (before !== undefined && fresh.length > 0) {
      reasons.push(`${name}: ${fresh.map((one) => one.name).join(', ')}, which the savepoint does not have`);
    }
  }
  return reasons;
}

/** Null when neither users nor the release changed anything in it. */
async function measureTable(measuring: Measuring, name: string, notCompared: string[]): Promise<TableLoss | null> {
  const { databases, rules } = measuring;
  const shown = [databases.now, databases.reference, databases.copy].map((one) => one.tables.get(name));
  const table = shown.find((one) => one !== undefined);
  if (table === undefined) return null;
  if (shown.some((one) => one?.foreign === true)) {
    notCompared.push(`${name}: some of its partitions are on another server`);
    return null;
  }
  const own = databases.own ? await countOwn(databases, name) : 0;
  const { count, by } = await countUsers(measuring, table, notCompared);
  const loss = { table: name, by, ...count, own, ignored: rules.ignore.some((each) => isNamed(table, each)) };
  // Whatever differs in the records of a migration tool was written by a migration.
  if (table.tool) return own + totalOf(count) === 0 ? null : { ...loss, ...none, own: Math.max(own, totalOf(count)) };
  return own + totalOf(count) === 0 ? null : loss;
}

const none: Count = { added: 0, changed: 0, removed: 0, marked: 0 };

function totalOf({ added, changed, removed }: Count): number {
  return added + changed + removed;
}

/** Rows by which the reference and the copy differ. */
async function countOwn(databases: Databases, name: string): Promise<number> {
  const own = ownComparison(databases, name);
  if (own !== null) return totalOf(await counted(differences(own)));
  const only = sideOf(databases.copy, name) ?? sideOf(databases.reference, name);
  return only === null ? 0 : (await countRows(only, [])).rows;
}

/** Which rows of the reference the release itself added; null when that need not or cannot be told. */
export async function ownRows(databases: Databases, name: string): Promise<IsOwn | null> {
  if (!databases.own) return null;
  if (sideOf(databases.copy, name) === null) return () => true;
  const own = ownComparison(databases, name);
  return own === null ? null : ownKeys(own);
}

type Users = { count: Count; by: TableLoss['by'] };

async function countUsers({ databases, rules }: Measuring, table: Table, notCompared: string[]): Promise<Users> {
  const before = sideOf(databases.reference, table.name);
  const now = sideOf(databases.now, table.name);
  const by = table.key === null ? 'multiset' : 'key';
  if (before === null || now === null) return { count: await countAll(before, now, rules), by };
  const whole = comparisonOf(before, now, rules.marks);
  const { comparison, unsteady } = await withoutUnsteady(whole, databases);
  notCompared.push(
    ...unsteady.map((column) => `${table.name}.${column}: the release fills it differently each time it runs`),
  );
  const isOwn = await ownRows(databases, table.name);
  return { count: await counted(userChanges(comparison, isOwn)), by: comparison.key === null ? 'multiset' : 'key' };
}

/** Only one side has the table: every row in it counts. */
async function countAll(before: Side | null, now: Side | null, rules: LossRules): Promise<Count> {
  const only = now ?? before;
  if (only === null) return none;
  const { rows, marked } = await countRows(only, rules.marks);
  return { ...none, [now === null ? 'removed' : 'added']: rows, marked };
}
