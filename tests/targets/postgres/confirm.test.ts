import { beforeEach, describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import type { PostgresChange } from '../../../src/targets/postgres/sql-files.ts';
import { shopForEach } from './for-each.ts';
import { attempt } from './world.ts';

const shop = shopForEach();

const directory = { migrate: { directory: './migrations' }, seed: { directory: './seeds' } };
type Extra = Record<string, unknown>;

async function confirmed(change: PostgresChange = 'migrate', spec: Extra = directory) {
  const answer = await postgres.confirm?.(shop.world.call({ key: 'confirm', fence: 0, spec }), change, 'v2');
  if (answer === undefined) throw new Error('postgres does not confirm');
  return answer;
}
const apply = (change: PostgresChange, spec: Extra = directory) =>
  attempt(shop.world.call({ key: change, spec }), (call) => postgres.apply(call, change, 'v2'));
const save = () => attempt(shop.world.call({ key: 'save', spec: directory }), postgres.save);

describe('whether SQL files were applied', () => {
  beforeEach(async () => {
    await shop.world.write(
      'migrations/1_colours.sql',
      'create table colours (id int primary key, name text not null);',
    );
    await shop.world.write(
      'migrations/2_sku.sql',
      'alter table products add column sku text; create index skus on products (sku);',
    );
    await shop.world.write('seeds/colours.sql', `insert into colours values (1, 'red') on conflict do nothing;`);
  });

  test('is told by the record in the database, and taken back by a restore', async () => {
    const savepoint = await save();
    expect(await confirmed()).toMatchObject({ state: 'not-done', detail: expect.stringContaining('1_colours.sql') });
    await apply('migrate');
    expect(await confirmed()).toEqual({ state: 'done', detail: '2 files of migrate are recorded in the database' });
    expect(await confirmed('seed')).toMatchObject({ state: 'unknown' });
    await apply('seed');
    expect(await confirmed('seed')).toMatchObject({ state: 'done' });
    await attempt(shop.world.call({ key: 'restore' }), (call) => postgres.restore(call, savepoint));
    expect(await confirmed()).toMatchObject({ state: 'not-done' });
  });

  test('changes nothing and claims nothing while it looks', async () => {
    await apply('migrate');
    const before = await shop.server.sql('select * from savepoint.fences order by 1', 'savepoint');
    const rows = (await shop.server.log()).split('\n').length;
    await confirmed();
    expect(await shop.server.sql('select * from savepoint.fences order by 1', 'savepoint')).toEqual(before);
    const said = (await shop.server.log())
      .split('\n')
      .slice(rows)
      .filter((line) => line.includes('|savepoint/') || line.includes('savepoint/database'));
    const changing = said.filter((line) =>
      /(statement|execute [^:]*): *(insert|update|delete|create|alter|drop|grant|revoke|lock|select pg_advisory)/i.test(
        line,
      ),
    );
    expect(changing).toEqual([]);
  });

  test('is done where a person ran them by hand, and says that the record is missing', async () => {
    await shop.world.sql('create table colours (id int primary key, name text not null)');
    expect(await confirmed()).toMatchObject({
      state: 'unknown',
      detail: expect.stringMatching(/there: .*colours.*missing: .*sku/),
    });
    await shop.world.sql('alter table products add column sku text; create index skus on products (sku)');
    expect(await confirmed()).toMatchObject({
      state: 'done',
      detail: expect.stringContaining('no record of 1_colours.sql, 2_sku.sql'),
    });
  });

  test('is unknown where only rows would tell, unless every row is as it was saved', async () => {
    await shop.world.write('migrations/1_colours.sql', 'update products set price = price + 1;');
    await shop.world.write('migrations/2_sku.sql', 'drop table if exists nothing_of_that_name;');
    await save();
    expect(await confirmed()).toMatchObject({ state: 'unknown' });
    await attempt(shop.world.call({ key: 'hold' }), (call) => (postgres.hold ?? Promise.reject)(call));
    expect(await confirmed()).toMatchObject({ state: 'not-done', detail: expect.stringContaining('every row') });
    await shop.world.sql('update products set price = price + 1');
    expect(await confirmed()).toMatchObject({ state: 'unknown' });
  });

  test('is unknown where a file was edited after it was applied, or is not what was approved', async () => {
    await apply('migrate');
    const pinned = await attempt(shop.world.call({ key: 'prepare', spec: directory }), (call) =>
      (postgres.prepare ?? Promise.reject)(call, 'v2'),
    );
    await shop.world.write('migrations/1_colours.sql', 'create table colours (id int primary key);');
    expect(await confirmed()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('another content: 1_colours.sql'),
    });
    const call = shop.world.call({ key: 'confirm', spec: directory, pinned });
    expect(await postgres.confirm?.(call, 'migrate', 'v2')).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('approved'),
    });
  });

  test('follows what later files rename, drop and replace', async () => {
    await shop.world.write('migrations/1_colours.sql', 'create table draft (id int); create table tints (id int);');
    await shop.world.write(
      'migrations/2_sku.sql',
      'drop table draft; alter table tints rename to colours; create schema tools;',
    );
    expect(await confirmed()).toMatchObject({ state: 'not-done', detail: expect.stringContaining('schema "tools"') });
    await shop.world.sql('create table colours (id int); create schema tools');
    expect(await confirmed()).toMatchObject({ state: 'unknown', detail: expect.stringContaining('rename to colours') });
  });

  test('does not take an index that was never finished for one', async () => {
    await shop.world.write(
      'migrations/1_colours.sql',
      '-- savepoint: no-transaction\ncreate unique index concurrently amounts on orders (product);',
    );
    await shop.world.write('migrations/2_sku.sql', 'drop table if exists nothing_of_that_name;');
    await shop.world.sql('create unique index concurrently amounts on orders (product)').catch(() => undefined);
    expect(await shop.world.sql(`select indisvalid from pg_index where indexrelid = 'amounts'::regclass`)).toEqual([
      { indisvalid: false },
    ]);
    expect(await confirmed()).toMatchObject({ state: 'not-done' });
  });

  test('is not done where there is no database', async () => {
    await shop.world.sql(`drop database ${shop.world.database}`, 'postgres');
    expect(await confirmed()).toEqual({ state: 'not-done', detail: `there is no database ${shop.world.database}` });
  });
});

