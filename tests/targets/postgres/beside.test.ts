import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { debianBin, startPostgres } from '../../support/postgres.ts';
import { dyingBefore } from './crash.ts';
import { wayBackForEach } from './for-each.ts';
import { wayBackOf } from './way-back.ts';
import { attempt, failureOf, startWorld } from './world.ts';

/** Every point of death is tried where CRASH_STRIDE is 1; usually a sample. */
const stride = Number(process.env.CRASH_STRIDE ?? 7);
const shop = wayBackForEach();

const copies = (like = '(beside|reference)') =>
  shop.server.sql(
    `select oid::int, datname as name, datallowconn as open from pg_database where datname ~ '^${shop.world.database}_${like}' order by 2`,
  );

describe('the copy beside', { timeout: 120_000 }, () => {
  test('is built and proved while users write, is found again, and is what the restore exchanges', async () => {
    const savepoint = await shop.way.save();
    await shop.world.write('migrations/1.sql', 'alter table products add column sku text');
    await shop.way.apply();
    await shop.world.sql('insert into orders (product) values (1)');
    const beside = await shop.way.beside(savepoint);
    expect(beside.name).toContain('_beside_');
    expect(beside.proof).toMatchObject({ differences: [], level: 'content' });
    expect(beside.detail).toContain('told apart by');
    const made = await copies();
    expect(made.map(({ open }) => open)).toEqual([false, false]);
    expect(await shop.way.beside(savepoint)).toEqual(beside);
    expect(await copies()).toEqual(made);
    const restored = await shop.way.restore(savepoint);
    expect(restored.proof).toEqual(beside.proof);
    const [now] = await shop.server.sql(`select oid::int from pg_database where datname = '${shop.world.database}'`);
    expect(now?.oid).toBe(made.find(({ name }) => name === beside.name)?.oid);
    expect(await copies()).toEqual([]);
    expect((await shop.way.beside(savepoint)).name).toBe(shop.world.database);
  });

  test('needs no reference before the release applied anything, and gets one when it did', async () => {
    const savepoint = await shop.way.save();
    await shop.way.beside(savepoint);
    expect(await copies('reference')).toEqual([]);
    await shop.world.write('migrations/1.sql', `insert into products (name, price) values ('own', 1)`);
    await shop.way.apply();
    await shop.way.hold();
    expect(await shop.way.loss(savepoint)).toMatchObject({ rows: 0, tables: [{ table: 'public.products', own: 1 }] });
    expect(await copies('reference')).toHaveLength(1);
  });

  test('does without a reference when the migration cannot be repeated: nothing is told that is too little', async () => {
    const savepoint = await shop.way.save();
    await shop.world.write(
      'migrations/1.sql',
      `alter table products add column sku text; insert into products (name, price) values ('own', 1)`,
    );
    await shop.way.apply();
    await rm(join(shop.world.home, 'migrations/1.sql'));
    await writeFile(join(shop.world.home, 'migrations/2.sql'), 'select 1');
    const beside = await shop.way.beside(savepoint);
    expect(beside.detail).toContain('1.sql, as it was applied, is not in the plan');
    expect(beside.detail).toContain('count as rows of users');
    await shop.way.hold();
    const found = await shop.way.loss(savepoint);
    expect(found).toMatchObject({ rows: 1, notCompared: ['public.products: sku, which the savepoint does not have'] });
    expect(await copies('reference')).toEqual([]);
  });

  test('is not mistaken for a database that somebody else made under its name', async () => {
    const savepoint = await shop.way.save();
    const { name } = await shop.way.beside(savepoint);
    await shop.server.sql(`drop database ${name}`);
    await shop.server.sql(`create database ${name}`);
    const failure = await failureOf(shop.way.restore(savepoint));
    expect([failure.kind, failure.message]).toEqual(['refused', expect.stringContaining('is not this restore')]);
    await shop.server.sql(`drop database ${name}`);
    await shop.way.restore(savepoint);
  });

  test('survives a worker that dies anywhere', { timeout: 280_000 }, async () => {
    const savepoint = await shop.way.save();
    await shop.world.write('migrations/1.sql', `insert into products (name, price) values ('own', 1)`);
    await shop.way.apply();
    for (let statement = 1; ; statement += stride) {
      const key = `restore ${statement}`;
      const building = () =>
        attempt(shop.world.call({ key, spec: { migrate: { directory: 'migrations' } } }), (call) =>
          postgres.beside(call, savepoint),
        );
      const crash = await dyingBefore(statement, building);
      const built = await building();
      expect(built.proof.differences, crash.statements.at(-1)).toEqual([]);
      expect(await copies(), crash.statements.at(-1)).toMatchObject([{ open: false }, { open: false }]);
      for (const { name } of await copies()) await shop.server.sql(`drop database ${name}`);
      await shop.server.sql(`delete from savepoint.restores; delete from savepoint.measures`, 'savepoint');
      if (!crash.died) break;
    }
  });
});

describe.runIf(debianBin !== null)('the copy of a dump', { timeout: 120_000 }, () => {
  test('is measured and carried into as one of a template', async () => {
    const debian = await startPostgres({ bin: debianBin ?? '' });
    const dumped = await startWorld(debian);
    try {
      const spec = { migrate: { directory: 'migrations' }, savepoint: { by: 'dump', directory: 'dumps' } };
      const back = wayBackOf(dumped, spec);
      const savepoint = await back.save();
      await dumped.write(
        'migrations/1.sql',
        `alter table orders add column note text; insert into products (name, price) values ('own', 1)`,
      );
      await back.apply();
      await dumped.sql(
        `insert into orders (product, note) values (1, 'a'), (2, 'b'); update orders set amount = 9 where id = 1`,
      );
      await back.beside(savepoint);
      await back.hold();
      expect(await back.loss(savepoint)).toMatchObject({ rows: 3, held: true, notCompared: [] });
      expect(await back.carry(savepoint)).toMatchObject({ carried: 3, left: 0 });
      expect((await back.restore(savepoint)).proof).toMatchObject({ differences: [], level: 'content' });
      expect(await dumped.sql('select count(*)::int as n from orders')).toEqual([{ n: 502 }]);
      expect(await dumped.sql(`select count(*)::int as n from products`)).toEqual([{ n: 100 }]);
    } finally {
      await dumped.end();
      await debian.stop();
    }
  });
});
