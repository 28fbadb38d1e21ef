import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import knex from 'knex';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { loadCheck } from '../../src/checks/kinds.ts';
import { migrationsSchema } from '../../src/checks/migrations/migrations.schema.ts';
import type { Answer } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { postgres } from '../../src/targets/postgres/postgres.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { nextFence, startWorld } from '../targets/postgres/world.ts';
import { asking } from './asking.ts';

let server: Postgres;
const folders: string[] = [];
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A project of its own with a database of its own. */
type Project = {
  home: string;
  url: string;
  write(path: string, text: string): Promise<void>;
  sql(text: string): Promise<Record<string, unknown>[]>;
  ask(written: Omit<z.input<typeof migrationsSchema>, 'url'> & { url?: string }): Promise<Answer>;
};

let count = 0;

async function project(): Promise<Project> {
  count += 1;
  const database = `app_${count}`;
  await server.sql(`create database ${database}`);
  const home = await mkdtemp(join(tmpdir(), 'savepoint-migrations-'));
  folders.push(home);
  const url = server.url(database);
  return {
    home,
    url,
    write: async (path, text) => {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), text);
    },
    sql: (text) => server.sql(text, database),
    ask: async (written) => {
      const spec = migrationsSchema.parse({ url, ...written }) as Json;
      return await (await loadCheck('migrations')).ask(asking(spec, { home }));
    },
  };
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

type Entry = [tag: string, when: number, sql: string];

async function writeDrizzle({ write }: Project, entries: readonly Entry[]): Promise<void> {
  const journal = entries.map(([tag, when], idx) => ({ idx, version: '7', when, tag, breakpoints: true }));
  await write('drizzle/meta/_journal.json', JSON.stringify({ version: '7', dialect: 'postgresql', entries: journal }));
  for (const [tag, , sql] of entries) await write(`drizzle/${tag}.sql`, sql);
}

async function runDrizzle({ home, url }: Project): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await migrate(drizzle(client), { migrationsFolder: join(home, 'drizzle') });
  await client.end();
}

const first: Entry = ['0000_users', 1_700_000_000_000, 'create table users (id int primary key);'];
const second: Entry = ['0001_orders', 1_700_000_100_000, 'create table orders (id int primary key);'];

describe('SB-03 migrations of drizzle', () => {
  it('that were never run are a FAIL', async () => {
    const app = await project();
    await writeDrizzle(app, [first]);
    expect(await app.ask({ tool: 'drizzle' })).toMatchObject({
      status: 'FAIL',
      summary: 'nothing was ever migrated: there is no table drizzle.__drizzle_migrations',
      remedy: expect.stringContaining('npx drizzle-kit migrate'),
    });
    expect((await app.ask({ tool: 'drizzle', pending: 'allowed' })).status).toBe('WARN');
  });

  it('are a PASS when all are applied, and a FAIL that names what is pending', async () => {
    const app = await project();
    await writeDrizzle(app, [first]);
    await runDrizzle(app);
    const ask = () => app.ask({ tool: 'drizzle', expect: { head: '0000' } });
    expect(await ask()).toMatchObject({ status: 'PASS', summary: 'all 1 migrations of drizzle are applied' });
    await writeDrizzle(app, [first, second]);
    expect(await ask()).toMatchObject({ status: 'FAIL', summary: '1 of 2 migrations are pending: 0001_orders' });
    expect(await app.ask({ tool: 'drizzle', pending: 'allowed' })).toMatchObject({
      status: 'PASS',
      summary: '1 of 2 migrations wait to be applied: 0001_orders',
    });
    await runDrizzle(app);
    expect(await ask()).toMatchObject({
      status: 'FAIL',
      summary: 'the newest applied migration is 0001_orders, expected 0000',
    });
  });

  it('that are applied and gone, or edited since, are a WARN that says why', async () => {
    const app = await project();
    await writeDrizzle(app, [first, second]);
    await runDrizzle(app);
    await writeDrizzle(app, [first]);
    expect(await app.ask({ tool: 'drizzle' })).toMatchObject({
      status: 'WARN',
      summary: expect.stringMatching(/^one of 2023-11-14 .* is applied and not in drizzle: the database is newer/),
    });
    await writeDrizzle(app, [[first[0], first[1], 'create table users (id bigint primary key);'], second]);
    expect(await app.ask({ tool: 'drizzle' })).toMatchObject({
      status: 'WARN',
      summary: expect.stringContaining('0000_users is not what was applied: it was edited'),
    });
  });

  it('that came late from another branch will never be applied: FAIL', async () => {
    const app = await project();
    await writeDrizzle(app, [second]);
    await runDrizzle(app);
    await writeDrizzle(app, [first, second]);
    await runDrizzle(app);
    expect(await app.sql("select to_regclass('users') as users")).toEqual([{ users: null }]);
    const answer = await app.ask({ tool: 'drizzle', pending: 'allowed' });
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('0000_users will never be applied'),
    });
  });

  it('whose journal was broken by a merge are PENDING', async () => {
    const app = await project();
    await app.write('drizzle/meta/_journal.json', '<<<<<<< HEAD\n{}');
    expect(await app.ask({ tool: 'drizzle' })).toMatchObject({
      status: 'PENDING',
      remedy: expect.stringContaining('merge'),
    });
  });
});

