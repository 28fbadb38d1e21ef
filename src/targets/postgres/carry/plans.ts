import type { Carrying } from '../../../release/loss.ts';
import type { Session } from '../connection.ts';
import { type Comparison, comparisonOf, type Side } from '../loss/comparison.ts';
import { type Databases, sideOf } from '../loss/databases.ts';
import { ownRows } from '../loss/loss.ts';
import { type Column, columnOf, isNamed, type Table } from '../loss/tables.ts';
import { withoutUnsteady } from '../loss/unsteady.ts';
import type { IsOwn } from '../loss/users.ts';

/** A column that is carried: how the old schema has it, and of which type it is now. */
export type CarriedColumn = { name: string; old: Column; now: string };

/**
 * How the rows of one table are carried.
 *
 * - `old`: the table as the savepoint has it, null when it has none · `why`: why none of its rows fits, null when they may
 * - `read`: every column that is read of a row now · `columns`: those that the old schema has as well
 */
export type TablePlan = {
  name: string;
  table: Table;
  old: Table | null;
  why: string | null;
  comparison: Comparison;
  isOwn: IsOwn | null;
  read: string[];
  columns: CarriedColumn[];
};

/** A table that exists on one side only is compared with an empty one. */
function emptyLike(side: Side): Side {
  return { session: side.session, table: { ...side.table, from: `(select * from ${side.table.from} where false)` } };
}

function whyNot(old: Table | undefined, comparison: Comparison): string | null {
  if (old === undefined) return 'the old schema has no such table';
  if (old.ruled) return 'rules of the old schema rewrite what is written to it';
  const same = (old.key ?? []).length === (comparison.key ?? []).length;
  if (!same || !(old.key ?? []).every((name) => comparison.key?.includes(name))) {
    return 'the old schema finds its rows by another key';
  }
  const other = comparison.key === null ? comparison.columns.filter((name) => isRetyped(old, comparison, name)) : [];
  if (other.length > 0) return `its rows have no key, and the type of ${other.join(', ')} is another one`;
  return null;
}

function isRetyped(old: Table, { now }: Comparison, name: string): boolean {
  const was = columnOf(old, name);
  return was !== undefined && was.type !== columnOf(now.table, name)?.type;
}

/** Rows of a migration tool are the release's own, ignored ones do not count, foreign ones are not undone. */
export async function planTables(databases: Databases, rules: Carrying, absent: boolean): Promise<TablePlan[]> {
  const names = new Set([...databases.now.tables.keys(), ...databases.reference.tables.keys()]);
  const plans: TablePlan[] = [];
  for (const name of [...names].sort()) {
    const plan = await planTable(databases, { name, rules, absent });
    if (plan !== null) plans.push(plan);
  }
  return plans;
}

async function planTable(
  databases: Databases,
  { name, rules, absent }: { name: string; rules: Carrying; absent: boolean },
): Promise<TablePlan | null> {
  const now = sideOf(databases.now, name);
  const before = sideOf(databases.reference, name);
  const present = now ?? before;
  if (present === null) return null;
  const { table } = present;
  if (table.tool || table.foreign || rules.ignore.some((each) => isNamed(table, each))) return null;
  const whole = comparisonOf(before ?? emptyLike(present), now ?? emptyLike(present), rules.marks);
  const { comparison, unsteady } = await withoutUnsteady(whole, databases);
  const old = absent ? table : databases.copy.tables.get(name);
  const read = table.columns.filter(({ generated }) => !generated).map((column) => column.name);
  const columns = read.flatMap((column): CarriedColumn[] => {
    const was = columnOf(old, column);
    if (was === undefined || was.generated || unsteady.includes(column)) return [];
    return [{ name: column, old: was, now: columnOf(table, column)?.type ?? was.type }];
  });
  const isOwn = await ownRows(databases, name);
  return { name, table, old: old ?? null, why: whyNot(old, comparison), comparison, isOwn, read, columns };
}

/** A foreign key of the old schema. Columns in the order in which they refer to each other. */
export type ForeignKey = { name: string; child: string; columns: string[]; parent: string; parentColumns: string[] };

export function readForeignKeys(session: Session): Promise<ForeignKey[]> {
  return session.rows<ForeignKey>(
    `select k.conname::text as name, format('%I.%I', cn.nspname, c.relname) as child, format('%I.%I', pn.nspname, p.relname) as parent,
       (select array_agg(a.attname::text order by u.n) from unnest(k.conkey) with ordinality u (num, n)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num) as columns,
       (select array_agg(a.attname::text order by u.n) from unnest(k.confkey) with ordinality u (num, n)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num) as "parentColumns"
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace cn on cn.oid = c.relnamespace
       join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
     where k.contype = 'f' and k.conparentid = 0 order by 1, k.conname`,
  );
}

/** Parents before the tables that refer to them; where they refer to each other, as found. */
export function parentsFirst(plans: TablePlan[], keys: ForeignKey[]): TablePlan[] {
  const ordered: TablePlan[] = [];
  const seen = new Set<string>();
  const visit = (plan: TablePlan) => {
    if (seen.has(plan.name)) return;
    seen.add(plan.name);
    for (const key of keys.filter(({ child }) => child === plan.name)) {
      const parent = plans.find(({ name }) => name === key.parent);
      if (parent !== undefined) visit(parent);
    }
    ordered.push(plan);
  };
  for (const plan of plans) visit(plan);
  return ordered;
}
