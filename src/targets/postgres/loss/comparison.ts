import type { Mark } from '../../../release/loss.ts';
import type { Session } from '../connection.ts';
import { columnOf, type Table } from './tables.ts';

/** How many rows, and what their hashes add up to, in each part of a table. */
export type Sums = Map<number, string>;

/**
 * Sums of a database that nobody changes, kept on the server. They are found by the very query that gave them, so that
 * a table with other columns, or compared over others, has none.
 */
export type KeptSums = { find(query: string): Promise<Sums | null>; keep(query: string, sums: Sums): Promise<void> };

/**
 * One of the two databases that are compared, in its snapshot; `table` as it is there. `kept`: sums of it from before;
 * only a database that nobody changes has any.
 */
export type Side = { session: Session; table: Table; kept?: KeptSums | null };

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
