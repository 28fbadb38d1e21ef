import { describe, expect, test } from 'vitest';
import { wayBackForEach } from './for-each.ts';
import { lossOf } from './way-back.ts';

const shop = wayBackForEach();

/** Changes a copy behind Savepoint's back, which nobody else can: it lets nobody in. */
async function tamper(like: string, sql: string): Promise<void> {
  const [copy] = await shop.server.sql(
    `select datname from pg_database where datname ~ '^${shop.world.database}_${like}'`,
  );
  const name = String(copy?.datname);
  await shop.server.sql(`alter database ${name} allow_connections true`);
  await shop.server.sql(sql, name);
  await shop.server.sql(`alter database ${name} allow_connections false`);
}

/** Databases that something is kept of, by what follows their name. */
async function kept(): Promise<string[]> {
  const rows = await shop.server.sql(
    `select distinct database_oid as oid from savepoint.sums where key ~ '${shop.world.call().release}'`,
    'savepoint',
  );
  const named = await shop.server.sql(`select oid::text, datname from pg_database`);
  return rows
    .map(({ oid }) => String(named.find((one) => one.oid === oid)?.datname ?? 'gone').replace(/.*_(.*)_.*/, '$1'))
    .sort();
}

describe('what was added up before anybody was held', { timeout: 120_000 }, () => {
  test('is not read again while writers wait', async () => {
    const savepoint = await shop.way.save();
    await shop.world.sql('insert into orders (product) values (1)');
    await shop.way.beside(savepoint);
    await shop.way.hold();
    // Nobody reads row 5 of the copy, or its absence would show.
    await tamper('beside', 'delete from orders where id = 5');
    expect((await shop.way.loss(savepoint)).tables).toEqual([lossOf('public.orders', { added: 1 })]);
  });

  test('is not used of a reference that was made anew', async () => {
    const savepoint = await shop.way.save();
    await shop.world.write('migrations/1.sql', `insert into products (name, price) values ('first', 1)`);
    await shop.world.write('seeds/1.sql', `insert into products (name, price) values ('gift', 0)`);
    await shop.way.apply('migrate');
    await shop.way.beside(savepoint);
    expect(await kept()).toEqual(['beside', 'reference']);
    await shop.way.apply('seed');
    // As it was when the first reference was added up.
    await shop.world.sql(`delete from products where name = 'gift'`);
    await shop.way.hold();
    expect((await shop.way.loss(savepoint)).tables).toEqual([lossOf('public.products', { removed: 1, own: 2 })]);
  });

  test('is not used of a copy that was made anew', async () => {
    const savepoint = await shop.way.save();
    const { name } = await shop.way.beside(savepoint);
    await tamper('beside', 'delete from orders where id = 5');
    await shop.server.sql(`drop database ${name}`);
    await shop.world.sql('delete from orders where id = 5');
    await shop.way.hold();
    expect((await shop.way.loss(savepoint)).tables).toEqual([lossOf('public.orders', { removed: 1 })]);
    expect(await kept()).toEqual(['beside']);
  });

  test('is forgotten of a copy that rows were carried into, and with every copy that is gone', async () => {
    const savepoint = await shop.way.save();
    await shop.world.sql('insert into orders (product) values (1), (2)');
    await shop.way.beside(savepoint);
    expect(await kept()).toEqual(['beside']);
    const held = await shop.way.hold();
    await shop.way.carry(savepoint);
    expect(await kept()).toEqual([]);
    expect((await shop.way.loss(savepoint)).rows).toBe(0);
    await shop.way.resume(held);
    // As the copy is that was carried into, less one.
    await shop.world.sql('delete from orders where id = 501');
    await shop.way.hold();
    expect((await shop.way.loss(savepoint)).rows).toBe(1);
    expect(await kept()).toEqual(['beside']);
    await shop.way.restore(savepoint);
    expect(await kept()).toEqual([]);
  });

  test('is not used for other columns, other types or other rules', async () => {
    const savepoint = await shop.way.save();
    await shop.world.sql(`update orders set amount = 9999 where id in (1, 2); update products set name = 'smoke-1' where id = 3;
      insert into products (name, price) values ('smoke-2', 1)`);
    await shop.way.beside(savepoint);
    const found = async (rules = {}) => (await shop.way.loss(savepoint, rules)).tables;
    const products = lossOf('public.products', { added: 1, changed: 1 });
    expect(await found()).toEqual([lossOf('public.orders', { changed: 2 }), products]);
    const marks = [{ table: 'products', column: 'name', like: 'smoke-%' }];
    expect(await found({ marks, ignore: ['orders'] })).toEqual([
      lossOf('public.orders', { changed: 2, ignored: true }),
      { ...products, marked: 1 },
    ]);
    await shop.world.sql(
      `alter table orders alter column amount type bigint; update orders set amount = 3 where id = 3`,
    );
    expect(await found()).toEqual([lossOf('public.orders', { changed: 2 }), products]);
    await shop.world.sql(
      `update orders set amount = 4 where id = 3; alter table orders add column note text default 'x'`,
    );
    expect(await found()).toEqual([lossOf('public.orders', { changed: 3 }), products]);
    await shop.world.sql('alter table orders drop column amount cascade');
    expect(await found()).toEqual([products]);
  });
});

