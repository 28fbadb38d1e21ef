import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runSql } from '../../support/postgres.ts';
import { wayBackForEach } from './for-each.ts';
import { lossOf, wayBackOf } from './way-back.ts';
import { appRole } from './world.ts';

const shop = wayBackForEach();

describe('the loss of a restore', { timeout: 120_000 }, () => {
  test('is nothing while nobody wrote', async () => {
    const savepoint = await shop.way.save();
    await shop.way.hold();
    const found = await shop.way.loss(savepoint);
    expect(found).toMatchObject({ held: true, rows: 0, tables: [], notCompared: [] });
  });

  test('counts each row that users added, changed and deleted, and none that the release wrote', async () => {
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `alter table products add column sku text default 'none'; alter table products add column seen timestamptz default now();
       update products set price = price + 1; create table labels (id serial primary key, name text);
       insert into labels (name) values ('new'), ('old');`,
    );
    await shop.world.write('seeds/1.sql', `insert into products (name, price) values ('gift', 0), ('card', 5)`);
    await shop.world.sql(`insert into products (name, price) values ('before the migration', 9)`);
    await shop.way.apply('migrate');
    await shop.world.sql(`insert into products (name, price) values ('before the seed', 9)`);
    await shop.way.apply('seed');
    await shop.world.sql(`insert into orders (product) values (1), (2), (3)`);
    await shop.world.sql(`update orders set amount = 99 where id in (5, 6)`);
    await shop.world.sql(`delete from orders where id = 7`);
    await shop.world.sql(`insert into labels (name) values ('by hand')`);
    await shop.world.sql(`update products set sku = 'A1' where id = 3`);
    const held = await shop.way.hold();
    const found = await shop.way.loss(savepoint);
    expect(found.tables).toEqual([
      lossOf('public.labels', { added: 1, own: 2 }),
      lossOf('public.orders', { added: 3, changed: 2, removed: 1 }),
      lossOf('public.products', { added: 2, changed: 1, own: 102 }),
    ]);
    expect(found).toMatchObject({ held: true, rows: 10, notCompared: [] });
    await shop.way.resume(held);
    expect((await shop.way.loss(savepoint)).held).toBe(false);
  });

  test('equals row by row what a ledger says that an application wrote while the release migrated', async () => {
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `alter table orders add column note text; update products set price = price + 1`,
    );
    await shop.world.write(
      'seeds/1.sql',
      `insert into orders (product, amount) select i, 1000 from generate_series(1, 5) i`,
    );
    const ledger: { added: number[]; changed: number[]; removed: number[] } = { added: [], changed: [], removed: [] };
    let on = true;
    const writing = [1, 2, 3].map(async (writer) => {
      for (let turn = 0; on; turn += 1) await order(ledger, writer + 3 * turn);
    });
    await shop.way.apply('migrate');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await shop.way.apply('seed');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const estimate = await shop.way.loss(savepoint);
    expect(estimate.held).toBe(false);
    on = false;
    await Promise.all(writing);
    await shop.way.hold();
    const found = await shop.way.loss(savepoint);
    expect(ledger.added.length).toBeGreaterThan(5);
    expect(found).toMatchObject({ held: true, notCompared: [] });
    expect(found.tables).toEqual([
      lossOf('public.orders', {
        added: ledger.added.length,
        changed: ledger.changed.length,
        removed: ledger.removed.length,
        own: 5,
      }),
      lossOf('public.products', { own: 100 }),
    ]);
    expect(await shop.way.carry(savepoint)).toMatchObject({ carried: found.rows, left: 0 });
    await shop.way.restore(savepoint);
    const ids = await shop.world.sql('select id::int from orders where id > 500 order by id');
    expect(ids.map(({ id }) => id)).toEqual(ledger.added.toSorted((one, other) => one - other));
  });

  /** One customer: an order; now and then an old one is changed or deleted. An error was no acknowledgement. */
  async function order(ledger: Record<'added' | 'changed' | 'removed', number[]>, turn: number): Promise<void> {
    const app = shop.server.url(shop.world.database, appRole);
    const place = `insert into orders (product) values (${1 + (turn % 90)}) returning id::int`;
    const [made] = await runSql(app, place).catch(() => []);
    if (made !== undefined) ledger.added.push(Number(made.id));
    if (turn % 4 !== 0 || turn >= 500) return;
    const op = turn % 8 === 0 ? 'changed' : 'removed';
    const old = `where id = ${turn} returning id::int`;
    const rows = await shop.world.sql(
      op === 'changed' ? `update orders set amount = -1 ${old}` : `delete from orders ${old}`,
    );
    ledger[op].push(...rows.map(({ id }) => Number(id)));
  }

  test('knows tables that the release dropped, made and renamed, and columns that it renamed', async () => {
    await shop.world.sql(
      `create table gone (id int primary key); insert into gone values (1), (2); create table before_it (id int primary key, v text); insert into before_it values (1, 'a')`,
    );
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `drop table gone; alter table before_it rename to after_it; create table made (id int primary key); insert into made values (1);
       alter table orders rename column amount to quantity;`,
    );
    await shop.way.apply();
    await shop.world.sql(
      `insert into after_it values (2, 'b'); insert into made values (2), (3); update orders set quantity = 4 where id = 1`,
    );
    await shop.way.hold();
    expect((await shop.way.loss(savepoint)).tables).toEqual([
      lossOf('public.after_it', { added: 1, own: 1 }),
      lossOf('public.before_it', { own: 1 }),
      lossOf('public.gone', { own: 2 }),
      lossOf('public.made', { added: 2, own: 1 }),
      lossOf('public.orders', { changed: 1 }),
    ]);
  });

  test('says of values that a release makes up anew each time that they could not be compared', async () => {
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `alter table products add column token uuid default gen_random_uuid(); alter table products add column since timestamptz default now()`,
    );
    await shop.way.apply();
    await shop.world.sql('update products set price = 1 where id in (1, 2)');
    await shop.way.hold();
    const found = await shop.way.loss(savepoint);
    expect(found.tables).toEqual([lossOf('public.products', { changed: 2 })]);
    expect(found.notCompared).toEqual(['public.products.token: the release fills it differently each time it runs']);
  });

  test('repeats a command on the reference, and takes records of its tool for the release’s own', async () => {
    await shop.world.sql(
      `create table knex_migrations (id serial primary key, name text, batch int, migration_time timestamptz default clock_timestamp())`,
    );
    await shop.world.write(
      'tool.mjs',
      `import pg from '${join(process.cwd(), 'node_modules/pg/lib/index.js')}';
       import { appendFileSync } from 'node:fs';
       const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
       await client.connect();
       appendFileSync('ran.log', process.env.SAVEPOINT_VERSION + ' ' + client.database.replace(/.*_(reference).*/, '$1') + '\\n');
       await client.query("insert into products (name, price) values ('own', 1)");
       await client.query("insert into knex_migrations (name, batch) values ('1.mjs', 1)");
       await client.end();`,
    );
    const command = wayBackOf(shop.world, { migrate: { command: ['node', 'tool.mjs'], files: ['tool.mjs'] } });
    const savepoint = await command.save();
    await command.apply();
    await shop.world.sql(`insert into orders (product) values (1)`);
    await command.hold();
    expect((await command.loss(savepoint)).tables).toEqual([
      lossOf('public.knex_migrations', { own: 1 }),
      lossOf('public.orders', { added: 1 }),
      lossOf('public.products', { own: 1 }),
    ]);
    expect(await readFile(join(shop.world.home, 'ran.log'), 'utf8')).toBe(`v2 ${shop.world.database}\nv2 reference\n`);
    const stubborn = {
      migrate: { command: ['node', 'tool.mjs'], env: { SHOP_URL: shop.server.url(shop.world.database) } },
    };
    const elsewhere = wayBackOf(shop.world, stubborn);
    await shop.world.sql('delete from savepoint.measures', 'savepoint');
    await shop.server.sql(
      `drop database ${(await shop.server.sql(`select datname from pg_database where datname ~ '${shop.world.database}_ref'`))[0]?.datname}`,
    );
    expect((await elsewhere.beside(savepoint)).detail).toContain('names its database itself, in the variable SHOP_URL');
    expect((await readFile(join(shop.world.home, 'ran.log'), 'utf8')).split('\n')).toHaveLength(3);
  });
});
