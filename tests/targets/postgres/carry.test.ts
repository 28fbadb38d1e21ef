import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { dyingBefore } from './crash.ts';
import { wayBackForEach } from './for-each.ts';
import { attempt, failureOf } from './world.ts';

/** Every point of death is tried where CRASH_STRIDE is 1; usually a sample. */
const stride = Number(process.env.CRASH_STRIDE ?? 7);
const shop = wayBackForEach();

const orders = () => shop.world.sql('select id::int, product, amount, placed::text from orders order by id');

describe('a restore that carries rows over', { timeout: 120_000 }, () => {
  test('keeps every row that users wrote, and nothing that the release wrote', async () => {
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `alter table products add column sku text default 'none'; update products set price = price + 1;
       create table labels (id serial primary key, name text); insert into labels (name) values ('new');`,
    );
    await shop.world.write('seeds/1.sql', `insert into products (name, price) values ('gift', 0), ('card', 5)`);
    await shop.world.sql(`insert into products (name, price) values ('first', 9)`);
    await shop.way.apply('migrate');
    await shop.world.sql(`insert into products (name, price) values ('second', 9)`);
    await shop.way.apply('seed');
    await shop.world.sql(
      `insert into orders (product, amount) select id, 7 from products where name in ('first', 'second')`,
    );
    await shop.world.sql(`update orders set amount = 99 where id in (5, 6); delete from orders where id = 7`);
    await shop.world.sql(`update products set name = 'renamed', sku = 'A1' where id = 3`);
    await shop.way.beside(savepoint);
    await shop.way.hold();
    const now = await orders();
    const measured = await shop.way.loss(savepoint);
    const carried = await shop.way.carry(savepoint);
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
    expect(await shop.way.carry(savepoint)).toEqual(carried);
    expect(await shop.way.loss(savepoint)).toMatchObject({ rows: 0, tables: [], held: true });
    const restored = await shop.way.restore(savepoint);
    expect(restored.proof).toMatchObject({ differences: [], level: 'content' });
    expect(restored.detail).toContain('with 8 rows carried over');
    expect(await orders()).toEqual(now);
    expect(
      await shop.world.sql(`select id, name, price::float from products where id = 3 or id > 100 order by id`),
    ).toEqual([
      { id: 3, name: 'renamed', price: 4.5 },
      { id: 101, name: 'first', price: 9 + 1 },
      { id: 102, name: 'second', price: 9 },
    ]);
    const [next] = await shop.world.sql(`insert into products (name, price) values ('later', 1) returning id`);
    expect(next).toEqual({ id: 105 });
    expect(
      await shop.server.sql(`select datname from pg_database where datname ~ '${shop.world.database}_(ref|bes)'`),
    ).toEqual([]);
  });
});

