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

/** Changes a copy behind Savepoint's back, which nobody else can: it lets nobody in. */
async function tamper(like: string, sql: string): Promise<void> {
  const [copy] = await server.sql(`select datname from pg_database where datname ~ '^${world.database}_${like}'`);
  const name = String(copy?.datname);
  await server.sql(`alter database ${name} allow_connections true`);
  await server.sql(sql, name);
  await server.sql(`alter database ${name} allow_connections false`);
}

/** Databases that something is kept of, by what follows their name. */
async function kept(): Promise<string[]> {
  const rows = await server.sql(
    `select distinct database_oid as oid from savepoint.sums where key ~ '${world.call().release}'`,
    'savepoint',
  );
  const named = await server.sql(`select oid::text, datname from pg_database`);
  return rows
    .map(({ oid }) => String(named.find((one) => one.oid === oid)?.datname ?? 'gone').replace(/.*_(.*)_.*/, '$1'))
    .sort();
}

describe('what was added up before anybody was held', { timeout: 120_000 }, () => {
  test('is not read again while writers wait', async () => {
    const savepoint = await way.save();
    await world.sql('insert into orders (product) values (1)');
    await way.beside(savepoint);
    await way.hold();
    // Nobody reads row 5 of the copy, or its absence would show.
    await tamper('beside', 'delete from orders where id = 5');
    expect((await way.loss(savepoint)).tables).toEqual([line('public.orders', { added: 1 })]);
  });

  test('is not used of a reference that was made anew', async () => {
    const savepoint = await way.save();
    await world.write('migrations/1.sql', `insert into products (name, price) values ('first', 1)`);
    await world.write('seeds/1.sql', `insert into products (name, price) values ('gift', 0)`);
    await way.apply('migrate');
    await way.beside(savepoint);
    expect(await kept()).toEqual(['beside', 'reference']);
    await way.apply('seed');
    // As it was when the first reference was added up.
    await world.sql(`delete from products where name = 'gift'`);
    await way.hold();
    expect((await way.loss(savepoint)).tables).toEqual([line('public.products', { removed: 1, own: 2 })]);
  });

  test('is not used of a copy that was made anew', async () => {
    const savepoint = await way.save();
    const { name } = await way.beside(savepoint);
    await tamper('beside', 'delete from orders where id = 5');
    await server.sql(`drop database ${name}`);
    await world.sql('delete from orders where id = 5');
    await way.hold();
    expect((await way.loss(savepoint)).tables).toEqual([line('public.orders', { removed: 1 })]);
    expect(await kept()).toEqual(['beside']);
  });

  test('is forgotten of a copy that rows were carried into, and with every copy that is gone', async () => {
    const savepoint = await way.save();
    await world.sql('insert into orders (product) values (1), (2)');
    await way.beside(savepoint);
    expect(await kept()).toEqual(['beside']);
    const held = await way.hold();
    await way.carry(savepoint);
    expect(await kept()).toEqual([]);
    expect((await way.loss(savepoint)).rows).toBe(0);
    await way.resume(held);
    // As the copy is that was carried into, less one.
    await world.sql('delete from orders where id = 501');
    await way.hold();
    expect((await way.loss(savepoint)).rows).toBe(1);
    expect(await kept()).toEqual(['beside']);
    await way.restore(savepoint);
    expect(await kept()).toEqual([]);
  });

  test('is not used for other columns, other types or other rules', async () => {
    const savepoint = await way.save();
    await world.sql(`update orders set amount = 9999 where id in (1, 2); update products set name = 'smoke-1' where id = 3;
      insert into products (name, price) values ('smoke-2', 1)`);
    await way.beside(savepoint);
    const found = async (rules = {}) => (await way.loss(savepoint, rules)).tables;
    const products = line('public.products', { added: 1, changed: 1 });
    expect(await found()).toEqual([line('public.orders', { changed: 2 }), products]);
    const marks = [{ table: 'products', column: 'name', like: 'smoke-%' }];
    expect(await found({ marks, ignore: ['orders'] })).toEqual([
      line('public.orders', { changed: 2, ignored: true }),
      { ...products, marked: 1 },
    ]);
    await world.sql(`alter table orders alter column amount type bigint; update orders set amount = 3 where id = 3`);
    expect(await found()).toEqual([line('public.orders', { changed: 2 }), products]);
    await world.sql(`update orders set amount = 4 where id = 3; alter table orders add column note text default 'x'`);
    expect(await found()).toEqual([line('public.orders', { changed: 3 }), products]);
    await world.sql('alter table orders drop column amount cascade');
    expect(await found()).toEqual([products]);
  });
});

