import { identifier } from '../connection.ts';
import type { Comparison, Side } from './comparison.ts';
import { columnOf, type Table } from './tables.ts';
import { hashOf } from './texts.ts';

/**
 * How a table is divided, so that sums say where it differs. Both sides are divided alike, by what the unchanging side
 * (`before`) was when the division was made: the same table is divided the same way until its copy is made anew.
 *
 * - `number`: SQL, the part of a row, from 0 to 65,535
 * - `range`: parts are ranges of so many numbers of one column, which its index finds again; null: parts are by hash
 */
export type Parts = { number: string; range: Range | null };
type Range = { column: string; width: bigint };

/** A part whose sum differs is read row by row, so it holds about this many. */
const rowsPerPart = 128;
const bytesPerRow = 100;
const mostParts = 65_536;
/** Of the numbers between the smallest and the largest key, at least one in so many is used. */
const sparsest = 8;
const mostRanges = 4_096;

const integers = ['smallint', 'integer', 'bigint'];

export function partsOf(comparison: Comparison, side: Side): Parts {
  const { before, key } = comparison;
  const rows = Math.max(before.table.bytes, 1) / bytesPerRow;
  const [single] = key?.length === 1 ? key : [];
  const width = single === undefined || !isOf(comparison, single, integers) ? null : widthOf(before.table, rows);
  if (single !== undefined && width !== null) {
    const range = { column: `savepoint_row.${identifier(single)}`, width };
    return { number: `((${range.column}::int8 / ${width}) & ${mostParts - 1})::int`, range };
  }
  const mask = Math.min(mostParts, 2 ** Math.ceil(Math.log2(Math.max(1, rows / rowsPerPart)))) - 1;
  return { number: `(${placeOf(comparison, side)} & ${mask})::int`, range: null };
}

/** Null where numbers are so sparse that parts of equal width would hold very different numbers of rows. */
function widthOf({ extent }: Table, rows: number): bigint | null {
  if (extent === null) return null;
  const span = extent.to - extent.from + 1n;
  if (span > BigInt(Math.ceil(rows * sparsest))) return null;
  let width = BigInt(rowsPerPart);
  while (span / width > mostParts / 2) width *= 2n;
  return width;
}

function isOf({ before, now }: Comparison, column: string, types: string[]): boolean {
  return [before, now].every(({ table }) => types.includes(columnOf(table, column)?.base ?? ''));
}

/** Equal for rows that are joined, whatever types the two sides have. Hashes of numbers cost less than those of texts. */
function placeOf(comparison: Comparison, side: Side): string {
  if (comparison.key === null) return hashOf(comparison, side);
  return comparison.key.reduce((seed, name) => {
    const column = `savepoint_row.${identifier(name)}`;
    if (isOf(comparison, name, integers)) return `hashint8extended(${column}::int8, ${seed})`;
    if (isOf(comparison, name, ['uuid'])) return `uuid_hash_extended(${column}, ${seed})`;
    return `hashtextextended(${column}::text collate "C", ${seed})`;
  }, '0::int8');
}

/** `numbers`: of the parts that differ, `seen`: how many parts there are at all. */
export type Differing = { numbers: number[]; seen: number };

/** SQL that begins with `from` and finds the rows of some parts on either side. */
export async function rowsOf(comparison: Comparison, differing: Differing): Promise<(side: Side) => string> {
  const { range } = partsOf(comparison, comparison.now);
  const { numbers, seen } = differing;
  if (numbers.length === seen) return ({ table }) => `from ${table.from} as savepoint_row`;
  const ranges = range === null || numbers.length > seen / 4 ? null : await rangesOf(comparison, range, numbers);
  if (range === null || ranges === null || ranges.length > mostRanges) {
    return (side) =>
      `from ${side.table.from} as savepoint_row
        where ${partsOf(comparison, side).number} = any ('{${numbers.join(',')}}'::int[])`;
  }
  const list = (end: keyof Ends) => `'{${ranges.map((each) => each[end]).join(',')}}'::int8[]`;
  return ({ table }) =>
    `from unnest(${list('first')}, ${list('last')}) as savepoint_part (first, last)
       join ${table.from} as savepoint_row on ${range.column} between savepoint_part.first and savepoint_part.last`;
}

type Ends = { first: bigint; last: bigint };

/** Null where one part stands for several ranges. */
async function rangesOf(comparison: Comparison, { column, width }: Range, numbers: number[]): Promise<Ends[] | null> {
  const found = await Promise.all([comparison.before, comparison.now].map((side) => readExtent(side, column)));
  const ends = found.flatMap((each) => (each === null ? [] : [each.from / width, each.to / width]));
  const [lowest, highest] = [ends.sort(ascending)[0], ends.at(-1)];
  if (lowest === undefined || highest === undefined) return [];
  if (highest - lowest >= mostParts) return null;
  const quotients = numbers.map((number) => lowest + BigInt.asUintN(16, BigInt(number) - lowest));
  const joined: Ends[] = [];
  for (const next of quotients.sort(ascending).map((each) => endsOf(each, width))) {
    const last = joined.at(-1);
    if (last !== undefined && last.last + 1n === next.first) last.last = next.last;
    else joined.push(next);
  }
  return joined;
}

function ascending(one: bigint, other: bigint): number {
  return Number(one > other) - Number(one < other);
}

async function readExtent({ session, table }: Side, column: string): Promise<{ from: bigint; to: bigint } | null> {
  const [row] = await session.rows<{ from: string | null; to: string | null }>(
    `select min(${column})::text as "from", max(${column})::text as "to" from ${table.from} as savepoint_row`,
  );
  return row?.from == null || row.to === null ? null : { from: BigInt(row.from), to: BigInt(row.to) };
}

const largest = 2n ** 63n - 1n;

/** Of the numbers that come to this quotient. Division cuts towards zero, so around zero there are twice as many. */
function endsOf(quotient: bigint, width: bigint): Ends {
  const first = quotient > 0n ? quotient * width : quotient * width - width + 1n;
  const last = quotient < 0n ? quotient * width : quotient * width + width - 1n;
  return { first: first < -largest ? -largest - 1n : first, last: last > largest ? largest : last };
}
