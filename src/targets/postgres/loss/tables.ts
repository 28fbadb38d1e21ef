import { notOfExtension, userSchema } from '../catalogue.ts';
import { identifier, literal, type Session } from '../connection.ts';
import { toolTables } from '../migration-state.ts';
import { isPlain } from '../row-hash.ts';

/**
 * One column as one of two databases has it.
 *
 * - `type`: as declared · `base`: the same without its length or scale, so that a cast to it cuts nothing off
 * - `missing`: text of the value that rows from before the column was added have; null when there is none
 * - `computed`: what it has by default is not the same everywhere: now(), a sequence, a random value
 */
export type Column = {
  name: string;
  type: string;
  base: string;
  generated: boolean;
  identity: boolean;
  computed: boolean;
  missing: string | null;
};

/**
 * A table, or a whole partitioned one. Partitions are not listed by themselves.
 *
 * - `name`: quoted where needed, with its schema · `plain`: the same without quotes, as people write it
 * - `from`: what to read from, so that rows of inheriting tables are not counted twice
 * - `key`: columns of the primary key, null when there is none
 * - `bytes`: size on disk · `extent`: smallest and largest key, of a table that nobody changes and whose key is a number;
 *   on the reference both are those of the copy, so that the two are divided alike
 * - `binary`: rows may be hashed in their binary form
 * - `foreign`: some of it lives on another server · `ruled`: rules rewrite what is written to it
 * - `tool`: a migration tool keeps its records in it
 */
export type Table = {
  name: string;
  plain: string;
  from: string;
  key: string[] | null;
  columns: Column[];
  bytes: number;
  extent: { from: bigint; to: bigint } | null;
  binary: boolean;
  foreign: boolean;
  ruled: boolean;
  tool: boolean;
};

export type Tables = Map<string, Table>;

const query = `
  select format('%I.%I', n.nspname, c.relname) as name, n.nspname || '.' || c.relname as plain,
    case when c.relkind = 'p' then '' else 'only ' end || format('%I.%I', n.nspname, c.relname) as "from",
    (select array_agg(a.attname::text order by array_position(k.conkey, a.attnum))
       from pg_constraint k join pg_attribute a on a.attrelid = c.oid and a.attnum = any (k.conkey)
      where k.conrelid = c.oid and k.contype = 'p') as key,
    (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
        'base', format_type(a.atttypid, -1), 'generated', a.attgenerated <> '', 'identity', a.attidentity <> '',
        'computed', a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid) ~ '\\(|CURRENT_|LOCALTIME', false),
        'missing', (a.attmissingval::text::text[])[1]) order by a.attnum), '[]')
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(sum(pg_relation_size(t.relid)), 0)::float8 from pg_partition_tree(c.oid) t)
      + case when c.relkind = 'r' then pg_relation_size(c.oid) else 0 end as bytes,
    ${isPlain('c.oid')} as binary,
    exists (select from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid where l.relkind = 'f') as "foreign",
    exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type in ('2', '3', '4')) as ruled
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and ${userSchema}
    and (${notOfExtension('pg_class', 'c.oid')} or exists (select from pg_extension x where c.oid = any (x.extconfig)))
  order by 1`;

/** Inside a transaction under the fixed settings. Rows of foreign tables live elsewhere, and no restore undoes them. */
export async function readTables(session: Session): Promise<Tables> {
  const tools = new Set(await toolTables(session));
  const rows = await session.rows<Omit<Table, 'tool' | 'extent'>>(query);
  return new Map(rows.map((row) => [row.name, { ...row, extent: null, tool: tools.has(row.plain) }]));
}

/** Notes the extents of keys in a database that nobody changes. What `like` has of the same table holds for it too. */
export async function readExtents(session: Session, tables: Tables, like: Tables = new Map()): Promise<void> {
  const queries: string[] = [];
  for (const [name, table] of tables) {
    const same = like.get(name);
    if (same !== undefined && same.key?.join() === table.key?.join()) {
      Object.assign(table, { bytes: same.bytes, extent: same.extent });
    } else if (table.key?.length === 1 && table.from.startsWith('only ') && isNumber(table, table.key[0] ?? '')) {
      const column = identifier(table.key[0] ?? '');
      queries.push(
        `select ${literal(name)} as name, min(${column})::text as "from", max(${column})::text as "to" from ${table.from}`,
      );
    }
  }
  if (queries.length === 0) return;
  const rows = await session.rows<{ name: string; from: string | null; to: string | null }>(
    queries.join(' union all '),
  );
  for (const { name, from, to } of rows) {
    const table = tables.get(name);
    if (table !== undefined && from !== null && to !== null) table.extent = { from: BigInt(from), to: BigInt(to) };
  }
}

function isNumber(table: Table, column: string): boolean {
  return ['smallint', 'integer', 'bigint'].includes(columnOf(table, column)?.base ?? '');
}

export function columnOf(table: Table | undefined, name: string): Column | undefined {
  return table?.columns.find((column) => column.name === name);
}

/** Does `written`, as `orders`, `schema.orders` or quoted, name this table? */
export function isNamed(table: Pick<Table, 'name' | 'plain'>, written: string): boolean {
  return [table.name, table.plain].some((name) => name === written || name === `public.${written}`);
}

/** How many large objects there are; they belong to no table. */
export async function countLargeObjects(session: Session): Promise<number> {
  const [row] = await session.rows<{ count: number }>('select count(*)::int as count from pg_largeobject_metadata');
  return row?.count ?? 0;
}
