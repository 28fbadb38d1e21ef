import type { Mark } from '../../../release/loss.ts';
import type { Comparison, Side } from './comparison.ts';
import { type Differing, partsOf, rowsOf } from './parts.ts';
import { pagesOf, Reader, type Row } from './reading.ts';
import { readSums } from './sums.ts';
import { columnOf } from './tables.ts';
import { countedText, markedText, textOf, textsOf } from './texts.ts';

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

/**
 * What else is read of rows. `rows`: values of rows without a key · `columns`: a hash of each value, which tells what
 * changed in a row · `steady`: a hash of the steady columns
 */
export type Values = 'none' | 'rows' | 'columns' | 'steady';

/** `from`: where the rows come from that are read. */
type Wanted = { from: (side: Side) => string; values: Values };

function hex(number: string): string {
  return `lpad(to_hex(${number}), 16, '0')`;
}

/** Lines as `Row` takes them apart, part after part, in the order of hexadecimal digits. */
function linesQuery(comparison: Comparison, side: Side, wanted: Wanted): string {
  const { values } = wanted;
  const texts = textsOf(comparison, side);
  const from = wanted.from(side);
  const marked = markedText(comparison.marks, side.table);
  const part = partsOf(comparison, side).number;
  const hashes = [0, 1].map((seed) => hex(`hashtextextended(${texts.identity}, ${seed})`)).join(' || ');
  const order = `lpad(to_hex(${part}), 4, '0') || ${hashes}`;
  const rows =
    comparison.key === null
      ? `select min(${part}) as part, ${order} as place, repeat('0', 16) as digest, bool_and(${marked}) as marked,
           json_build_array('[]'::json, '', count(*), ${values === 'rows' ? `min(${valuesText(comparison)})` : 'null'}) as rest
         ${from} group by 2`
      : `select ${part} as part, ${order} as place, ${hex(`hashtextextended(${texts.content}, 0)`)} as digest, ${marked} as marked,
           json_build_array(array[${comparison.key.map(textOf).join(', ')}]::text[], ${values === 'steady' ? steadyText(comparison, side) : `''`},
             1, ${values === 'columns' ? columnHashes(comparison, side) : 'null'}) as rest ${from}`;
  const line = `(place || digest || case when marked then 't' else 'f' end || rest::text) collate "C"`;
  return `select string_agg(line, E'\n' order by line) as lines from (select part, ${line} as line from (${rows}) as found) as listed
    group by part order by part`;
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
const known = new WeakMap<Comparison, Promise<Differing>>();

function differingParts(comparison: Comparison): Promise<Differing> {
  const found = known.get(comparison) ?? findDiffering(comparison);
  known.set(comparison, found);
  return found;
}

async function findDiffering(comparison: Comparison): Promise<Differing> {
  const { before, now } = comparison;
  const [old, present] = await Promise.all([readSums(comparison, before), readSums(comparison, now)]);
  const all = [...new Set([...old.keys(), ...present.keys()])];
  return { numbers: all.filter((part) => old.get(part) !== present.get(part)), seen: all.length };
}

/**
 * Every row that differs, one at a time. Sums of hashes over parts of the table say where to look; only there are rows
 * read.
 */
export async function* differences(comparison: Comparison, values: Values = 'none'): AsyncGenerator<Change> {
  const differing = await differingParts(comparison);
  if (differing.numbers.length === 0) return;
  yield* read(comparison, { from: await rowsOf(comparison, differing), values });
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
const fewParts = 8;

/** Could every row be another one? Looks at a few rows only, and says no as soon as one of them is the same. */
export async function mayAllDiffer(comparison: Comparison): Promise<boolean> {
  const differing = await differingParts(comparison);
  if (differing.numbers.length === 0) return false;
  const from = await rowsOf(comparison, { ...differing, numbers: differing.numbers.slice(0, fewParts) });
  const [row] = await comparison.now.session.rows<{ rows: number }>(
    `select count(*)::float8 as rows ${from(comparison.now)}`,
  );
  let rows = 0;
  for await (const { op } of read(comparison, { from, values: 'none' })) if (op !== 'removed') rows += 1;
  return rows === row?.rows;
}