describe('a savepoint of an earlier version', { timeout: 120_000 }, () => {
  test('is proved by the texts of its rows, as it was taken', async () => {
    const savepoint = await shop.way.save();
    expect(savepoint.fingerprint.parts.find(({ name }) => name === 'public.orders')?.value).toMatch(/^500:b-?\d+$/);
    const contents = [];
    for (const part of savepoint.fingerprint.parts.filter(({ name }) => /orders|products/.test(name))) {
      const [row] = await shop.world.sql(
        `select count(*)::text as rows, sum(hashtextextended(t::text collate "C", 0)::numeric)::text as sum from ${part.name} t`,
      );
      part.value = `${row?.rows}:${row?.sum}`;
      contents.push({ table: part.name, ...row });
    }
    await shop.server.sql(
      `update savepoint.savepoints set facts = jsonb_set(facts, '{contents}', '${JSON.stringify(contents)}') where database = '${shop.world.database}'`,
      'savepoint',
    );
    await shop.world.sql('insert into orders (product) values (1)');
    await shop.way.beside(savepoint);
    await shop.way.hold();
    expect((await shop.way.loss(savepoint)).rows).toBe(1);
    expect((await shop.way.restore(savepoint)).proof).toMatchObject({ level: 'content', differences: [] });
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
      await shop.world.sql(`create table ${name} (${create}, v text, w timestamptz default now());
        insert into ${name} (k, v) select ${values(key)}, 'v' || i from generate_series(1, ${rows}) i`);
    await shop.world.sql(`create table pairs (a int, b int, v text, primary key (a, b));
      insert into pairs select i % 7, i, 'p' from generate_series(1, 3000) i`);
    const savepoint = await shop.way.save();
    for (const [name, { key, rows }] of each)
      await shop.world.sql(`delete from ${name} where k in (select ${values(key)} from generate_series(1, ${rows}, 977) i);
        update ${name} set v = 'other' where k in (select ${values(key)} from generate_series(2, ${rows}, 499) i);
        insert into ${name} (k, v) select ${values(key)}, 'new' from generate_series(${rows + 1}, ${rows + 700}) i`);
    await shop.world.sql(
      `delete from pairs where b % 500 = 1; update pairs set v = 'q' where b % 500 = 2; insert into pairs select 9, i, 'r' from generate_series(1, 5) i`,
    );
    await shop.way.beside(savepoint);
    const held = await shop.way.hold();
    const expected = [
      ...each.map(([name, { rows }]) =>
        lossOf(`public.${name}`, {
          added: 700,
          changed: Math.floor((rows - 2) / 499) + 1,
          removed: Math.floor((rows - 1) / 977) + 1,
        }),
      ),
      lossOf('public.pairs', { added: 5, changed: 6, removed: 6 }),
    ].sort((one, other) => (one.table < other.table ? -1 : 1));
    expect((await shop.way.loss(savepoint)).tables).toEqual(expected);
    // What lies so far apart that one part stands for several ranges.
    await shop.way.resume(held);
    await shop.world.sql(`insert into near (k, v) values (-9223372036854775808, 'lowest'), (9223372036854775807, 'highest');
      insert into around (k, v) values (-2147483648, 'lowest'), (2147483647, 'highest')`);
    await shop.way.hold();
    const further = expected.map((one) => (/near|around/.test(one.table) ? { ...one, added: 702 } : one));
    expect((await shop.way.loss(savepoint)).tables).toEqual(further);
  });
});
