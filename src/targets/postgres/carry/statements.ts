import { identifier, literal } from '../connection.ts';
import type { CarriedColumn, ForeignKey, TablePlan } from './plans.ts';
import type { UserRow, Value } from './rows.ts';

/** A statement whose parameters are one array of texts per column. */
export type Batch = { text: string; values: (Value | number)[][] };

const rowHash = `hashtextextended(savepoint_row::text collate "C", 0)::numeric`;
const totals = `select count(*)::int as rows, coalesce(sum(hash), 0)::text as sum from written`;

function source(names: string[]): string {
  const arrays = names.map((name, index) => `$${index + 1}::${name === 'n' ? 'int' : 'text'}[]`);
  return `unnest(${arrays.join(', ')}) as given (${names.join(', ')})`;
}

type Columns = { key: CarriedColumn[]; rest: CarriedColumn[] };

/** Columns of the key first. */
function split(plan: TablePlan, rest: readonly string[]): Columns {
  const key = (plan.comparison.key ?? []).flatMap((name) => plan.columns.filter((column) => column.name === name));
  return { key, rest: plan.columns.filter((column) => rest.includes(column.name) && !key.includes(column)) };
}

function arraysOf(columns: CarriedColumn[], rows: UserRow[]): Value[][] {
  return columns.map(({ name }) => rows.map(({ values }) => values[name] ?? null));
}

function aliases(columns: CarriedColumn[], letter: string): string[] {
  return columns.map((_, index) => `${letter}${index}`);
}

/** The cast cuts nothing off; what is too long or too wide is refused where it is assigned. */
function typed(columns: CarriedColumn[], letter: string): string[] {
  return columns.map(({ old }, index) => `given.${letter}${index}::${old.base}`);
}

function byKey(key: CarriedColumn[]): string {
  const given = typed(key, 'k');
  return key.map(({ name }, index) => `savepoint_row.${identifier(name)} = ${given[index]}`).join(' and ');
}

/** Each row as often as it is missing. */
export function insertBatch(plan: TablePlan, rows: UserRow[]): Batch {
  const { columns } = plan;
  const listed = columns.map(({ name }) => identifier(name)).join(', ');
  const given = source([...aliases(columns, 'c'), 'n']);
  const text = `with written as (
      insert into ${plan.name} as savepoint_row (${listed}) overriding system value
      select ${typed(columns, 'c').join(', ')} from ${given}, generate_series(1, given.n) returning ${rowHash} as hash)
    ${totals}`;
  return { text, values: [...arraysOf(columns, rows), rows.map(({ count }) => count)] };
}

/** Rows that all changed in the same columns. */
export function updateBatch(plan: TablePlan, rows: UserRow[], changed: string[]): Batch {
  const { key, rest } = split(plan, changed);
  const given = typed(rest, 'c');
  const set = rest.map(({ name }, index) => `${identifier(name)} = ${given[index]}`).join(', ');
  const text = `with written as (
      update ${updated(plan)} as savepoint_row set ${set}
        from ${source([...aliases(key, 'k'), ...aliases(rest, 'c')])} where ${byKey(key)} returning ${rowHash} as hash)
    ${totals}`;
  return { text, values: [...arraysOf(key, rows), ...arraysOf(rest, rows)] };
}

function updated(plan: TablePlan): string {
  return plan.old?.from ?? plan.name;
}

/** What the rows of these keys add up to. */
export function sumBatch(plan: TablePlan, rows: UserRow[]): Batch {
  const { key } = split(plan, []);
  const text = `with written as (
      select ${rowHash} as hash from ${source(aliases(key, 'k'))} join ${updated(plan)} as savepoint_row on ${byKey(key)})
    ${totals}`;
  return { text, values: arraysOf(key, rows) };
}

/** Rows that something still refers to stay, whatever the foreign key would do with those that do. */
export function deleteBatch(plan: TablePlan, rows: UserRow[], keys: ForeignKey[]): Batch {
  const { key } = split(plan, []);
  const referred = keys.map(({ child, columns, parentColumns }) => {
    const same = columns.map(
      (name, index) => `child.${identifier(name)} = savepoint_row.${identifier(parentColumns[index] ?? '')}`,
    );
    return ` and not exists (select from ${child} as child where ${same.join(' and ')})`;
  });
  const text = `with written as (
      delete from ${updated(plan)} as savepoint_row using ${source(aliases(key, 'k'))} where ${byKey(key)}${referred.join('')}
      returning ${rowHash} as hash)
    ${totals}`;
  return { text, values: arraysOf(key, rows) };
}

