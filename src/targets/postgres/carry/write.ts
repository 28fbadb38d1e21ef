import { TargetFailure } from '../../../release/failure.ts';
import type { Session } from '../connection.ts';
import { sqlState } from '../failures.ts';
import { findOrphans } from './orphans.ts';
import type { ForeignKey, TablePlan } from './plans.ts';
import type { UserRow } from './rows.ts';
import { type Batch, deleteBatch, insertBatch, removeBatch, sumBatch, unfitBatch, updateBatch } from './statements.ts';

/** How many rows a table has and what their hashes add up to. */
export type Sums = { rows: number; sum: bigint };

/** `again`: it may fit once other rows are there, or gone. */
export type Refusal = { row: UserRow; why: string; again: boolean };
export type Outcome = { done: UserRow[]; refused: Refusal[] };

/**
 * The transaction in which rows are carried.
 *
 * - `expected`: what each table that was written to has to add up to
 * - `deferred`: foreign keys are looked at when all rows are there
 */
export type Writer = { session: Session; keys: ForeignKey[]; expected: Map<string, Sums>; deferred: boolean };

/** A row that the old schema takes only as something else, or does not know. */
class Unfit extends Error {
  readonly again: boolean;
  constructor(why: string, again = false) {
    super(why);
    this.again = again;
  }
}

/**
 * Applies rows that ask for the same statement. Those that do not fit are found by halving, and every other one stays.
 * @throws TargetFailure for whatever is not the fault of a row
 */
export async function writeRows(writer: Writer, plan: TablePlan, rows: UserRow[]): Promise<Outcome> {
  try {
    const { done, refused, change } = await inSavepoint(writer.session, () => writeReady(writer, plan, rows));
    const sums = writer.expected.get(plan.name) ?? { rows: 0, sum: 0n };
    writer.expected.set(plan.name, { rows: sums.rows + change.rows, sum: sums.sum + change.sum });
    return { done, refused };
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null) throw error;
    const [row] = rows;
    if (rows.length === 1 && row !== undefined) return { done: [], refused: [{ row, ...reason }] };
    const middle = Math.ceil(rows.length / 2);
    const first = await writeRows(writer, plan, rows.slice(0, middle));
    const second = await writeRows(writer, plan, rows.slice(middle));
    return { done: [...first.done, ...second.done], refused: [...first.refused, ...second.refused] };
  }
}

export async function inSavepoint<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.run('savepoint carrying');
  try {
    const value = await work();
    await session.run('release savepoint carrying');
    return value;
  } catch (error) {
    await session.run('rollback to savepoint carrying');
    throw error;
  }
}

async function totals(session: Session, { text, values }: Batch): Promise<Sums> {
  const [row] = await session.rows<{ rows: number; sum: string }>(text, values);
  return { rows: row?.rows ?? 0, sum: BigInt(row?.sum ?? '0') };
}

/** Rows whose parents are not there yet are asked for, which is quicker than to be refused. */
async function writeReady(writer: Writer, plan: TablePlan, rows: UserRow[]): Promise<Outcome & { change: Sums }> {
  const orphans = writer.deferred ? new Map<UserRow, string>() : await findOrphans(writer, plan, rows);
  const done = rows.filter((row) => !orphans.has(row));
  const refused = [...orphans].map(([row, why]) => ({ row, why, again: true }));
  return { done, refused, change: done.length === 0 ? { rows: 0, sum: 0n } : await write(writer, plan, done) };
}

/** @returns by how much the table's sums change */
async function write(writer: Writer, plan: TablePlan, rows: UserRow[]): Promise<Sums> {
  const op = rows[0]?.op;
  if (op === 'added') return insert(writer, plan, rows);
  if (op === 'changed') return update(writer, plan, rows);
  return remove(writer, plan, rows);
}

async function insert({ session }: Writer, plan: TablePlan, rows: UserRow[]): Promise<Sums> {
  const written = await totals(session, insertBatch(plan, rows));
  if (plan.comparison.key !== null) {
    await checkFit(session, plan, { rows, written: plan.columns.map(({ name }) => name) });
  }
  return written;
}

async function update({ session }: Writer, plan: TablePlan, rows: UserRow[]): Promise<Sums> {
  const changed = rows[0]?.changed ?? [];
  if (changed.length === 0) throw new Unfit('only columns that the old schema does not have were changed');
  const before = await totals(session, sumBatch(plan, rows));
  if (before.rows !== rows.length) throw new Unfit('the savepoint has no such row');
  const after = await totals(session, updateBatch(plan, rows, changed));
  await checkFit(session, plan, { rows, written: changed });
  return { rows: 0, sum: after.sum - before.sum };
}

async function remove({ session, keys }: Writer, plan: TablePlan, rows: UserRow[]): Promise<Sums> {
  if (plan.comparison.key === null) {
    const gone = await totals(session, removeBatch(plan, rows));
    const wanted = rows.reduce((sum, { count }) => sum + count, 0);
    if (gone.rows !== wanted) throw new Unfit('the savepoint has no such row');
    return { rows: -gone.rows, sum: -gone.sum };
  }
  const referring = keys.filter(({ parent }) => parent === plan.name);
  const gone = await totals(session, deleteBatch(plan, rows, referring));
  const left = await totals(session, sumBatch(plan, rows));
  if (left.rows > 0) throw new Unfit('other rows still refer to it', true);
  return { rows: -gone.rows, sum: -gone.sum };
}

async function checkFit(
  session: Session,
  plan: TablePlan,
  { rows, written }: { rows: UserRow[]; written: string[] },
): Promise<void> {
  const { text, values } = unfitBatch(plan, rows, written);
  const names = await session.rows<{ name: string }>(text, values);
  if (names.length > 0) throw new Unfit(`the old type of ${names.map(({ name }) => name).join(', ')} would change it`);
}

/** Messages of the server about values show them, so these are words of our own. */
const words: Record<string, string> = {
  '22001': 'a text is too long for its old column',
  '22003': 'a number is out of range of its old type',
  '22P02': 'a value is none of its old type',
  '42846': 'a value cannot be turned into its old type',
  '428C9': 'the old schema fills the column by itself',
};

/** Null: not the fault of a row. */
function reasonOf(error: unknown): Omit<Refusal, 'row'> | null {
  if (error instanceof Unfit) return { why: error.message, again: error.again };
  const state = sqlState(error);
  if (state === null || !(error instanceof TargetFailure)) return null;
  const again = ['23503', '23505', '23P01'].includes(state);
  if (state.startsWith('23')) return { why: constraintOf(error.cause), again };
  if (words[state] !== undefined) return { why: words[state], again };
  return state.startsWith('22') ? { why: `a value does not fit its old type (${state})`, again } : null;
}

function constraintOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return 'violates a constraint';
  if ('constraint' in cause && typeof cause.constraint === 'string') return `violates ${cause.constraint}`;
  if ('column' in cause && typeof cause.column === 'string') return `${cause.column} must have a value`;
  return 'violates a constraint';
}
