import type { Carrying } from '../../../release/loss.ts';
import type { Session } from '../connection.ts';
import type { GoingBack } from '../loss/copies.ts';
import type { Databases } from '../loss/databases.ts';
import type { Files } from './files.ts';
import { countCarried, countLeft, type Outcomes } from './outcome.ts';
import { type ForeignKey, parentsFirst, type TablePlan } from './plans.ts';
import { type UserRow, userRows } from './rows.ts';
import { asSql } from './statements.ts';
import { type Outcome, type Refusal, type Writer, writeRows } from './write.ts';

/**
 * Everything that one carry works with. `writer` is null where there was no database before, so that nothing can be
 * tried. Rows that may fit once others are there wait in a temporary table, not in memory.
 */
export type Carrier = {
  back: GoingBack;
  databases: Databases;
  carrying: Carrying;
  plans: TablePlan[];
  keys: ForeignKey[];
  writer: Writer | null;
  files: Files;
  outcomes: Outcomes;
};

export const rowsFile = 'rows.sql';
export const conflictsFile = 'conflicts.jsonl';

type Waiting = { n: string; plan: string; row: UserRow; why: string };

/** Tables in which rows are put by, in the order in which they came. */
const temporary = { waiting: 'savepoint_waiting', removed: 'savepoint_removed' } as const;
type Temporary = (typeof temporary)[keyof typeof temporary];

/**
 * Parents before children where rows come, children before parents where they go; then what had to wait. Rows that go
 * are put by meanwhile, so that each table is read once.
 */
export async function carryAll(carrier: Carrier): Promise<void> {
  const { plans, keys, writer } = carrier;
  const ordered = parentsFirst(plans, keys);
  const columns = 'n bigserial primary key, plan text, row jsonb, why text';
  for (const name of Object.values(temporary)) {
    await writer?.session.run(`create temporary table ${name} (${columns}) on commit drop`);
  }
  await writer?.session.run('set constraints all immediate');
  for (const plan of ordered) await carryTable(carrier, plan);
  if (writer === null) return;
  for (const plan of ordered.toReversed()) await carryRemoved(carrier, writer, plan);
  await carryWaiting(carrier, writer);
}

async function carryTable(carrier: Carrier, plan: TablePlan): Promise<void> {
  const { progress } = carrier.back;
  const { writer } = carrier;
  for await (const batch of userRows(plan)) {
    progress.signal.throwIfAborted();
    progress.tell(`carrying rows of ${plan.name}`);
    for (const rows of alike(batch)) {
      const later = rows[0]?.op === 'removed';
      if (writer === null || !later) await carryRows(carrier, plan, rows);
      else await putBy(writer, temporary.removed, { plan, rows: rows.map((row) => ({ row, why: '' })) });
    }
  }
}

async function carryRemoved(carrier: Carrier, { session }: Writer, plan: TablePlan): Promise<void> {
  for await (const batch of putByRows(session, temporary.removed, plan.name)) {
    carrier.back.progress.signal.throwIfAborted();
    await carryRows(
      carrier,
      plan,
      batch.map(({ row }) => row),
    );
  }
}

/** Rows that one statement can write. */
function alike(batch: UserRow[]): UserRow[][] {
  const groups = new Map<string, UserRow[]>();
  for (const row of batch) {
    const kind = JSON.stringify([row.op, row.changed]);
    groups.set(kind, [...(groups.get(kind) ?? []), row]);
  }
  return [...groups.values()];
}

async function carryRows(carrier: Carrier, plan: TablePlan, rows: UserRow[]): Promise<void> {
  const { why } = plan;
  if (why !== null)
    return leave(
      carrier,
      plan,
      rows.map((row) => ({ row, why, again: false })),
    );
  const { done, refused } = await tried(carrier, plan, rows);
  await accept(carrier, plan, done);
  await leave(
    carrier,
    plan,
    refused.filter(({ again }) => !again),
  );
  const later = refused.filter((one) => one.again);
  if (later.length > 0 && carrier.writer !== null) {
    await putBy(carrier.writer, temporary.waiting, { plan, rows: later });
  }
}

async function tried({ writer }: Carrier, plan: TablePlan, rows: UserRow[]): Promise<Outcome> {
  if (writer === null) return { done: rows, refused: [] };
  if (!writer.expected.has(plan.name)) writer.expected.set(plan.name, await readSums(writer.session, plan));
  return writeRows(writer, plan, rows);
}

/** Of the table in the copy. */
export async function readSums(session: Session, plan: TablePlan): Promise<{ rows: number; sum: bigint }> {
  const [row] = await session.rows<{ rows: number; sum: string }>(
    `select count(*)::float8 as rows, coalesce(sum(hashtextextended(savepoint_row::text collate "C", 0)::numeric), 0)::text as sum
       from ${plan.old?.from ?? plan.name} as savepoint_row`,
  );
  return { rows: row?.rows ?? 0, sum: BigInt(row?.sum ?? '0') };
}