describe('MB-05 migrations that staging must have run first', () => {
  it('are a PASS when it has, and a FAIL when it has not, or got another content', async () => {
    const [production, staging] = [await project(), await project()];
    await writeDrizzle(production, [first]);
    await runDrizzle(production);
    await writeDrizzle(production, [first, second]);
    const ask = () => production.ask({ tool: 'drizzle', pending: 'allowed', also: staging.url });
    expect(await ask()).toMatchObject({
      status: 'FAIL',
      summary: '0001_orders is about to be applied, and was never applied to the other database',
    });
    await writeDrizzle(staging, [first, [second[0], second[1], 'create table orders (id bigint primary key);']]);
    await runDrizzle(staging);
    expect(await ask()).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('another content of it') });
    await writeDrizzle(production, [first, [second[0], second[1], 'create table orders (id bigint primary key);']]);
    expect(await ask()).toMatchObject({
      status: 'PASS',
      summary: expect.stringContaining('the other database has them'),
    });
    const nowhere = 'postgres://joe:hidden-password@127.0.0.1:1/x';
    const lost = await production.ask({ tool: 'drizzle', pending: 'allowed', also: nowhere });
    expect(lost).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('the database of also') });
    expect(JSON.stringify(lost)).not.toContain('hidden-password');
    const same = await production.ask({ tool: 'drizzle', pending: 'allowed', also: production.url });
    expect(same).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('the same database') });
  });
});