/** Rows of a table without a key: as many equal ones as were removed. */
export function removeBatch(plan: TablePlan, rows: UserRow[]): Batch {
  const { columns } = plan;
  const same = columns.map(
    ({ name }, index) => `savepoint_row.${identifier(name)}::text is not distinct from given.c${index}`,
  );
  const text = `with given as (select *, row_number() over () as which from ${source([...aliases(columns, 'c'), 'n'])}),
    found as (
      select savepoint_row.tableoid as relation, savepoint_row.ctid as place, given.n,
             row_number() over (partition by given.which) as nth
        from given join ${updated(plan)} as savepoint_row on ${same.join(' and ')}),
    written as (
      delete from ${updated(plan)} as savepoint_row using found
       where found.nth <= found.n and savepoint_row.tableoid = found.relation and savepoint_row.ctid = found.place
      returning ${rowHash} as hash)
    ${totals}`;
  return { text, values: [...arraysOf(columns, rows), rows.map(({ count }) => count)] };
}

/** Which columns of which rows are not what they should be: a scale that rounds, a length that pads. */
export function unfitBatch(plan: TablePlan, rows: UserRow[], written: string[]): Batch {
  const { key, rest } = split(plan, written);
  const check = (letter: string) => (column: CarriedColumn, index: number) => {
    const value = `savepoint_row.${identifier(column.name)}`;
    const now = column.old.type === column.now ? `${value}::text` : `${value}::${column.now}::text`;
    return `case when ${now} is distinct from given.${letter}${index} then ${literal(column.name)} end`;
  };
  const checks = [...key.map(check('k')), ...rest.map(check('c'))];
  const text = `select distinct unfit.name from ${source([...aliases(key, 'k'), ...aliases(rest, 'c')])}
      join ${updated(plan)} as savepoint_row on ${byKey(key)}, unnest(array[${checks.join(', ')}]::text[]) as unfit (name) where unfit.name is not null`;
  return { text, values: [...arraysOf(key, rows), ...arraysOf(rest, rows)] };
}

function shown(value: Value | undefined): string {
  return value == null ? 'null' : literal(value).trim();
}

function where(plan: TablePlan, row: UserRow): string {
  return (plan.comparison.key ?? []).map((name) => `${identifier(name)} = ${shown(row.values[name])}`).join(' and ');
}

/** The same as statements that any client can run on the old schema. */
export function asSql(plan: TablePlan, rows: UserRow[]): string {
  const added = rows.filter(({ op }) => op === 'added');
  const changed = rows.filter(({ op }) => op === 'changed');
  const removed = rows.filter(({ op }) => op === 'removed');
  return [
    insertSql(plan, added),
    ...changed.map((row) => updateSql(plan, row)),
    ...removed.map((row) => deleteSql(plan, row)),
  ]
    .filter((text) => text !== '')
    .map((text) => `${text};\n`)
    .join('');
}

function insertSql(plan: TablePlan, rows: UserRow[]): string {
  if (rows.length === 0) return '';
  const { columns } = plan;
  const tuples = rows.flatMap(({ values, count }) => {
    const tuple = `(${columns.map(({ name }) => shown(values[name])).join(', ')})`;
    return Array.from({ length: count }, () => tuple);
  });
  const identity = columns.some(({ old }) => old.identity) ? ' overriding system value' : '';
  const listed = columns.map(({ name }) => identifier(name)).join(', ');
  return `insert into ${plan.name} (${listed})${identity} values\n  ${tuples.join(',\n  ')}\n  on conflict do nothing`;
}

function updateSql(plan: TablePlan, row: UserRow): string {
  const set = row.changed.map((name) => `${identifier(name)} = ${shown(row.values[name])}`).join(', ');
  return `update ${plan.name} set ${set} where ${where(plan, row)}`;
}

function deleteSql(plan: TablePlan, row: UserRow): string {
  if (plan.comparison.key !== null) return `delete from ${plan.name} where ${where(plan, row)}`;
  const same = plan.columns.map(
    ({ name }) => `${identifier(name)}::text is not distinct from ${shown(row.values[name])}`,
  );
  return `delete from ${plan.name} where (tableoid, ctid) in (select tableoid, ctid from ${plan.name} where ${same.join(' and ')} limit ${row.count})`;
}
