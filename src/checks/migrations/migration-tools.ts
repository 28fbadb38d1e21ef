import type { Json } from '../../release/json.ts';
import {
  alembicMigrations,
  drizzleMigrations,
  type Migration,
  type Place,
  prismaMigrations,
  scriptMigrations,
  sqlMigrations,
  typeormMigrations,
  withoutEnding,
} from './migration-files.ts';
import type { ToolName } from './migrations.schema.ts';

/** What a row of the tool's table says. `undone`: it was begun, and people said that it is rolled back. */
export type Recorded = { id: string; name: string; checksum?: string; state: 'applied' | 'failed' | 'undone' };

/** What a row without its migration, or with another content, does to the tool: whether it matters, and why. */
type Meaning = { status: 'FAIL' | 'WARN'; why: string; remedy: string };

export type Tool = {
  directory: string;
  /** Null: where the connection looks for tables. */
  schema: string | null;
  table: string;
  /** Of the question about the table, oldest first. */
  columns: string;
  from?: string;
  order: string;
  /** Command that applies what is pending. */
  apply: string;
  read(place: Place): Promise<Migration[]>;
  /** `written`: the migrations of the project. */
  recorded(rows: readonly Json[][], written: readonly Migration[]): Recorded[];
  unknown: Meaning;
  edited: Meaning;
  /** Command that ends a migration that failed half-way. */
  repair?(name: string): string;
  /** Its table has a second one beside it that holds whether somebody migrates, under this ending. */
  lock?: { ending: string; unlock: string };
  /** A directory without migrations is what somebody means. */
  mayBeEmpty?: true;
  /** It applies only what is newer than the newest that is applied. */
  onlyNewer?: true;
};

const newer: Meaning = {
  status: 'WARN',
  why: 'the database is newer than this code',
  remedy: 'see whether this is the code of the version that runs, and whether that can work with what is newer',
};

const edited: Meaning = {
  status: 'WARN',
  why: 'it was edited after it was applied, and the database has the old content',
  remedy: 'put the old content back, and write what is new into a new migration',
};

const text = (value: Json | undefined): string => String(value ?? '');

/** One row for each applied migration, with its name. */
function byNames(rows: readonly Json[][]): Recorded[] {
  return rows.map(([name]) => ({ id: withoutEnding(text(name)), name: text(name), state: 'applied' }));
}

/**
 * Prisma writes a row for each try. One that failed stops every deployment until it is resolved, whatever the others of
 * its name say; else one that was applied counts (prisma-engines, schema-engine: `is_failed`).
 */
function byPrisma(rows: readonly Json[][]): Recorded[] {
  const weight = { failed: 2, applied: 1, undone: 0 };
  const found = new Map<string, Recorded>();
  for (const [name, checksum, finished, rolledBack] of rows) {
    const state = rolledBack === true ? 'undone' : finished === true ? 'applied' : 'failed';
    const before = found.get(text(name));
    if (before !== undefined && weight[before.state] >= weight[state]) continue;
    found.set(text(name), { id: text(name), name: text(name), checksum: text(checksum), state });
  }
  return [...found.values()];
}

/** Alembic writes down only the newest of each branch: all that these follow is applied as well. */
function byAlembic(rows: readonly Json[][], written: readonly Migration[]): Recorded[] {
  const known = new Map(written.map((migration) => [migration.id, migration]));
  const applied = new Set<string>();
  const left = rows.map(([revision]) => text(revision));
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (applied.has(id)) continue;
    applied.add(id);
    left.push(...(known.get(id)?.follows ?? []));
  }
  const ordered = [...written.map(({ id }) => id), ...applied].filter((id) => applied.has(id));
  return [...new Set(ordered)].map((id) => ({ id, name: known.get(id)?.name ?? id, state: 'applied' }));
}

const nameColumn = { columns: 'name', order: 'id', recorded: byNames };

/** What each tool does by itself; sources are in the tests. */
export const migrationTools: Readonly<Record<ToolName, Tool>> = {
  drizzle: {
    directory: 'drizzle',
    schema: 'drizzle',
    table: '__drizzle_migrations',
    columns: 'created_at::text, hash',
    order: 'created_at',
    apply: 'npx drizzle-kit migrate',
    read: drizzleMigrations,
    recorded: (rows, written) =>
      rows.map(([at, hash]) => {
        const name = written.find(({ id }) => id === text(at))?.name;
        const day = new Date(Number(at)).toISOString().slice(0, 10);
        return { id: text(at), name: name ?? `one of ${day} (${text(at)})`, checksum: text(hash), state: 'applied' };
      }),
    unknown: newer,
    edited,
    onlyNewer: true,
  },
  prisma: {
    directory: 'prisma/migrations',
    schema: 'public',
    table: '_prisma_migrations',
    columns: 'migration_name, checksum, finished_at is not null, rolled_back_at is not null',
    order: 'started_at',
    apply: 'npx prisma migrate deploy',
    read: prismaMigrations,
    recorded: byPrisma,
    unknown: newer,
    edited,
    repair: (name) =>
      `see what of it is there, undo it by hand, and run npx prisma migrate resolve --rolled-back ${name} and then npx prisma migrate deploy`,
  },
  alembic: {
    directory: 'alembic/versions',
    schema: null,
    table: 'alembic_version',
    columns: 'version_num',
    order: 'version_num',
    apply: 'alembic upgrade head',
    read: alembicMigrations,
    recorded: byAlembic,
    unknown: {
      status: 'FAIL',
      why: 'alembic cannot find it, and refuses every command',
      remedy: 'use the code that has it, or alembic downgrade there to a revision that this code has',
    },
    edited,
  },
  knex: {
    ...nameColumn,
    directory: 'migrations',
    schema: null,
    table: 'knex_migrations',
    apply: 'npx knex migrate:latest',
    read: scriptMigrations,
    unknown: {
      status: 'FAIL',
      why: 'knex refuses to migrate while its file is missing ("the migration directory is corrupt")',
      remedy: 'use the code that has it, or npx knex migrate:rollback there',
    },
    edited,
    lock: { ending: '_lock', unlock: 'see that nobody migrates, then run npx knex migrate:unlock' },
  },
  typeorm: {
    ...nameColumn,
    directory: 'migrations',
    schema: null,
    table: 'migrations',
    apply: 'npx typeorm migration:run -d <data source>',
    read: typeormMigrations,
    unknown: newer,
    edited,
  },
  sequelize: {
    ...nameColumn,
    order: 'name',
    directory: 'migrations',
    schema: null,
    table: 'SequelizeMeta',
    apply: 'npx sequelize-cli db:migrate',
    read: scriptMigrations,
    unknown: newer,
    edited,
  },
  sql: {
    directory: 'migrations',
    schema: 'savepoint',
    table: 'savepoint_migrations',
    columns: 'name, sha256',
    from: "where kind = 'migrate'",
    order: 'applied_at, name',
    apply: 'savepoint start: the migrate of the target applies them',
    read: sqlMigrations,
    recorded: (rows) =>
      rows.map(([name, hash]) => ({ id: text(name), name: text(name), checksum: text(hash), state: 'applied' })),
    unknown: newer,
    edited: { ...edited, status: 'FAIL', why: 'it was edited after it was applied, and the next release refuses it' },
    mayBeEmpty: true,
  },
};