/** prisma/prisma-engines, schema-engine/connectors/sql-schema-connector: `create_migrations_table` of PostgreSQL. */
const prismaTable = `create table "_prisma_migrations" (
  id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
  logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

describe('migrations of prisma', () => {
  const init = 'CREATE TABLE "User" ("id" TEXT NOT NULL);\n';
  const started = async (schema = 'public'): Promise<Project> => {
    const app = await project();
    await app.write('prisma/migrations/migration_lock.toml', 'provider = "postgresql"\n');
    await app.write('prisma/migrations/20240101000000_init/migration.sql', init);
    await app.sql(`create schema if not exists ${schema}`);
    await app.sql(`set search_path to ${schema}; ${prismaTable}`);
    return app;
  };
  const record = (app: Project, name: string, more: { sum?: string; finished?: boolean; undone?: boolean } = {}) =>
    app.sql(`insert into "_prisma_migrations" (id, checksum, finished_at, migration_name, rolled_back_at) values (gen_random_uuid(),
      '${more.sum ?? sha(init)}', ${more.finished === false ? 'null' : 'now()'}, '${name}', ${more.undone ? 'now()' : 'null'})`);
  const name = '20240101000000_init';

  it('that failed half-way are a FAIL with the command that ends it', async () => {
    const app = await started();
    await record(app, name, { finished: false });
    const answer = await app.ask({ tool: 'prisma' });
    expect(answer).toMatchObject({ status: 'FAIL', summary: `${name} began and did not finish` });
    expect(answer.remedy).toContain(`npx prisma migrate resolve --rolled-back ${name}`);
  });

  it('that failed, were rolled back and are not run again are pending; run again they are a PASS', async () => {
    const app = await started();
    await record(app, name, { finished: false, undone: true });
    expect(await app.ask({ tool: 'prisma' })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('pending'),
    });
    await record(app, name);
    expect(await app.ask({ tool: 'prisma' })).toMatchObject({ status: 'PASS' });
  });

  it('that failed once more after they were applied stop every deployment: FAIL', async () => {
    const app = await started();
    await record(app, name, { finished: false });
    await record(app, name);
    await record(app, name, { finished: false, undone: true });
    expect(await app.ask({ tool: 'prisma' })).toMatchObject({
      status: 'FAIL',
      summary: `${name} began and did not finish`,
    });
    await app.sql('update "_prisma_migrations" set rolled_back_at = now() where finished_at is null');
    expect((await app.ask({ tool: 'prisma' })).status).toBe('PASS');
  });

  it('are the same with the line endings of Windows, and edited ones a WARN', async () => {
    const app = await started();
    await record(app, name);
    await app.write(`prisma/migrations/${name}/migration.sql`, init.replace('\n', '\r\n'));
    expect((await app.ask({ tool: 'prisma' })).status).toBe('PASS');
    await app.write(`prisma/migrations/${name}/migration.sql`, `${init}-- more`);
    expect(await app.ask({ tool: 'prisma' })).toMatchObject({
      status: 'WARN',
      summary: expect.stringContaining('edited'),
    });
  });

  it('are found in the schema of the address', async () => {
    const app = await started('crm');
    expect((await app.ask({ tool: 'prisma' })).summary).toContain('there is no table public._prisma_migrations');
    const answer = await app.ask({ tool: 'prisma', url: `${app.url}?schema=crm` });
    expect(answer.summary).toBe(`1 of 1 migrations are pending: ${name}`);
    expect((await app.ask({ tool: 'prisma', schema: 'crm' })).summary).toBe(answer.summary);
  });
});

describe('migrations of knex', () => {
  const file = (table: string): string =>
    `exports.up = (knex) => knex.schema.createTable('${table}', (t) => t.increments()); exports.down = () => {};`;
  const run = async ({ home, url }: Project): Promise<void> => {
    const client = knex({ client: 'pg', connection: url, migrations: { directory: join(home, 'migrations') } });
    await client.migrate.latest().finally(() => client.destroy());
  };

  it('are a PASS when all are applied, also compiled ones, and a FAIL when one is pending', async () => {
    const app = await project();
    await app.write('migrations/20240101_users.js', file('users'));
    await run(app);
    expect((await app.ask({ tool: 'knex' })).status).toBe('PASS');
    await app.write('src/migrations/20240101_users.ts', 'export {}');
    expect((await app.ask({ tool: 'knex', directory: './src/migrations' })).status).toBe('PASS');
    await app.write('migrations/20240102_orders.js', file('orders'));
    expect(await app.ask({ tool: 'knex' })).toMatchObject({
      status: 'FAIL',
      summary: '1 of 2 migrations are pending: 20240102_orders.js',
      remedy: expect.stringContaining('npx knex migrate:latest'),
    });
  });

  it('whose file is gone are a FAIL, as knex then refuses to migrate', async () => {
    const app = await project();
    await app.write('migrations/1_users.js', file('users'));
    await app.write('migrations/2_orders.js', file('orders'));
    await run(app);
    await rm(join(app.home, 'migrations/2_orders.js'));
    await expect(run(app)).rejects.toThrow('directory is corrupt');
    const answer = await app.ask({ tool: 'knex' });
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('2_orders.js is applied and not in migrations'),
    });
  });

  it('that were cut off hold the lock: FAIL', async () => {
    const app = await project();
    await app.write('migrations/1_users.js', file('users'));
    await run(app);
    await app.sql('update knex_migrations_lock set is_locked = 1');
    const answer = await app.ask({ tool: 'knex' });
    expect(answer).toMatchObject({ status: 'FAIL', remedy: expect.stringContaining('npx knex migrate:unlock') });
  });
});

describe('migrations of typeorm', () => {
  const code = (name: string, table: string): string =>
    `class ${name} { async up(q) { await q.query('create table ${table} (id int)'); } async down() {} }\nexports.${name} = ${name};`;

  it('are a PASS when all are applied, a FAIL when one is pending, a WARN when one is gone', async () => {
    const app = await project();
    await app.write('migrations/1700000000000-Users.js', code('Users1700000000000', 'users'));
    await app.write('migrations/1700000000001-Orders.js', code('Orders1700000000001', 'orders'));
    const source = new DataSource({ type: 'postgres', url: app.url, migrations: [join(app.home, 'migrations/*.js')] });
    await source.initialize();
    await source.runMigrations().finally(() => source.destroy());
    expect(await app.ask({ tool: 'typeorm', expect: { head: 'Orders1700000000001' } })).toMatchObject({
      status: 'PASS',
    });
    const late = `import type { MigrationInterface } from 'typeorm';\nexport class Late implements MigrationInterface { name = 'Late1700000000002' }`;
    await app.write('migrations/1700000000002-Late.ts', late);
    expect(await app.ask({ tool: 'typeorm' })).toMatchObject({
      status: 'FAIL',
      summary: '1 of 3 migrations are pending: Late1700000000002',
    });
    await rm(join(app.home, 'migrations/1700000000002-Late.ts'));
    await rm(join(app.home, 'migrations/1700000000001-Orders.js'));
    expect(await app.ask({ tool: 'typeorm' })).toMatchObject({
      status: 'WARN',
      summary: expect.stringContaining('Orders1700000000001 is applied and not in migrations'),
    });
  });

  it('are not looked for in the table of another tool: PENDING', async () => {
    const app = await project();
    await app.write('migrations/1700000000000-Users.js', code('Users1700000000000', 'users'));
    await app.sql('create table migrations (id serial, migration varchar(255), batch int)');
    expect(await app.ask({ tool: 'typeorm' })).toMatchObject({
      status: 'PENDING',
      summary: 'migrations is no table of typeorm',
    });
  });
});

describe('SQL files that Savepoint applied', () => {
  it('are a PASS; pending and edited ones are a FAIL', async () => {
    const world = await startWorld(server, { empty: true });
    const app = await project();
    const url = app.url;
    await app.write('migrations/1_users.sql', 'create table users (id int primary key);');
    const spec = { url, migrate: { directory: join(app.home, 'migrations') } };
    const call = world.call({ spec, fence: nextFence() });
    for (let step = await postgres.apply(call, 'migrate', 'v1'); step.state !== 'done'; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      step = await postgres.apply(call, 'migrate', 'v1');
    }
    expect(await app.ask({ tool: 'sql' })).toMatchObject({ status: 'PASS' });
    await app.write('migrations/2_orders.sql', 'create table orders (id int primary key);');
    expect((await app.ask({ tool: 'sql' })).summary).toBe('1 of 2 migrations are pending: 2_orders.sql');
    await app.write('migrations/1_users.sql', 'create table users (id bigint primary key);');
    const answer = await app.ask({ tool: 'sql', pending: 'allowed' });
    expect(answer).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('the next release refuses it') });
    await world.end();
  });
});

/** sequelize/umzug, src/storage/sequelize.ts: model SequelizeMeta with the column name. */
it('migrations of sequelize are judged by the names of their files', async () => {
  const app = await project();
  await app.write('migrations/20240101-users.js', '');
  await app.sql('create table "SequelizeMeta" (name varchar(255) primary key)');
  expect((await app.ask({ tool: 'sequelize' })).status).toBe('FAIL');
  await app.sql(`insert into "SequelizeMeta" values ('20240101-users.js')`);
  expect((await app.ask({ tool: 'sequelize' })).status).toBe('PASS');
});

/** alembic.sqlalchemy.org: runtime/migration.py makes `alembic_version (version_num varchar(32) not null)`. */
describe('MF-02 migrations of alembic', () => {
  const revision = (id: string, down: string): string =>
    `"""text\n\nRevises: ${down}\n"""\nfrom typing import Sequence, Union\n\nrevision: str = '${id}'\ndown_revision: Union[str, Sequence[str], None] = ${down}\ndepends_on: Union[str, Sequence[str], None] = None\n`;
  const started = async (...at: string[]): Promise<Project> => {
    const app = await project();
    await app.write('alembic/versions/aaa1_users.py', revision('aaa1', 'None'));
    await app.write('alembic/versions/bbb2_orders.py', revision('bbb2', "'aaa1'"));
    await app.sql('create table alembic_version (version_num varchar(32) not null)');
    for (const id of at) await app.sql(`insert into alembic_version values ('${id}')`);
    return app;
  };

  it('are a PASS at the head, and a FAIL below it', async () => {
    const app = await started('bbb2');
    expect(await app.ask({ tool: 'alembic', expect: { head: 'bbb2' } })).toMatchObject({ status: 'PASS' });
    expect((await app.ask({ tool: 'alembic', directory: 'alembic' })).status).toBe('PASS');
    const below = await started('aaa1');
    expect(await below.ask({ tool: 'alembic' })).toMatchObject({
      status: 'FAIL',
      summary: '1 of 2 migrations are pending: bbb2_orders',
      remedy: expect.stringContaining('alembic upgrade head'),
    });
    // After a downgrade to the revision that was current before.
    const back = { tool: 'alembic', pending: 'allowed', expect: { head: 'aaa1' } } as const;
    expect((await below.ask(back)).status).toBe('PASS');
    expect((await app.ask(back)).status).toBe('FAIL');
  });

  it('at a revision that this code does not have are a FAIL, as alembic then refuses everything', async () => {
    const app = await started('ccc3');
    const answer = await app.ask({ tool: 'alembic', pending: 'allowed' });
    expect(answer).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('ccc3 is applied and not in') });
  });

  it('with two heads are a WARN, merged ones a PASS, and a gap is a FAIL', async () => {
    const app = await started('bbb2', 'ccc3');
    await app.write('alembic/versions/ccc3_mails.py', revision('ccc3', "'aaa1'"));
    expect(await app.ask({ tool: 'alembic' })).toMatchObject({ status: 'WARN', remedy: 'alembic merge heads' });
    await app.write('alembic/versions/ddd4_merge.py', revision('ddd4', "(\n    'bbb2',\n    'ccc3',\n)"));
    await app.sql("delete from alembic_version where version_num = 'ccc3'");
    await app.sql("update alembic_version set version_num = 'ddd4'");
    expect((await app.ask({ tool: 'alembic' })).status).toBe('PASS');
    await rm(join(app.home, 'alembic/versions/aaa1_users.py'));
    expect(await app.ask({ tool: 'alembic' })).toMatchObject({ status: 'FAIL' });
  });
});

describe('a record that cannot be read', () => {
  it('is PENDING: no database, no right, no directory, nothing in it', async () => {
    const app = await project();
    await writeDrizzle(app, [first]);
    await runDrizzle(app);
    await server.sql("create role migration_stranger login password 'let-me-in'");
    const stranger = new URL(app.url);
    stranger.username = 'migration_stranger';
    stranger.password = 'let-me-in';
    const lost = 'postgres://joe:hidden-password@127.0.0.1:1/x';
    const elsewhere = ['mysql://joe:hidden-password@127.0.0.1/x', 'file:./dev.db'];
    for (const url of [stranger.href, lost, server.url('nowhere'), ...elsewhere]) {
      const answer = await app.ask({ tool: 'drizzle', url });
      expect(answer, answer.summary).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
      expect(JSON.stringify(answer)).not.toMatch(/let-me-in|hidden-password/);
    }
    expect(await app.ask({ tool: 'drizzle', directory: './drizle' })).toMatchObject({
      status: 'PENDING',
      summary: 'there is no drizle/meta/_journal.json',
    });
    await app.write('migrations/README.md', 'nothing yet');
    expect(await app.ask({ tool: 'knex' })).toMatchObject({
      status: 'PENDING',
      summary: 'there are no migrations of knex in migrations',
    });
  });

  it('is read through addresses that name a driver of Python, and nothing is written', async () => {
    const app = await project();
    await writeDrizzle(app, [first]);
    await runDrizzle(app);
    const url = app.url.replace('postgres://', 'postgresql+asyncpg://');
    expect((await app.ask({ tool: 'drizzle', url })).status).toBe('PASS');
    const log = await server.log();
    const said = log.split('\n').filter((line) => line.includes('savepoint check'));
    expect(said.some((line) => line.includes('BEGIN READ ONLY'))).toBe(true);
    expect(said.filter((line) => /\b(insert|update|delete|create) /i.test(line))).toEqual([]);
  });
});
