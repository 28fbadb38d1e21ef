import pg from 'pg';
import type { Answer } from '../../release/check.ts';
import type { Json } from '../../release/json.ts';
import { pending } from '../answer.ts';
import { readRows } from '../sql/sql.ts';
import { answerToSqlError } from '../sql/sql-error.ts';
import type { Migration } from './migration-files.ts';
import { migrationTools, type Recorded } from './migration-tools.ts';
import type { MigrationsSpec } from './migrations.schema.ts';

/** What a database knows of its migrations, oldest first. `table`: for people; `there`: false where it does not exist. `locked`: somebody migrates, or was cut off. */
export type MigrationRecord = { table: string; there: boolean; rows: Recorded[]; locked: boolean };

/** Reads the record of one database, which changes nothing there. An answer where it could not be read. */
export async function recordOf(
  spec: MigrationsSpec & { url: string },
  written: readonly Migration[],
  signal: AbortSignal,
): Promise<MigrationRecord | Answer> {
  if (!/^postgres(ql)?(\+\w+)?:\/\//.test(spec.url)) {
    return pending(
      'url is no address of PostgreSQL',
      '',
      'give one that begins with postgres://; other databases are not read',
    );
  }
  const tool = migrationTools[spec.tool];
  const schema = spec.schema ?? schemaOf(spec) ?? tool.schema;
  const name = spec.table ?? tool.table;
  const source = (table: string): string =>
    [schema, table]
      .flatMap((one) => one ?? [])
      .map(quoted)
      .join('.');
  const table = schema === null ? name : `${schema}.${name}`;
  const read = (query: string): Promise<Json[][] | null> => rowsOrNone({ ...spec, query }, signal);
  try {
    const rows = await read(`select ${tool.columns} from ${source(name)} ${tool.from ?? ''} order by ${tool.order}`);
    if (rows === null) return { table, there: false, rows: [], locked: false };
    const lock =
      tool.lock === undefined ? null : await read(`select is_locked from ${source(name + tool.lock.ending)}`);
    const locked = (lock ?? []).some(([value]) => Number(value) === 1);
    return { table, there: true, rows: tool.recorded(rows, written), locked };
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === '42703') {
      const remedy = 'name the tool that migrates this database, and its table where it has another name';
      return pending(`${table} is no table of ${spec.tool}`, error instanceof Error ? error.message : '', remedy);
    }
    return answerToSqlError(error);
  }
}

/** Null where there is no such table. */
async function rowsOrNone(asked: Parameters<typeof readRows>[0], signal: AbortSignal): Promise<Json[][] | null> {
  try {
    return await readRows(asked, signal);
  } catch (error) {
    if (codeOf(error) === '42P01') return null;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

/** Prisma takes its schema from the address. */
function schemaOf({ tool, url }: Pick<MigrationsSpec, 'tool' | 'url'>): string | null {
  return tool === 'prisma' && URL.canParse(url) ? new URL(url).searchParams.get('schema') : null;
}

function quoted(identifier: string): string {
  return pg.escapeIdentifier(identifier);
}