describe('a row that does not fit', { timeout: 120_000 }, () => {
  const misfits = async () => {
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `drop view expensive; alter table products drop constraint products_price_check; alter table products drop constraint products_name_key;
       alter table products alter column price type numeric(16, 4); alter table orders alter column amount type text;
       alter table orders alter column amount drop not null; alter table products rename column name to title;
       alter table products add column name text; update products set name = title;
       create table extra (id int primary key, v text);`,
    );
    await shop.way.apply();
    await shop.world.sql(`insert into products (id, title, name, price) values (201, 'a', 'fits', 1.5), (202, 'b', 'negative', -1),
      (203, 'c', 'product 1', 2), (204, 'd', 'rounded', 1.2345), (205, 'e', null, 3), (206, 'f', 'big', 1234567890.5)`);
    await shop.world.sql(`insert into orders (id, product, amount) values (901, 201, '1'), (902, 202, '1'), (903, 1, 'many'), (904, 1, null),
      (905, 204, '5'), (906, 1, '6')`);
    await shop.world.sql(
      `update orders set amount = '77' where id = 1; update orders set amount = 'none' where id = 2`,
    );
    await shop.world.sql(`insert into extra values (1, 'new table')`);
    await shop.world.sql(`update products set title = 'only new' where id = 9`);
    await shop.way.hold();
    return savepoint;
  };

  test('is found exactly, filed with its reason and counted; every other one is carried', async () => {
    const savepoint = await misfits();
    const measured = await shop.way.loss(savepoint);
    expect(measured.rows).toBe(6 + 6 + 2 + 1 + 1);
    const carried = await shop.way.carry(savepoint);
    const left = Object.fromEntries(
      carried.tables.map(({ table, why }) => [table, why.filter((each) => !each.startsWith('carried')).sort()]),
    );
    expect(left).toEqual({
      'public.extra': ['the old schema has no such table'],
      'public.products': [
        'a number is out of range of its old type',
        'name must have a value',
        'only columns that the old schema does not have were changed',
        'the old type of price would change it',
        'violates products_name_key',
        'violates products_price_check',
      ],
      'public.orders': [
        'a value is none of its old type (2)',
        'amount must have a value',
        'violates orders_product_fkey (2)',
      ],
    });
    expect([carried.carried, carried.left]).toEqual([1 + 2 + 1, 12]);
    expect(carried.files).toEqual(['records/rows/conflicts.jsonl']);
    const file = join(shop.world.home, 'records/rows/conflicts.jsonl');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const lines = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(12);
    expect(lines).toContainEqual({
      table: 'public.products',
      why: 'violates products_price_check',
      op: 'added',
      count: 1,
      row: { id: '202', name: 'negative', price: '-1.0000', title: 'b' },
    });
    expect((await shop.way.loss(savepoint)).rows).toBe(12);
    await shop.way.restore(savepoint);
    expect(await shop.world.sql('select id, name from products where id > 100 order by id')).toEqual([
      { id: 201, name: 'fits' },
    ]);
    expect(await shop.world.sql('select id::int, amount from orders where id > 900 or id < 3 order by id')).toEqual([
      { id: 1, amount: 77 },
      { id: 2, amount: 2 },
      { id: 901, amount: 1 },
      { id: 906, amount: 6 },
    ]);
  });
});

