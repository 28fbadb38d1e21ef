import type { Mark } from '../../../release/loss.ts';
import { identifier, literal } from '../connection.ts';
import { rowHash } from '../row-hash.ts';
import type { Comparison, Side } from './comparison.ts';
import { columnOf, isNamed, type Table } from './tables.ts';

/** The text of a row by which it is found again in the other database, and the text of what counts. */
export type Texts = { identity: string; content: string };

export function textsOf(comparison: Comparison, side: Side): Texts {
  const content = isWhole(comparison) ? wholeText : `row(${countedTexts(comparison, side)})::text collate "C"`;
  if (comparison.key === null) return { identity: content, content };
  return { identity: `row(${comparison.key.map(textOf).join(', ')})::text collate "C"`, content };
}

const wholeText = `savepoint_row::text collate "C"`;

/**
 * A hash of what counts in a row. Of whole rows it is the hash of a fingerprint, so that one reading can serve both; rows
 * that are equal in their binary form are equal as texts.
 */
export function hashOf(comparison: Comparison, side: Side): string {
  if (!isWhole(comparison)) return `hashtextextended(${textsOf(comparison, side).content}, 0)`;
  const { before, now } = comparison;
  return before.table.binary && now.table.binary ? rowHash.binary : rowHash.text;
}

/** Whether whole rows can be compared: both sides have the same columns in the same order, and all of them count. */
export function isWhole({ before, now, columns }: Comparison): boolean {
  const { columns: old } = before.table;
  const { columns: present } = now.table;
  if (old.length !== columns.length || present.length !== columns.length) return false;
  return present.every((column, index) => {
    const was = old[index];
    if (was?.name !== column.name || was.type !== column.type || !columns.includes(column.name)) return false;
    const filled = was.missing !== null && column.missing !== null;
    // A column of this name would stand for the row.
    return (!filled || was.missing === column.missing) && column.name !== 'savepoint_row';
  });
}

export function textOf(column: string): string {
  return `savepoint_row.${identifier(column)}::text`;
}

/** Types that a row is written with as each of them is by itself. */
const sameInRow = new Set([
  ...['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'text', 'character varying', 'uuid'],
  ...['date', 'timestamp without time zone', 'timestamp with time zone', 'json', 'jsonb', 'bytea'],
]);

function countedTexts(comparison: Comparison, side: Side): string {
  const other = side === comparison.now ? comparison.before : comparison.now;
  return comparison.columns
    .map((name) => {
      const text = countedText(side, other, name);
      const plain = text === textOf(name) && sameInRow.has(columnOf(side.table, name)?.base ?? '');
      return plain ? `savepoint_row.${identifier(name)}` : text;
    })
    .join(', ');
}

/** The value that a new column gave to all older rows at once, such as now(), is no work of users. */
export function countedText(side: Side, other: Side, column: string): string {
  const missing = columnOf(side.table, column)?.missing ?? null;
  if (missing === null || columnOf(other.table, column)?.missing == null) return textOf(column);
  return `case when ${textOf(column)} = ${literal(missing)} then E'\\x01' else ${textOf(column)} end`;
}

export function markedText(marks: Mark[], table: Table): string {
  const fitting = marks.filter((mark) => isNamed(table, mark.table) && columnOf(table, mark.column) !== undefined);
  if (fitting.length === 0) return 'false';
  return `coalesce(${fitting.map(({ column, like }) => `${textOf(column)} like ${literal(like)}`).join(' or ')}, false)`;
}
