import type { Mark } from '../../../release/loss.ts';
import { identifier, literal, type Session } from '../connection.ts';
import { pagesOf, Reader, type Row } from './reading.ts';
import { columnOf, isNamed, type Table } from './tables.ts';

/** One of the two databases that are compared, in its snapshot; `table` as it is there. */
export type Side = { session: Session; table: Table };

/**
 * What is compared: `before` is how it would be without the users, `now` how it is.
 *
 * - `key`: columns by which rows are joined; null: rows are a multiset
 * - `columns`: those whose values count
 * - `steady`: those of them that come out the same wherever a release runs; without keys and defaults such as now()
 */
export type Comparison = {
  before: Side;
  now: Side;
  key: string[] | null;
  columns: string[];
  steady: string[];
  marks: Mark[];
};

/**
 * One row that differs, or `count` equal ones of a table without a key. `before` and `now`: the row on either side,
 * null where it is missing.
 */
export type Change = {
  op: 'added' | 'changed' | 'removed';
  key: string[];
  count: number;
  before: Row | null;
  now: Row | null;
};

/** Written by smoke tests only: it was marked where it was, and it is where it is. */
export function isMarked({ before, now }: Pick<Change, 'before' | 'now'>): boolean {
  return (before?.marked ?? true) && (now?.marked ?? true);
}

/** A bucket whose sum differs is read row by row, so it holds about this many. */
const rowsPerBucket = 128;
const bytesPerRow = 100;
const mostBuckets = 65_536;

/** The text of a row by which it is found again in the other database, and the text of what counts. */
type Texts = { identity: string; content: string };

function textsOf(comparison: Comparison, side: Side): Texts {
  const other = side === comparison.now ? comparison.before : comparison.now;
  const content = `row(${comparison.columns.map((name) => countedText(side, other, name)).join(', ')})::text collate "C"`;
  if (comparison.key === null) return { identity: content, content };
  return { identity: `row(${comparison.key.map(textOf).join(', ')})::text collate "C"`, content };
}

function textOf(column: string): string {
  return `savepoint_row.${identifier(column)}::text`;
}

/** The value that a new column gave to all older rows at once, such as now(), is no work of users. */
function countedText(side: Side, other: Side, column: string): string {
  const missing = columnOf(side.table, column)?.missing ?? null;
  if (missing === null || columnOf(other.table, column)?.missing == null) return textOf(column);
  return `case when ${textOf(column)} = ${literal(missing)} then E'\\x01' else ${textOf(column)} end`;
}

function markedText(marks: Mark[], table: Table): string {
  const fitting = marks.filter((mark) => isNamed(table, mark.table) && columnOf(table, mark.column) !== undefined);
  if (fitting.length === 0) return 'false';
  return `coalesce(${fitting.map(({ column, like }) => `${textOf(column)} like ${literal(like)}`).join(' or ')}, false)`;
}

function bucketOf({ identity }: Texts, mask: number): string {
  return `(hashtextextended(${identity}, 0) & ${mask})::int`;
}

/** How many rows, and what their hashes add up to, in each part of the table. */
async function readBuckets(side: Side, mask: number, texts: Texts): Promise<Map<number, string>> {
  const rows = await side.session.rows<{ bucket: number; sum: string }>(
    `select ${bucketOf(texts, mask)} as bucket, count(*) || ':' || sum(hashtextextended(${texts.content}, 0)::numeric) as sum
       from ${side.table.from} as savepoint_row group by 1`,
  );
  return new Map(rows.map(({ bucket, sum }) => [bucket, sum]));
}

function maskFor({ before, now }: Comparison): number {
  const wanted = Math.max(before.table.bytes, now.table.bytes, 1) / bytesPerRow / rowsPerBucket;
  return Math.min(mostBuckets, 2 ** Math.ceil(Math.log2(Math.max(1, wanted)))) - 1;
}

/**
 * What else is read of rows. `rows`: values of rows without a key · `columns`: a hash of each value, which tells what
 * changed in a row · `steady`: a hash of the steady columns
 */
export type Values = 'none' | 'rows' | 'columns' | 'steady';

type Wanted = { mask: number; buckets: number[]; values: Values };

function hex(number: string): string {
  return `lpad(to_hex(${number}), 16, '0')`;
}

/** Lines as `Row` takes them apart, bucket after bucket, in the order of hexadecimal digits. */
function linesQuery(comparison: Comparison, side: Side, { mask, buckets, values }: Wanted): string {
  const texts = textsOf(comparison, side);
  const where = buckets.length > mask ? '' : `where ${bucketOf(texts, mask)} = any ('{${buckets.join(',')}}'::int[])`;
  const from = `from ${side.table.from} as savepoint_row ${where}`;
  const marked = markedText(comparison.marks, side.table);
  const bucket = bucketOf(texts, mask);
  const hashes = [0, 1].map((seed) => hex(`hashtextextended(${texts.identity}, ${seed})`)).join(' || ');
  const order = `lpad(to_hex(${bucket}), 4, '0') || ${hashes}`;
  const rows =
    comparison.key === null
      ? `select min(${bucket}) as bucket, ${order} as place, repeat('0', 16) as digest, bool_and(${marked}) as marked,
           json_build_array('[]'::json, '', count(*), ${values === 'rows' ? `min(${valuesText(comparison)})` : 'null'}) as rest
         ${from} group by 2`
      : `select ${bucket} as bucket, ${order} as place, ${hex(`hashtextextended(${texts.content}, 0)`)} as digest, ${marked} as marked,
           json_build_array(array[${comparison.key.map(textOf).join(', ')}]::text[], ${values === 'steady' ? steadyText(comparison, side) : `''`},
             1, ${values === 'columns' ? columnHashes(comparison, side) : 'null'}) as rest ${from}`;
  const line = `(place || digest || case when marked then 't' else 'f' end || rest::text) collate "C"`;
  return `select string_agg(line, E'\n' order by line) as lines from (select bucket, ${line} as line from (${rows}) as found) as listed
    group by bucket order by bucket`;
}

