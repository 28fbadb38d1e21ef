import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { wayBackForEach } from './for-each.ts';
import { wayBackOf } from './way-back.ts';
import { startWorld } from './world.ts';

const shop = wayBackForEach();

const file = (name: string) => readFile(join(shop.world.home, 'records/rows', name), 'utf8');

describe('exported rows', { timeout: 120_000 }, () => {
  test('load into the restored database and give what carrying over gives', async () => {
    await shop.world.sql(`create table tree (id int primary key, parent int references tree, note text);
      create table visits (who text, n int); insert into visits select 'w' || i % 3, 1 from generate_series(1, 9) i;
      create table odd (id int generated always as identity primary key, doc jsonb, raw bytea, list text[])`);
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `alter table orders add column note text; update products set price = price * 2 where id > 50`,
    );
    await shop.way.apply();
    await shop.world.sql(
      `insert into products (name, price) values (E'it''s a \\\\ "test"\\n', 3), ('smoke-1', 1), ('unfit', -0)`,
    );
    await shop.world.sql(`insert into orders (product, note) select id, 'x' from products where id > 100`);
    await shop.world.sql(
      `update products set name = 'renamed' where id = 60; update orders set amount = 5 where id = 3; delete from orders where id = 9`,
    );
    await shop.world.sql(`insert into tree select i, nullif(i / 2, 0), 'n' from generate_series(1, 50) i`);
    await shop.world.sql(
      `insert into visits values ('w1', 1), ('w1', 1), (null, 4); delete from visits where ctid in (select ctid from visits where who = 'w2' limit 2)`,
    );
    await shop.world.sql(
      `insert into odd (doc, raw, list) values ('{"a": "\\u00fc"}', '\\x005c27', array['a', null, 'b,c'])`,
    );
    await shop.way.hold();
    const rules = { ignore: ['visits_of_nobody'], marks: [{ table: 'products', column: 'name', like: 'smoke-%' }] };
    const measured = await shop.way.loss(savepoint, rules);
    const exported = await shop.way.carry(savepoint, 'files', rules);
    const marked = measured.tables.reduce((sum, table) => sum + table.marked, 0);
    expect(marked).toBeGreaterThan(0);
    expect(exported).toMatchObject({ into: 'files', carried: measured.rows + marked, left: 0 });
    expect(exported.files).toEqual(['records/rows/rows.sql']);
    expect((await stat(join(shop.world.home, 'records/rows/rows.sql'))).mode & 0o777).toBe(0o600);
    const sql = await file('rows.sql');
    expect(await shop.way.carry(savepoint, 'files', rules)).toEqual(exported);
    expect(await file('rows.sql')).toBe(sql);
    expect(await readdir(join(shop.world.home, 'records/rows'))).toHaveLength(1);

    const restored = await shop.way.restore(savepoint);
    expect(restored.proof).toMatchObject({ differences: [], level: 'content' });
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);
    await shop.world.sql(sql);
    const all = `select (select jsonb_agg(t order by id) from tree t) as tree, (select jsonb_agg(v order by v::text) from visits v) as visits,
      (select jsonb_agg(o) from odd o) as odd, (select jsonb_agg(jsonb_build_array(id, product, amount, placed) order by id) from orders o) as orders,
      (select jsonb_agg(jsonb_build_array(id, name, case when id > 50 and id <= 100 then 0 else price end) order by id) from products) as products`;
    expect(await shop.world.sql(all)).toEqual(await shop.world.sql(all, restored.kept ?? ''));
    expect(await shop.world.sql('select price::float from products where id = 60')).toEqual([{ price: 90 }]);
    const [next] = await shop.world.sql(`insert into products (name, price) values ('next', 1) returning id`);
    expect(next).toEqual({ id: 104 });
    await shop.world.sql(sql);
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 + 2 }]);
  });

  test('of a database that was not there before hold everything that users wrote', async () => {
    const empty = await startWorld(shop.server, { empty: true });
    const first = wayBackOf(empty);
    const savepoint = await first.save();
    await empty.write(
      'migrations/1.sql',
      `create table t (id serial primary key, v text); insert into t (v) values ('own')`,
    );
    await first.apply();
    expect((await first.loss(savepoint)).held).toBe(false);
    await empty.sql(`insert into t (v) values ('a'), ('b')`);
    await first.beside(savepoint);
    await first.hold();
    expect(await first.loss(savepoint)).toMatchObject({
      held: true,
      rows: 2,
      tables: [{ table: 'public.t', added: 2, own: 1 }],
    });
    const exported = await first.carry(savepoint, 'files');
    expect(exported).toMatchObject({ carried: 2, left: 0 });
    expect(await readFile(join(empty.home, 'records/rows/rows.sql'), 'utf8')).toContain(`('2', 'a')`);
    const restored = await first.restore(savepoint);
    expect(restored.kept).not.toBeNull();
    expect(await first.loss(savepoint).then(({ rows, held }) => [rows, held])).toEqual([0, true]);
    expect(await shop.server.sql(`select datname from pg_database where datname ~ '${empty.database}_ref'`)).toEqual(
      [],
    );
    await empty.end();
  });
});
