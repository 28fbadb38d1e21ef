import { notOfExtension, userSchema } from '../catalogue.ts';
import type { Session } from '../connection.ts';

/** `name`: the type's own name such as `int4`. `mods`: what stands in brackets. `shown`: as people write it. */
export type ColumnType = { name: string; mods: number[]; shown: string };
/** `filled`: it has a default. `number` stays the same when it is renamed. */
export type Column = {
  table: string;
  name: string;
  number: number;
  type: ColumnType;
  notNull: boolean;
  filled: boolean;
};
/** Names are `schema.name`, unquoted. `file` changes when the table is rewritten. `key`: columns of the primary key. */
export type Relation = { name: string; kind: string; bytes: number; file: string; key: string[] };
export type Constraint = { table: string; name: string; kind: string; definition: string; columns: string[] };
export type EnumType = { name: string; labels: string[] };

/** What the migration rules need to know of a database. `path`: schemas that unqualified names are looked for in. */
export type SchemaFacts = {
  path: string[];
  relations: Relation[];
  columns: Column[];
  constraints: Constraint[];
  enums: EnumType[];
};

const full = `n.nspname || '.' || c.relname`;

const queries = {
  relations: `select ${full} as name, c.relkind as kind, pg_table_size(c.oid)::float8 as bytes, c.relfilenode::text as file,
      coalesce((select array_agg(a.attname::text order by a.attnum) from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
        where i.indrelid = c.oid and i.indisprimary), '{}') as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${userSchema} and ${notOfExtension('pg_class', 'c.oid')} order by 1`,
  columns: `select ${full} as table, a.attname as name, a.attnum as number, a.attnotnull as "notNull", (a.atthasdef or a.attidentity <> '') as filled,
      json_build_object('name', t.typname, 'shown', format_type(a.atttypid, a.atttypmod),
        'mods', coalesce((regexp_match(format_type(a.atttypid, a.atttypmod), '\\(([0-9,]+)\\)'))[1], '')) as type
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f') and ${userSchema} order by 1, a.attnum`,
  constraints: `select ${full} as table, k.conname as name, k.contype as kind, pg_get_constraintdef(k.oid) as definition,
      coalesce((select array_agg(a.attname::text order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey)), '{}') as columns
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where k.contype in ('c', 'f', 'u', 'x') and ${userSchema} order by 1, 2`,
  enums: `select n.nspname || '.' || t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
    from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_enum e on e.enumtypid = t.oid
    where ${userSchema} and ${notOfExtension('pg_type', 't.oid')} group by 1 order by 1`,
};

type ReadColumn = Omit<Column, 'type'> & { type: { name: string; shown: string; mods: string } };

export async function readSchema(session: Session): Promise<SchemaFacts> {
  const [found] = await session.rows<{ path: string[] }>('select current_schemas(false)::text[] as path');
  const columns = await session.rows<ReadColumn>(queries.columns);
  return {
    path: found?.path ?? ['public'],
    relations: await session.rows<Relation>(queries.relations),
    columns: columns.map(({ type, ...column }) => ({ ...column, type: { ...type, mods: numbers(type.mods) } })),
    constraints: await session.rows<Constraint>(queries.constraints),
    enums: await session.rows<EnumType>(queries.enums),
  };
}

function numbers(text: string): number[] {
  return text === '' ? [] : text.split(',').map(Number);
}

/** Which of these functions may answer differently for every row? One that is not there yet is made by the migration. */
export async function volatileAmong(session: Session, names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const known = await session.rows<{ name: string; volatile: boolean }>(
    `select proname as name, bool_or(provolatile = 'v') as volatile from pg_proc where proname = any ($1) group by 1`,
    [names],
  );
  const steady = new Set(known.filter((each) => !each.volatile).map((each) => each.name));
  return new Set(names.filter((name) => !steady.has(name)));
}
