import { identifier, type Session } from '../connection.ts';
import type { Side } from '../loss/comparison.ts';
import type { Change } from '../loss/difference.ts';
import { columnOf } from '../loss/tables.ts';
import { userChanges } from '../loss/users.ts';
import type { TablePlan } from './plans.ts';

/** Text of a value, as the server writes it under fixed settings. */
export type Value = string | null;

/**
 * One row that users wrote. `values`: by column, as it is now, or as it was where they deleted it (then only the key,
 * for a table that has one). `changed`: names of the carried columns that they changed.
 */
export type UserRow = {
  op: Change['op'];
  key: string[];
  count: number;
  values: Record<string, Value>;
  changed: string[];
};

const rowsPerBatch = 1_000;

/**
 * What users did to one table in batches of rows. Rows of smoke tests do not count in a loss, and are carried all the
 * same: others may refer to them.
 */
export async function* userRows(plan: TablePlan): AsyncGenerator<UserRow[]> {
  let batch: Change[] = [];
  for await (const change of userChanges(plan.comparison, plan.isOwn, 'rows')) {
    batch.push(change);
    if (batch.length < rowsPerBatch) continue;
    yield withValues(plan, batch);
    batch = [];
  }
  if (batch.length > 0) yield withValues(plan, batch);
}

async function withValues(plan: TablePlan, batch: Change[]): Promise<UserRow[]> {
  const { comparison } = plan;
  const { key } = comparison;
  if (key === null) return batch.map((change) => keyless(comparison.columns, change));
  const present = batch.filter(({ op }) => op !== 'removed').map((change) => change.key);
  const changed = batch.filter(({ op }) => op === 'changed').map((change) => change.key);
  const columns = plan.columns.map(({ name }) => name);
  const now = await readValues(comparison.now, { key, keys: present, columns: plan.read });
  const had = columns.filter((name) => columnOf(comparison.before.table, name) !== undefined);
  const before = await readValues(comparison.before, { key, keys: changed, columns: had });
  return batch.map(({ op, key: found, count }) => {
    const text = JSON.stringify(found);
    const keyed = Object.fromEntries(key.map((name, index) => [name, found[index] ?? null]));
    const values = now.get(text) ?? keyed;
    const was = before.get(text);
    const differing = was === undefined ? [] : had.filter((name) => values[name] !== was[name]);
    return { op, key: found, count, values, changed: differing };
  });
}

function keyless(columns: string[], { op, count, now, before }: Change): UserRow {
  const found = (now ?? before)?.values ?? [];
  const values = Object.fromEntries(columns.map((name, index) => [name, found[index] ?? null]));
  return { op, key: [], count, values, changed: [] };
}

type Wanted = { key: string[]; keys: string[][]; columns: string[] };

async function readValues(side: Side, { key, keys, columns }: Wanted): Promise<Map<string, Record<string, Value>>> {
  const found = new Map<string, Record<string, Value>>();
  if (keys.length === 0) return found;
  const arrays = key.map((_, index) => keys.map((each) => each[index]));
  const names = key.map((_, index) => `k${index}`);
  const joined = key.map((name, index) => {
    const base = columnOf(side.table, name)?.base ?? 'text';
    return `savepoint_row.${identifier(name)} = wanted.k${index}::${base}`;
  });
  const rows = await side.session.rows<{ key: string[]; values: Value[] }>(
    `select array[${names.map((name) => `wanted.${name}`).join(', ')}] as key,
            array[${columns.map((name) => `savepoint_row.${identifier(name)}::text`).join(', ')}]::text[] as values
       from unnest(${names.map((_, index) => `$${index + 1}::text[]`).join(', ')}) as wanted (${names.join(', ')})
            join ${side.table.from} as savepoint_row on ${joined.join(' and ')}`,
    arrays,
  );
  for (const row of rows) {
    const values = Object.fromEntries(columns.map((name, index) => [name, row.values[index] ?? null]));
    found.set(JSON.stringify(row.key), values);
  }
  return found;
}

/** Values of sequences as they are now, of those that both have and that count on without end. */
export async function readSequenceValues(session: Session): Promise<{ name: string; last: string; up: boolean }[]> {
  return session.rows(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as last, increment_by > 0 as up
       from pg_sequences where last_value is not null and not cycle and schemaname <> 'savepoint' order by 1`,
  );
}
