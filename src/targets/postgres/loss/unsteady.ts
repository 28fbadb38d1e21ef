import { type Comparison, comparisonOf } from './comparison.ts';
import { type Databases, sideOf } from './databases.ts';
import { countRows, differences, mayAllDiffer } from './difference.ts';

type Tally = { rows: number; columns: Map<string, number> };

/** In how many rows of the left side, which the right side still has, each column differs. */
async function tally(comparison: Comparison): Promise<Tally> {
  const columns = new Map<string, number>();
  let { rows } = await countRows(comparison.before, []);
  for await (const { op, before, now } of differences(comparison, 'columns')) {
    if (op === 'removed') rows -= 1;
    if (op !== 'changed') continue;
    for (const [index, column] of comparison.columns.entries()) {
      if (before?.values[index] !== now?.values[index]) columns.set(column, (columns.get(column) ?? 0) + 1);
    }
  }
  return { rows, columns };
}

/**
 * A release that writes random values, or the time, into every row writes others on the reference. A column that the
 * release wrote and that differs in all rows alike says nothing about users.
 */
export async function withoutUnsteady(
  comparison: Comparison,
  databases: Databases,
): Promise<{ comparison: Comparison; unsteady: string[] }> {
  if (comparison.key === null || !databases.own || !(await mayAllDiffer(comparison)))
    return { comparison, unsteady: [] };
  const users = await tally(comparison);
  const everywhere = [...users.columns].filter(([, rows]) => rows === users.rows).map(([column]) => column);
  if (everywhere.length === 0) return { comparison, unsteady: [] };
  const written = await writtenByRelease(databases, comparison.now.table.name);
  const unsteady = everywhere.filter(written);
  const steady = (names: string[]) => names.filter((name) => !unsteady.includes(name));
  return {
    comparison: { ...comparison, columns: steady(comparison.columns), steady: steady(comparison.steady) },
    unsteady,
  };
}

async function writtenByRelease(databases: Databases, name: string): Promise<(column: string) => boolean> {
  const before = sideOf(databases.copy, name);
  const now = sideOf(databases.reference, name);
  if (before === null || now === null) return () => true;
  const own = comparisonOf(before, now, []);
  const { columns } = own.key === null ? { columns: new Map<string, number>() } : await tally(own);
  return (column) => !own.columns.includes(column) || (columns.get(column) ?? 0) > 0;
}