async function accept({ carrying, files, outcomes }: Carrier, plan: TablePlan, rows: UserRow[]): Promise<void> {
  countCarried(outcomes, plan, rows);
  if (carrying.into === 'files' && rows.length > 0) await files.write(rowsFile, asSql(plan, rows));
}

/** Every row that does not fit is filed with its reason, one line each. */
async function leave({ files, outcomes }: Carrier, plan: TablePlan, refused: Refusal[]): Promise<void> {
  for (const { row, why } of refused) {
    countLeft(outcomes, plan, { row, why });
    const { op, count, values, changed } = row;
    const line = { table: plan.name, why, op, count, ...(op === 'changed' ? { changed } : {}), row: values };
    await files.write(conflictsFile, `${JSON.stringify(line)}\n`);
  }
}

type PutBy = { plan: TablePlan; rows: { row: UserRow; why: string }[] };

async function putBy({ session }: Writer, table: Temporary, { plan, rows }: PutBy): Promise<void> {
  await session.rows(
    `insert into pg_temp.${table} (plan, row, why)
     select $1, given.row::jsonb, given.why from unnest($2::text[], $3::text[]) as given (row, why)`,
    [plan.name, rows.map(({ row }) => JSON.stringify(row)), rows.map(({ why }) => why)],
  );
}

/** `plan`: only those of one table. */
async function* putByRows(session: Session, table: Temporary, plan: string | null = null): AsyncGenerator<Waiting[]> {
  let last = '0';
  for (;;) {
    const rows = await session.rows<Waiting>(
      // By number: `n` alone would be the text of it, and ten comes before nine there.
      `select put.n::text as n, plan, row, why from pg_temp.${table} as put
        where put.n > $1 and plan = coalesce($2, plan) order by put.n limit 500`,
      [last, plan],
    );
    if (rows.length === 0) return;
    yield rows;
    last = rows.at(-1)?.n ?? last;
  }
}

/** Again and again while some of them fit; then all at once, with everything deferred that may be. */
async function carryWaiting(carrier: Carrier, writer: Writer): Promise<void> {
  for (let progressed = true; progressed; ) {
    progressed = false;
    for await (const batch of putByRows(writer.session, temporary.waiting)) {
      carrier.back.progress.signal.throwIfAborted();
      const fitted = await again(carrier, writer, batch);
      progressed ||= fitted > 0;
    }
  }
  await together(carrier, writer);
  for await (const batch of putByRows(writer.session, temporary.waiting)) {
    for (const { plan, rows } of byPlan(carrier, batch)) {
      await leave(
        carrier,
        plan,
        rows.map(({ row, why }) => ({ row, why, again: false })),
      );
    }
  }
}

function byPlan({ plans }: Carrier, batch: Waiting[]): { plan: TablePlan; rows: Waiting[] }[] {
  return plans
    .map((plan) => ({ plan, rows: batch.filter((one) => one.plan === plan.name) }))
    .filter(({ rows }) => rows.length > 0);
}

/** @returns how many of them fit now */
async function again(carrier: Carrier, writer: Writer, batch: Waiting[]): Promise<number> {
  let fitted = 0;
  for (const { plan, rows } of byPlan(carrier, batch)) {
    const places = new Map(rows.map(({ row, n }) => [row, n]));
    for (const group of alike(rows.map(({ row }) => row))) {
      const { done, refused } = await writeRows(writer, plan, group);
      const settled = refused.filter((one) => !one.again);
      await accept(carrier, plan, done);
      await leave(carrier, plan, settled);
      const over = [...done, ...settled.map(({ row }) => row)].map((row) => places.get(row));
      await writer.session.rows('delete from pg_temp.savepoint_waiting where n = any ($1)', [over]);
      fitted += done.length;
    }
  }
  return fitted;
}

/** Rows that refer to each other fit only together. */
async function together(carrier: Carrier, writer: Writer): Promise<void> {
  const { session } = writer;
  const expected = new Map(writer.expected);
  await session.run('savepoint together');
  try {
    await session.run('set constraints all deferred');
    writer.deferred = true;
    for await (const batch of putByRows(session, temporary.waiting)) {
      for (const { plan, rows } of byPlan(carrier, batch)) {
        for (const group of alike(rows.map(({ row }) => row))) {
          const { refused } = await writeRows(writer, plan, group);
          if (refused.length > 0) throw new Error('not all of them fit');
        }
      }
    }
    await session.run('set constraints all immediate');
  } catch {
    writer.expected = expected;
    await session.run('rollback to savepoint together');
    await session.run('set constraints all immediate');
    return;
  } finally {
    writer.deferred = false;
  }
  for await (const batch of putByRows(session, temporary.waiting)) {
    for (const { plan, rows } of byPlan(carrier, batch))
      await accept(
        carrier,
        plan,
        rows.map(({ row }) => row),
      );
  }
  await session.run('delete from pg_temp.savepoint_waiting');
}