describe('whether a command migrated', () => {
  const run = (files: string[], argv = ['npm', 'run', 'migrate']) => ({ migrate: { command: argv, files } });

  test('is told by the journal of drizzle', async () => {
    const spec = run(['./drizzle']);
    const journal = {
      entries: [
        { tag: '0000_a', when: 1_700_000_000_000 },
        { tag: '0001_b', when: 1_700_000_000_500 },
      ],
    };
    await shop.world.write('drizzle/meta/_journal.json', JSON.stringify(journal));
    await shop.world.write('drizzle/0000_a.sql', 'create table a (id int);');
    await shop.world.write(
      'drizzle/0001_b.sql',
      'create table b (id int);--> statement-breakpoint\nalter table b add column c int;',
    );
    expect(await confirmed('migrate', spec)).toMatchObject({ state: 'not-done' });
    await shop.world.sql(`create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint);
      create table a (id int); insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 1700000000000)`);
    expect(await confirmed('migrate', spec)).toMatchObject({
      state: 'not-done',
      detail: expect.stringContaining('drizzle has no record of 0001_b'),
    });
    await shop.world.sql('create table b (id int, c int)');
    expect(await confirmed('migrate', spec)).toMatchObject({
      state: 'done',
      detail: expect.stringContaining('by hand'),
    });
    await shop.world.sql(`insert into drizzle.__drizzle_migrations (hash, created_at) values ('y', 1700000000500)`);
    expect(await confirmed('migrate', spec)).toEqual({
      state: 'done',
      detail: 'drizzle has recorded all 2 migrations',
    });
  });

  test('is told by the directories and rows of prisma; a migration that did not finish is unknown', async () => {
    const spec = run(['./prisma/migrations']);
    await shop.world.write('prisma/migrations/migration_lock.toml', 'provider = "postgresql"');
    await shop.world.write('prisma/migrations/2025_a/migration.sql', 'create table a (id int);');
    expect(await confirmed('migrate', spec)).toMatchObject({ state: 'not-done' });
    await shop.world.sql(`create table _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz);
      insert into _prisma_migrations values ('2025_a', null, null)`);
    expect(await confirmed('migrate', spec)).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('did not finish 2025_a'),
    });
    await shop.world.sql('update _prisma_migrations set rolled_back_at = now()');
    expect(await confirmed('migrate', spec)).toMatchObject({ state: 'not-done' });
    await shop.world.sql(`insert into _prisma_migrations values ('2025_a', now(), null)`);
    expect(await confirmed('migrate', spec)).toMatchObject({ state: 'done' });
  });

  test('is told by the heads of alembic, also where branches are merged', async () => {
    const spec = run(['./alembic'], ['alembic', 'upgrade', 'head']);
    await shop.world.write('alembic/versions/a.py', `revision: str = 'aaa'\ndown_revision: Union[str, None] = None\n`);
    await shop.world.write('alembic/versions/b.py', `revision = "bbb"\ndown_revision = "aaa"\n`);
    await shop.world.write('alembic/versions/c.py', `revision = "ccc"\ndown_revision = "aaa"\n`);
    await shop.world.write('alembic/versions/d.py', `revision = "ddd"\ndown_revision = ("bbb", "ccc")\n`);
    expect(await confirmed('migrate', spec)).toMatchObject({ state: 'not-done' });
    await shop.world.sql(
      `create table alembic_version (version_num varchar(32)); insert into alembic_version values ('bbb')`,
    );
    expect(await confirmed('migrate', spec)).toMatchObject({
      state: 'not-done',
      detail: 'alembic has no record of ddd',
    });
    await shop.world.sql(`update alembic_version set version_num = 'ddd'`);
    expect(await confirmed('migrate', spec)).toMatchObject({ state: 'done' });
    await shop.world.sql(`update alembic_version set version_num = 'zzz'`);
    expect(await confirmed('migrate', spec)).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('zzz'),
    });
  });

  test('is told by the tables of knex and typeorm', async () => {
    const knex = run(['./knex']);
    await shop.world.write('knex/20250101_a.ts', '');
    await shop.world.sql(
      `create table knex_migrations (id serial, name text); insert into knex_migrations (name) values ('20240101_old.js')`,
    );
    expect(await confirmed('migrate', knex)).toMatchObject({ state: 'not-done' });
    await shop.world.sql(`insert into knex_migrations (name) values ('20250101_a.js')`);
    expect(await confirmed('migrate', knex)).toMatchObject({ state: 'done' });
    const typeorm = run(['./typeorm'], ['npx', 'typeorm', 'migration:run']);
    await shop.world.write('typeorm/1700000000000-Colours.ts', '');
    await shop.world.sql(
      'drop table knex_migrations; create table migrations (id serial, timestamp bigint, name text)',
    );
    expect(await confirmed('migrate', typeorm)).toMatchObject({ state: 'not-done' });
    await shop.world.sql(`insert into migrations (timestamp, name) values (1700000000000, 'Colours1700000000000')`);
    expect(await confirmed('migrate', typeorm)).toMatchObject({ state: 'done' });
  });

  test('of no known tool is unknown, unless Savepoint saw it end well since', async () => {
    const spec = { migrate: { command: ['sh', '-c', 'exit 0'] } };
    expect(await confirmed('migrate', spec)).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('`files`'),
    });
    await apply('migrate', spec);
    expect(await confirmed('migrate', spec)).toMatchObject({ state: 'done' });
  });
});
