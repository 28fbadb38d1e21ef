import { identifier } from '../connection.ts';
import type { ForeignKey, TablePlan } from './plans.ts';
import type { UserRow, Value } from './rows.ts';
import type { Writer } from './write.ts';

/** Rows that refer to a row that is neither in the copy nor among them, and what they would violate. */
export async function findOrphans(writer: Writer, plan: TablePlan, rows: UserRow[]): Promise<Map<UserRow, string>> {
  const orphans = new Map<UserRow, string>();
  const waitingForEachOther: { key: ForeignKey; rows: UserRow[] }[] = [];
  for (const key of writer.keys.filter(({ child }) => child === plan.name)) {
    const missing = await withoutParent(writer, plan, { key, rows: rows.filter((row) => refers(row, key)) });
    if (key.parent === plan.name && rows[0]?.op === 'added') waitingForEachOther.push({ key, rows: missing });
    else for (const row of missing) orphans.set(row, `violates ${key.name}`);
  }
  for (let found = true; found; ) {
    found = false;
    for (const { key, rows: missing } of waitingForEachOther) {
      const there = parentsAmong(rows, orphans, key);
      for (const row of missing) {
        if (orphans.has(row) || there.has(textOf(row, key.columns))) continue;
        orphans.set(row, `violates ${key.name}`);
        found = true;
      }
    }
  }
  return orphans;
}

function refers(row: UserRow, { columns }: ForeignKey): boolean {
  if (row.op === 'removed') return false;
  const written = row.op === 'added' || columns.some((name) => row.changed.includes(name));
  return written && columns.every((name) => row.values[name] != null);
}

function textOf(row: UserRow, columns: string[]): string {
  return JSON.stringify(columns.map((name): Value => row.values[name] ?? null));
}

function parentsAmong(rows: UserRow[], orphans: Map<UserRow, string>, { parentColumns }: ForeignKey): Set<string> {
  return new Set(rows.filter((row) => !orphans.has(row)).map((row) => textOf(row, parentColumns)));
}

async function withoutParent(
  { session }: Writer,
  plan: TablePlan,
  { key, rows }: { key: ForeignKey; rows: UserRow[] },
): Promise<UserRow[]> {
  const columns = key.columns.map((name) => plan.columns.find((column) => column.name === name));
  if (rows.length === 0 || columns.some((column) => column === undefined)) return [];
  const names = columns.map((_, index) => `c${index}`);
  const same = columns.map(
    (column, index) => `parent.${identifier(key.parentColumns[index] ?? '')} = given.c${index}::${column?.old.base}`,
  );
  const arrays = names.map((_, index) => `$${index + 1}::text[]`);
  const missing = await session.rows<{ place: number }>(
    `select given.place::int as place from unnest(${arrays.join(', ')}) with ordinality as given (${names.join(', ')}, place)
      where not exists (select from ${key.parent} as parent where ${same.join(' and ')})`,
    key.columns.map((name) => rows.map(({ values }) => values[name] ?? null)),
  );
  return missing.flatMap(({ place }) => rows[place - 1] ?? []);
}
