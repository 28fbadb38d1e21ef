import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { type WayBack, wayBackOf } from './way-back.ts';
import { startWorld, type World } from './world.ts';

let server: Postgres;
let world: World;
let way: WayBack;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  world = await startWorld(server);
  way = wayBackOf(world);
});
afterEach(() => world.end());

const line = (table: string, counts: Record<string, unknown>) => ({
  table,
  by: 'key',
  added: 0,
  changed: 0,
  removed: 0,
  marked: 0,
  own: 0,
  ignored: false,
  ...counts,
});

describe('the loss of a restore', { timeout: 120_000 }, () => {
  test('is nothing while nobody wrote', async () => {
    const savepoint = await way.save();
    await way.hold();
    const found = await way.loss(savepoint);
    expect(found).toMatchObject({ held: true, rows: 0, tables: [], notCompared: [] });
  });

  test('counts each row that users added, changed and deleted, and none that the release wrote', async () => {
    const savepoint = await way.save();
    await world.write(
      'migrations/1.sql',
      `alter table products add column sku text default 'none'; alter table products add column seen timestamptz default now();
       update products set price = price + 1; create table labels (id serial primary key, name text);
       insert into labels (name) values ('new'), ('old');`,
    );
    await world.write('seeds/1.sql', `insert into products (name, price) values ('gift', 0), ('card', 5)`);
    await world.sql(`insert into products (name, price) values ('before the migration', 9)`);
    await way.apply('migrate');
    await world.sql(`insert into products (name, price) values ('before the seed', 9)`);
    await way.apply('seed');
    await world.sql(`insert into orders (product) values (1), (2), (3)`);
    await world.sql(`update orders set amount = 99 where id in (5, 6)`);
    await world.sql(`delete from orders where id = 7`);
    await world.sql(`insert into labels (name) values ('by hand')`);
    await world.sql(`update products set sku = 'A1' where id = 3`);
    const held = await way.hold();
    const found = await way.loss(savepoint);
    expect(found.tables).toEqual([
      line('public.labels', { added: 1, own: 2 }),
      line('public.orders', { added: 3, changed: 2, removed: 1 }),
      line('public.products', { added: 2, changed: 1, own: 102 }),
    ]);
    expect(found).toMatchObject({ held: true, rows: 10, notCompared: [] });
    await way.resume(held);
    expect((await way.loss(savepoint)).held).toBe(false);
  });
});
