import { createHash } from 'node:crypto';
import { identifier, type Session } from './connection.ts';
import { ownSchema } from './names.ts';

/** `head`: the newest applied migration, for people; null when no tool has left a record. */
export type MigrationState = { value: string; detail: string; head: string | null };

/** Where Savepoint writes down which files it applied. */
export const ownTable = `${ownSchema}.savepoint_migrations`;

/** Table of each migration tool and the column whose greatest value is its newest migration. */
const tools: readonly (readonly [schema: string | null, table: string, head: string])[] = [
  [null, '_prisma_migrations', 'migration_name'],
  ['drizzle', '__drizzle_migrations', 'created_at'],
  [null, '__drizzle_migrations', 'created_at'],
  [null, 'knex_migrations', 'name'],
  [null, 'alembic_version', 'version_num'],
  [null, 'SequelizeMeta', 'name'],
  [null, 'pgmigrations', 'name'],
  [null, 'schema_migrations', 'version'],
  [null, 'flyway_schema_history', 'version'],
  [null, 'goose_db_version', 'version_id'],
  [null, 'django_migrations', 'name'],
  [null, 'mikro_orm_migrations', 'name'],
  [null, 'typeorm_migrations', 'name'],
  [null, 'migrations', 'name'],
  [null, '__EFMigrationsHistory', 'MigrationId'],
  [null, 'databasechangelog', 'id'],
];

async function ownState(session: Session): Promise<{ rows: string[]; head: string | null }> {
  const [there] = await session.rows<{ there: boolean }>(`select to_regclass('${ownTable}') is not null as there`);
  if (there?.there !== true) return { rows: [], head: null };
  const rows = await session.rows<{ kind: string; scope: string; name: string; sha256: string }>(
    `select kind, scope, name, sha256 from ${ownTable} order by kind, applied_at, name`,
  );
  const migrations = rows.filter((row) => row.kind === 'migrate');
  return {
    rows: rows.map((row) => `${row.kind} ${row.scope} ${row.name} ${row.sha256}`).sort(),
    head: migrations.at(-1)?.name ?? null,
  };
}

type ToolTable = { schema: string; name: string; head: string };

async function presentTools(session: Session): Promise<ToolTable[]> {
  return session.rows<ToolTable>(
    `select n.nspname as schema, c.relname as name, w.head
       from json_to_recordset($1) as w (schema text, name text, head text)
            join pg_class c on c.relname = w.name and c.relkind = 'r'
            join pg_namespace n on n.oid = c.relnamespace and (w.schema is null or n.nspname = w.schema)
            join pg_attribute a on a.attrelid = c.oid and a.attname = w.head and not a.attisdropped
      order by 1, 2`,
    [JSON.stringify(tools.map(([schema, name, head]) => ({ schema, name, head })))],
  );
}

/** Tables, as `schema.table` without quotes, in which migration tools write down what they did. */
export async function toolTables(session: Session): Promise<string[]> {
  return (await presentTools(session)).map(({ schema, name }) => `${schema}.${name}`);
}

async function toolState(session: Session): Promise<{ rows: string[]; head: string | null }> {
  const present = await presentTools(session);
  const rows: string[] = [];
  let newest: string | null = null;
  for (const table of present) {
    const source = `${identifier(table.schema)}.${identifier(table.name)}`;
    const [state] = await session.rows<{ rows: string; sum: string; head: string | null }>(
      `select count(*)::text as rows, coalesce(sum(hashtextextended(savepoint_row::text, 0)::numeric), 0)::text as sum,
              max(${identifier(table.head)}::text) as head from ${source} as savepoint_row`,
    );
    rows.push(`${table.schema}.${table.name} ${state?.rows} ${state?.sum}`);
    newest ??= state?.head ?? null;
  }
  return { rows, head: newest };
}

/** What the tools that changed the schema have written down about it, Savepoint's own record included. */
export async function readMigrationState(session: Session): Promise<MigrationState> {
  const own = await ownState(session);
  const others = await toolState(session);
  const value = createHash('sha256')
    .update([...own.rows, ...others.rows].join('\n'))
    .digest('hex')
    .slice(0, 32);
  const head = own.head ?? others.head;
  return { value, head, detail: head === null ? 'no migration recorded' : `up to ${head}` };
}