function valuesText({ columns }: Comparison): string {
  return `array[${columns.map(textOf).join(', ')}]::text[]`;
}

function columnHashes(comparison: Comparison, side: Side): string {
  const other = side === comparison.now ? comparison.before : comparison.now;
  const hashes = comparison.columns.map(
    (name) => `hashtextextended((${countedText(side, other, name)}) collate "C", 0)::text`,
  );
  return `array[${hashes.join(', ')}]::text[]`;
}

function steadyText({ steady }: Comparison, side: Side): string {
  const there = steady.filter((name) => columnOf(side.table, name) !== undefined);
  return `hashtextextended(row(${there.map(textOf).join(', ')})::text collate "C", 0)::text`;
}

/** Two rows, or groups of equal rows where `countsMatter`, that are one and the same. */
function compared(before: Row, now: Row, countsMatter: boolean): Change | null {
  if (before.digest !== now.digest) return { op: 'changed', key: now.key, count: 1, before, now };
  if (!countsMatter) return null;
  const { key } = now;
  if (now.count > before.count) return { op: 'added', key, count: now.count - before.count, before: null, now };
  if (now.count < before.count) return { op: 'removed', key, count: before.count - now.count, before, now: null };
  return null;
}

async function* merged(befores: Reader, nows: Reader, keyed: boolean): AsyncGenerator<Change> {
  // Both servers sort at the same time.
  await Promise.all([befores.peek(), nows.peek()]);
  for (;;) {
    const before = await befores.peek();
    const now = await nows.peek();
    if (before === null && now === null) return;
    if (before !== null && (now === null || before.order < now.order)) {
      yield { op: 'removed', key: before.key, count: before.count, before, now: null };
      befores.skip();
    } else if (now !== null && (before === null || now.order < before.order)) {
      yield { op: 'added', key: now.key, count: now.count, before: null, now };
      nows.skip();
    } else if (before !== null && now !== null) {
      const change = compared(before, now, !keyed);
      if (change !== null) yield change;
      befores.skip();
      nows.skip();
    }
  }
}

/** Both sides are snapshots, so where they differ is found out once. */
const known = new WeakMap<Comparison, Promise<number[]>>();

function differingBuckets(comparison: Comparison, mask: number): Promise<number[]> {
  const found = known.get(comparison) ?? findDiffering(comparison, mask);
  known.set(comparison, found);
  return found;
}

async function findDiffering(comparison: Comparison, mask: number): Promise<number[]> {
  const { before, now } = comparison;
  const [old, present] = await Promise.all(
    [before, now].map((side) => readBuckets(side, mask, textsOf(comparison, side))),
  );
  if (old === undefined || present === undefined) return [];
  const all = [...new Set([...old.keys(), ...present.keys()])];
  return all.filter((bucket) => old.get(bucket) !== present.get(bucket));
}

/**
 * Every row that differs, one at a time. Sums of hashes over parts of the table say where to look; only there are rows
 * read.
 */
export async function* differences(comparison: Comparison, values: Values = 'none'): AsyncGenerator<Change> {
  const mask = maskFor(comparison);
  const wanted = { mask, buckets: await differingBuckets(comparison, mask), values };
  if (wanted.buckets.length > 0) yield* read(comparison, wanted);
}

async function* read(comparison: Comparison, wanted: Wanted): AsyncGenerator<Change> {
  const reader = (side: Side) => new Reader(pagesOf(side.session, linesQuery(comparison, side, wanted)));
  const before = reader(comparison.before);
  const now = reader(comparison.now);
  try {
    yield* merged(before, now, comparison.key !== null);
  } finally {
    await before.close();
    await now.close();
  }
}

/** All rows of a table. */
export async function countRows(side: Side, marks: Mark[]): Promise<{ rows: number; marked: number }> {
  const marked = markedText(marks, side.table);
  const [row] = await side.session.rows<{ rows: number; marked: number }>(
    `select count(*)::float8 as rows, count(*) filter (where ${marked})::float8 as marked from ${side.table.from} as savepoint_row`,
  );
  return row ?? { rows: 0, marked: 0 };
}

/** How many parts of a table stand for the whole when it is asked whether every row changed. */
const fewBuckets = 8;

/** Could every row be another one? Looks at a few rows only, and says no as soon as one of them is the same. */
export async function mayAllDiffer(comparison: Comparison): Promise<boolean> {
  const mask = maskFor(comparison);
  const buckets = (await differingBuckets(comparison, mask)).slice(0, fewBuckets);
  if (buckets.length === 0) return false;
  const texts = textsOf(comparison, comparison.now);
  const where = `where ${bucketOf(texts, mask)} = any ('{${buckets.join(',')}}'::int[])`;
  const [row] = await comparison.now.session.rows<{ rows: number }>(
    `select count(*)::float8 as rows from ${comparison.now.table.from} as savepoint_row ${where}`,
  );
  let differing = 0;
  for await (const { op } of read(comparison, { mask, buckets, values: 'none' })) if (op !== 'removed') differing += 1;
  return differing === row?.rows;
}