describe('carrying', { timeout: 120_000 }, () => {
  test('brings parents with their children, trees, names that changed hands and rows that refer to each other', async () => {
    await shop.world.sql(`create table tree (id int primary key, parent int references tree, name text unique);
      insert into tree values (1, null, 'root'), (2, 1, 'left'), (3, 1, 'right');
      create table heads (id int primary key, member int); create table members (id int primary key, head int not null references heads deferrable);
      alter table heads add foreign key (member) references members deferrable;`);
    const savepoint = await shop.way.save();
    await shop.world.sql(
      `insert into products (name, price) values ('new parent', 1); insert into orders (product) select id from products where name = 'new parent'`,
    );
    await shop.world.sql(`insert into tree select i, case i when 4 then 2 else i - 1 end, 'n' || i from generate_series(4, 300) i; delete from tree where id = 3;
      update tree set name = 'top' where id = 1; update tree set name = 'root' where id = 2`);
    await shop.world.sql(
      `begin; set constraints all deferred; insert into heads values (1, 1); insert into members values (1, 1); commit`,
    );
    await shop.world.sql(`delete from orders where product = 5; delete from products where id = 5`);
    const now = await shop.world.sql('select * from tree order by id');
    await shop.way.hold();
    const carried = await shop.way.carry(savepoint);
    expect(carried.left, JSON.stringify(carried.tables)).toBe(0);
    await shop.way.restore(savepoint);
    expect(await shop.world.sql('select * from tree order by id')).toEqual(now);
    expect(await shop.world.sql('select head, member from heads join members on head = heads.id')).toEqual([
      { head: 1, member: 1 },
    ]);
    expect(await shop.world.sql('select id from products where id = 5')).toEqual([]);
    expect(
      await shop.world.sql(
        `select count(*)::int as n from orders join products p on p.id = product where name = 'new parent'`,
      ),
    ).toEqual([{ n: 1 }]);
  });

  test('fires no trigger a second time, and leaves every trigger as it was', async () => {
    await shop.world.sql(`create table log (id serial primary key, what text);
      create function note() returns trigger language plpgsql as $$ begin insert into log (what) values (tg_op); return new; end $$;
      create trigger noting after insert or update on orders for each row execute function note();
      create trigger always after insert on orders for each row execute function note(); alter table orders enable always trigger always;
      create trigger never after insert on orders for each row execute function note(); alter table orders disable trigger never;`);
    const savepoint = await shop.way.save();
    await shop.world.sql('insert into orders (product) values (1), (2)');
    await shop.way.hold();
    expect(await shop.way.carry(savepoint)).toMatchObject({ carried: 6, left: 0 });
    const restored = await shop.way.restore(savepoint);
    expect(restored.proof.differences).toEqual([]);
    expect(await shop.world.sql('select count(*)::int as n from log')).toEqual([{ n: 4 }]);
    expect(
      await shop.world.sql(`select tgname, tgenabled::text from pg_trigger where not tgisinternal order by 1`),
    ).toEqual([
      { tgname: 'always', tgenabled: 'A' },
      { tgname: 'never', tgenabled: 'D' },
      { tgname: 'noting', tgenabled: 'O' },
    ]);
  });

  test('keeps what a table without a key, a partitioned one and odd names hold', async () => {
    await shop.world.sql(`create schema "Odd ""one"; create table "Odd ""one"."Two Words" ("Key" uuid primary key, "select" jsonb, raw bytea, list text[], at interval);
      create table visits (day date, who text, n int); insert into visits select '2025-01-01', 'w' || i % 3, i % 2 from generate_series(1, 30) i;
      create table events (day date not null, id int generated always as identity, note text, primary key (day, id)) partition by range (day);
      create table events_a partition of events for values from ('2025-01-01') to ('2025-07-01');
      create table events_b partition of events for values from ('2025-07-01') to ('2026-01-01');
      insert into events (day, note) select '2025-06-20'::date + i, 'e' || i from generate_series(1, 20) i;
      create table base (x int primary key); create table child (y text) inherits (base); insert into base values (1); insert into child values (1, 'same');
      create unlogged table cache (k text primary key, v text, size int generated always as (length(v)) stored);`);
    const savepoint = await shop.way.save();
    await shop.world.sql(`insert into "Odd ""one"."Two Words" values (gen_random_uuid(), '{"a": [1, null]}', '\\x00ff5c', array['a,b', null, '"'], '1 day -2 hours');
      insert into visits values ('2025-01-01', 'w1', 1), (null, null, null), (null, null, null), ('2025-02-02', 'it''s', 0);
      delete from visits where ctid in (select ctid from visits where who = 'w2' limit 3);
      update events set day = day + 180 where id = 2; insert into events (day, note) values ('2025-12-31', 'late'); delete from events where id = 3;
      update child set y = 'other'; insert into base values (2); insert into cache values ('k', 'abc')`);
    const everything = () =>
      shop.world.sql(`select (select jsonb_agg(t) from "Odd ""one"."Two Words" t) as odd, (select jsonb_agg(v order by v::text) from visits v) as visits,
      (select jsonb_agg(e order by e.id) from events e) as events, (select jsonb_agg(b order by b.x) from only base b) as base, (select jsonb_agg(c) from child c) as child,
      (select jsonb_agg(c) from cache c) as cache`);
    const now = await everything();
    await shop.way.hold();
    const measured = await shop.way.loss(savepoint);
    expect(
      measured.tables.map(({ table, by, added, changed, removed }) => [table, by, added, changed, removed]),
    ).toEqual([
      ['"Odd ""one"."Two Words"', 'key', 1, 0, 0],
      ['public.base', 'key', 1, 0, 0],
      ['public.cache', 'key', 1, 0, 0],
      ['public.child', 'multiset', 1, 0, 1],
      ['public.events', 'key', 2, 0, 2],
      ['public.visits', 'multiset', 4, 0, 3],
    ]);
    const carried = await shop.way.carry(savepoint);
    expect(carried).toMatchObject({ carried: measured.rows, left: 0 });
    await shop.way.restore(savepoint);
    expect(await everything()).toEqual(now);
  });

  test('leaves out ignored tables, and carries the rows of smoke tests that do not count', async () => {
    await shop.world.sql(`create table sessions (id int primary key, who text)`);
    const savepoint = await shop.way.save();
    await shop.world.sql(
      `insert into sessions values (1, 'a'), (2, 'b'); insert into products (name, price) values ('smoke-1', 1), ('real', 2)`,
    );
    await shop.world.sql(
      `update products set name = 'smoke-now' where id = 4; delete from products where name = 'smoke-1'; insert into products (name, price) values ('smoke-2', 1)`,
    );
    await shop.way.hold();
    const rules = { ignore: ['sessions'], marks: [{ table: 'products', column: 'name', like: 'smoke-%' }] };
    const measured = await shop.way.loss(savepoint, rules);
    expect(measured.rows).toBe(2);
    expect(
      measured.tables.map(({ table, added, changed, marked, ignored }) => [table, added, changed, marked, ignored]),
    ).toEqual([
      ['public.products', 2, 1, 1, false],
      ['public.sessions', 2, 0, 0, true],
    ]);
    expect(await shop.way.carry(savepoint, 'copy', rules)).toMatchObject({ carried: 3, left: 0 });
    await shop.way.restore(savepoint);
    expect(await shop.world.sql(`select name from products where id > 100 or id = 4 order by id`)).toEqual([
      { name: 'smoke-now' },
      { name: 'real' },
      { name: 'smoke-2' },
    ]);
    expect(await shop.world.sql('select * from sessions')).toEqual([]);
  });
});

