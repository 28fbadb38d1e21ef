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

const orders = () => world.sql('select id::int, product, amount, placed::text from orders order by id');

describe('a restore that carries rows over', () => {
  test('keeps every row that users wrote, and nothing that the release wrote', async () => {
    const savepoint = await way.save();
    await world.write(
      'migrations/1.sql',
      `alter table products add column sku text default 'none'; update products set price = price + 1;
       create table labels (id serial primary key, name text); insert into labels (name) values ('new');`,
    );
    await world.write('seeds/1.sql', `insert into products (name, price) values ('gift', 0), ('card', 5)`);
    await world.sql(`insert into products (name, price) values ('first', 9)`);
    await way.apply('migrate');
    await world.sql(`insert into products (name, price) values ('second', 9)`);
    await way.apply('seed');
    await world.sql(
      `insert into orders (product, amount) select id, 7 from products where name in ('first', 'second')`,
    );
    await world.sql(`update orders set amount = 99 where id in (5, 6); delete from orders where id = 7`);
    await world.sql(`update products set name = 'renamed', sku = 'A1' where id = 3`);
    await way.beside(savepoint);
    await way.hold();
    const now = await orders();
    const measured = await way.loss(savepoint);
    const carried = await way.carry(savepoint);
    expect(carried.tables).toEqual([
      {
        table: 'public.products',
        carried: 3,
        left: 0,
        why: ['carried without sku, which the old schema does not have (2)'],
      },
      { table: 'public.orders', carried: 5, left: 0, why: [] },
    ]);
    expect(carried).toMatchObject({ into: 'copy', carried: measured.rows, left: 0, files: [] });
    expect(await way.carry(savepoint)).toEqual(carried);
    expect(await way.loss(savepoint)).toMatchObject({ rows: 0, tables: [], held: true });
    const restored = await way.restore(savepoint);
    expect(restored.proof).toMatchObject({ differences: [], level: 'content' });
    expect(restored.detail).toContain('with 8 rows carried over');
    expect(await orders()).toEqual(now);
    expect(await world.sql(`select id, name, price::float from products where id = 3 or id > 100 order by id`)).toEqual(
      [
        { id: 3, name: 'renamed', price: 4.5 },
        { id: 101, name: 'first', price: 9 + 1 },
        { id: 102, name: 'second', price: 9 },
      ],
    );
    const [next] = await world.sql(`insert into products (name, price) values ('later', 1) returning id`);
    expect(next).toEqual({ id: 105 });
    expect(await server.sql(`select datname from pg_database where datname ~ '${world.database}_(ref|bes)'`)).toEqual(
      [],
    );
  });
});