describe('a savepoint of an earlier version', { timeout: 120_000 }, () => {
  test('is proved by the texts of its rows, as it was taken', async () => {
    const savepoint = await way.save();
    expect(savepoint.fingerprint.parts.find(({ name }) => name === 'public.orders')?.value).toMatch(/^500:b-?\d+$/);
    const contents = [];
    for (const part of savepoint.fingerprint.parts.filter(({ name }) => /orders|products/.test(name))) {
      const [row] = await world.sql(
        `select count(*)::text as rows, sum(hashtextextended(t::text collate "C", 0)::numeric)::text as sum from ${part.name} t`,
      );
      part.value = `${row?.rows}:${row?.sum}`;
      contents.push({ table: part.name, ...row });
    }
    await server.sql(
      `update savepoint.savepoints set facts = jsonb_set(facts, '{contents}', '${JSON.stringify(contents)}') where database = '${world.database}'`,
      'savepoint',
    );
    await world.sql('insert into orders (product) values (1)');
    await way.beside(savepoint);
    await way.hold();
    expect((await way.loss(savepoint)).rows).toBe(1);
    expect((await way.restore(savepoint)).proof).toMatchObject({ level: 'content', differences: [] });
  });
});

/** Keys that are near to each other, around zero, far apart, at both ends of a bigint, and no numbers at all. */
const tables: Record<string, { create: string; key: (n: number) => string; rows: number }> = {
  near: { create: 'k bigint primary key', key: (n) => `${n}`, rows: 30_000 },
  around: { create: 'k int primary key', key: (n) => `${n} - 1500`, rows: 3_000 },
  far: { create: 'k bigint primary key', key: (n) => `${n} * 1000003::bigint - 900000000`, rows: 2_000 },
  ends: {
    create: 'k bigint primary key',
    key: (n) => `case when ${n} % 2 = 0 then 9223372036854775807 - ${n} else -9223372036854775808 + ${n} end`,
    rows: 2_000,
  },
  small: { create: 'k smallint primary key', key: (n) => `${n}`, rows: 2_000 },
  ids: { create: 'k uuid primary key', key: (n) => `md5('id' || ${n})::uuid`, rows: 2_000 },
  words: { create: 'k text collate "en-x-icu" primary key', key: (n) => `'word ' || ${n}`, rows: 2_000 },
};

describe('rows are found', { timeout: 180_000 }, () => {
  test('whatever their keys are, also beyond those that the savepoint has', async () => {
    const each = Object.entries(tables);
    const values = (key: (n: number) => string) => key(Number.NaN).replaceAll('NaN', 'i');
    for (const [name, { create, key, rows }] of each)
      await world.sql(`create table ${name} (${create}, v text, w timestamptz default now());
        insert into ${name} (k, v) select ${values(key)}, 'v' || i from generate_series(1, ${rows}) i`);
    await world.sql(`create table pairs (a int, b int, v text, primary key (a, b));
      insert into pairs select i % 7, i, 'p' from generate_series(1, 3000) i`);
    const savepoint = await way.save();
    for (const [name, { key, rows }] of each)
      await world.sql(`delete from ${name} where k in (select ${values(key)} from generate_series(1, ${rows}, 977) i);
        update ${name} set v = 'other' where k in (select ${values(key)} from generate_series(2, ${rows}, 499) i);
        insert into ${name} (k, v) select ${values(key)}, 'new' from generate_series(${rows + 1}, ${rows + 700}) i`);
    await world.sql(
      `delete from pairs where b % 500 = 1; update pairs set v = 'q' where b % 500 = 2; insert into pairs select 9, i, 'r' from generate_series(1, 5) i`,
    );
    await way.beside(savepoint);
    const held = await way.hold();
    const expected = [
      ...each.map(([name, { rows }]) =>
        line(`public.${name}`, {
          added: 700,
          changed: Math.floor((rows - 2) / 499) + 1,
          removed: Math.floor((rows - 1) / 977) + 1,
        }),
      ),
      line('public.pairs', { added: 5, changed: 6, removed: 6 }),
    ].sort((one, other) => (one.table < other.table ? -1 : 1));
    expect((await way.loss(savepoint)).tables).toEqual(expected);
    // What lies so far apart that one part stands for several ranges.
    await way.resume(held);
    await world.sql(`insert into near (k, v) values (-9223372036854775808, 'lowest'), (9223372036854775807, 'highest');
      insert into around (k, v) values (-2147483648, 'lowest'), (2147483647, 'highest')`);
    await way.hold();
    const further = expected.map((one) => (/near|around/.test(one.table) ? { ...one, added: 702 } : one));
    expect((await way.loss(savepoint)).tables).toEqual(further);
  });
});