describe('what is carried', { timeout: 120_000 }, () => {
  test('is refused while writers are not held', async () => {
    const savepoint = await shop.way.save();
    await shop.world.sql('insert into orders (product) values (1)');
    const failure = await failureOf(shop.way.carry(savepoint));
    expect([failure.kind, failure.message]).toEqual(['refused', expect.stringContaining('are not held')]);
  });

  test('is out of date once writers were let in: the restore refuses, and a new copy is measured and carried', async () => {
    const savepoint = await shop.way.save();
    await shop.world.sql('insert into orders (product) values (1)');
    const held = await shop.way.hold();
    await shop.way.carry(savepoint);
    await shop.way.resume(held);
    await shop.world.sql('insert into orders (product) values (2)');
    await shop.way.hold();
    const failure = await failureOf(shop.way.restore(savepoint));
    expect([failure.kind, failure.message]).toEqual([
      'changed',
      expect.stringContaining('were let in after rows were carried'),
    ]);
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 502 }]);
    expect((await shop.way.loss(savepoint)).rows).toBe(2);
    expect(await shop.way.carry(savepoint)).toMatchObject({ carried: 2, left: 0 });
    await shop.way.restore(savepoint);
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 502 }]);
  });

  test('is carried once when its worker dies before any statement that changes something', {
    timeout: 280_000,
  }, async () => {
    const savepoint = await shop.way.save();
    await shop.world.sql('insert into orders (product) values (1), (2); update products set price = 7 where id = 1');
    await shop.way.beside(savepoint);
    const rules = { ignore: [], marks: [], into: 'copy' as const, directory: 'rows' };
    for (let statement = 1; ; statement += stride) {
      const held = await shop.way.hold();
      const carrying = () =>
        attempt(shop.world.call({ key: 'restore' }), (call) => postgres.carry(call, savepoint, rules));
      const crash = await dyingBefore(statement, carrying);
      const carried = crash.died ? await carrying() : null;
      const at = `died before ${crash.statements.at(-1)}`;
      if (carried !== null) expect(carried, at).toMatchObject({ carried: 3, left: 0 });
      const [copy] = await shop.server.sql(
        `select datname from pg_database where datname like '${shop.world.database}\\_beside%'`,
      );
      await shop.server.sql(`alter database ${copy?.datname} allow_connections true`);
      expect(
        await shop.server.sql(
          `select count(*)::int as n, (select price::int from products where id = 1) as price from orders`,
          String(copy?.datname),
        ),
        at,
      ).toEqual([{ n: 502, price: 7 }]);
      await shop.way.resume(held);
      if (!crash.died) break;
    }
    await shop.way.hold();
    await shop.way.loss(savepoint);
    await shop.way.restore(savepoint);
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);
  });

  test('is given up by an attempt that is told to stop', async () => {
    const savepoint = await shop.way.save();
    await shop.world.sql(`insert into orders (product) select 1 + i % 100 from generate_series(1, 20000) i`);
    await shop.way.beside(savepoint);
    await shop.way.hold();
    const controller = new AbortController();
    const call = shop.world.call({ key: 'restore', signal: controller.signal });
    const first = postgres.carry(call, savepoint, { ignore: [], marks: [], into: 'copy', directory: 'rows' });
    setTimeout(() => controller.abort(new Error('told to stop')), 300);
    const failure = await failureOf(
      first.then(() =>
        attempt(call, (each) =>
          postgres.carry(each, savepoint, { ignore: [], marks: [], into: 'copy', directory: 'rows' }),
        ),
      ),
    );
    expect(failure.message).toBe('told to stop');
    expect(await shop.way.carry(savepoint)).toMatchObject({ carried: 20000, left: 0 });
    await shop.way.restore(savepoint);
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 20500 }]);
  });
});
