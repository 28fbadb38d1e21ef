import { basename, dirname } from 'node:path';
import { identifier, type Session } from './connection.ts';
import type { PinnedFile } from './sql-files.ts';

/** A migration of a tool; `sql` is empty where it is a program. */
type Migration = { name: string; sql: PinnedFile[] };

/**
 * What a migration tool itself has written down, against the pinned files that it reads.
 *
 * - `sql`: its migrations are SQL files, so that their traces can be looked for · `broken`: why its record cannot be judged
 */
export type ToolState = { name: string; wanted: number; missing: Migration[]; sql: boolean; broken: string | null };

type Reader = (session: Session, files: readonly PinnedFile[], argv: readonly string[]) => Promise<ToolState | null>;

async function column(session: Session, table: string, name: string): Promise<string[] | null> {
  const [there] = await session.rows<{ there: boolean }>(
    `select exists (select from pg_attribute where attrelid = to_regclass($1) and attname = $2) as there`,
    [table, name],
  );
  if (there?.there !== true) return null;
  const rows = await session.rows<{ value: string }>(`select ${identifier(name)}::text as value from ${table}`);
  return rows.map(({ value }) => value);
}

function mentions(argv: readonly string[], tool: string): boolean {
  return argv.some((word) => basename(word).replace(/\.[cm]?js$/, '') === tool);
}

type Journal = { entries?: { tag?: unknown; when?: unknown }[] };

function journalOf(file: PinnedFile): Journal | null {
  try {
    return JSON.parse(file.bytes.toString('utf8')) as Journal;
  } catch {
    return null;
  }
}

/** Drizzle applies what is newer than the newest `created_at`, which is the `when` of a journal entry. */
const drizzle: Reader = async (session, files) => {
  const file = files.find(({ name }) => name.endsWith('meta/_journal.json'));
  if (file === undefined) return null;
  const entries = journalOf(file)?.entries ?? [];
  const folder = dirname(dirname(file.name));
  const migrations = entries.map(({ tag, when }) => ({
    name: String(tag),
    when: Number(when),
    sql: files.filter(({ name }) => name === `${folder}/${String(tag)}.sql`),
  }));
  const broken = migrations.some(({ when, sql }) => !Number.isFinite(when) || sql.length !== 1)
    ? 'its journal and its SQL files do not fit together'
    : null;
  const recorded = (await column(session, 'drizzle.__drizzle_migrations', 'created_at')) ?? [];
  const newest = Math.max(-1, ...recorded.map(Number));
  const missing = migrations.filter(({ when }) => when > newest);
  return { name: 'drizzle', wanted: migrations.length, missing, sql: true, broken };
};

/** Prisma: a directory for each migration; a row without an end, or one that was rolled back, does not count. */
const prisma: Reader = async (session, files) => {
  if (!files.some(({ name }) => name.endsWith('migrations/migration_lock.toml'))) return null;
  const wanted = files
    .filter(({ name }) => name.endsWith('/migration.sql'))
    .map((file) => ({ name: basename(dirname(file.name)), sql: [file] }));
  const table = await column(session, '_prisma_migrations', 'migration_name');
  const rows =
    table === null
      ? []
      : await session.rows<{ name: string; finished: boolean; back: boolean }>(
          `select migration_name as name, finished_at is not null as finished, rolled_back_at is not null as back from _prisma_migrations`,
        );
  const half = rows.filter(({ finished, back }) => !finished && !back).map(({ name }) => name);
  const applied = new Set(rows.filter(({ finished, back }) => finished && !back).map(({ name }) => name));
  const missing = wanted.filter(({ name }) => !applied.has(name));
  const broken = half.length > 0 ? `began and did not finish ${half.join(', ')}` : null;
  return { name: 'prisma', wanted: wanted.length, missing, sql: true, broken };
};

function programs(files: readonly PinnedFile[], pattern: RegExp): Migration[] {
  return files.filter(({ name }) => pattern.test(basename(name))).map(({ name }) => ({ name: stem(name), sql: [] }));
}

function stem(name: string): string {
  return basename(name).replace(/\.[^.]+$/, '');
}

const knex: Reader = async (session, files, argv) => {
  const rows = await column(session, 'knex_migrations', 'name');
  if (rows === null && !mentions(argv, 'knex')) return null;
  const wanted = programs(files, /^\d+_.*\.([cm]?[jt]s)$/);
  const applied = new Set((rows ?? []).map(stem));
  const missing = wanted.filter(({ name }) => !applied.has(name));
  return wanted.length === 0 ? null : { name: 'knex', wanted: wanted.length, missing, sql: false, broken: null };
};

/** TypeORM records the time in the name of a migration's file. Other tools have a table of that name, with other columns. */
const typeorm: Reader = async (session, files, argv) => {
  const rows = await column(session, 'migrations', 'timestamp');
  if (rows === null && !mentions(argv, 'typeorm')) return null;
  const wanted = programs(files, /^\d{13}-.*\.([cm]?[jt]s)$/);
  const applied = new Set(rows ?? []);
  const missing = wanted.filter(({ name }) => !applied.has(name.slice(0, 13)));
  return wanted.length === 0 ? null : { name: 'typeorm', wanted: wanted.length, missing, sql: false, broken: null };
};

const revisionLine = /^revision\s*(?::[^=]+)?=\s*["']([^"']+)["']/m;
const downLine = /^down_revision\s*(?::[^=]+)?=\s*(\([^)]*\)|None|["'][^"']+["'])/m;

/** Alembic records only its heads: revisions that no other one comes after. */
const alembic: Reader = async (session, files, argv) => {
  const rows = await column(session, 'alembic_version', 'version_num');
  if (rows === null && !mentions(argv, 'alembic')) return null;
  const before = new Map<string, string[]>();
  for (const file of files.filter(({ name }) => name.endsWith('.py'))) {
    const text = file.bytes.toString('utf8');
    const revision = revisionLine.exec(text)?.[1];
    const down = downLine.exec(text)?.[1] ?? '';
    if (revision !== undefined)
      before.set(
        revision,
        [...down.matchAll(/["']([^"']+)["']/g)].map(([, id]) => id ?? ''),
      );
  }
  if (before.size === 0) return null;
  const followed = new Set([...before.values()].flat());
  const heads = [...before.keys()].filter((revision) => !followed.has(revision));
  const stranger = (rows ?? []).find((row) => !before.has(row));
  const broken = stranger === undefined ? null : `the database is at ${stranger}, which no file knows`;
  const missing = heads.filter((head) => rows?.includes(head) !== true).map((name) => ({ name, sql: [] }));
  return { name: 'alembic', wanted: before.size, missing, sql: false, broken };
};

/** The first known tool whose files or record are there; null where none can be asked without running it. */
export async function toolStateOf(
  session: Session,
  files: readonly PinnedFile[],
  argv: readonly string[],
): Promise<ToolState | null> {
  for (const read of [drizzle, prisma, alembic, knex, typeorm]) {
    const state = await read(session, files, argv);
    if (state !== null) return state;
  }
  return null;
}
