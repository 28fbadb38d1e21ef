import { describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { shopForEach } from './for-each.ts';
import { attempt, failureOf, type Wanted } from './world.ts';

const shop = shopForEach();

const byDirectory = { migrate: { directory: './migrations' }, seed: { directory: './seeds' } };
const migrate = (wanted: Wanted = {}) =>
  attempt(shop.world.call({ key: 'migrate', spec: byDirectory, ...wanted }), (call) =>
    postgres.apply(call, 'migrate', 'v2'),
  );
const save = () => attempt(shop.world.call({ key: 'save', spec: byDirectory }), postgres.save);
const columns = async () =>
  (
    await shop.world.sql(
      `select column_name as name from information_schema.columns where table_name = 'products' order by 1`,
    )
  ).map((row) => row.name);
const compare = async (savepoint: Awaited<ReturnType<typeof save>>) =>
  postgres.compare?.(shop.world.call({ key: 'compare', spec: byDirectory }), savepoint);

/** How often the server was told to run a statement in this test's database. */
async function timesRun(statement: string): Promise<number> {
  const lines = (await shop.server.log()).split('\n');
  return lines.filter((line) => line.includes(`|${shop.world.database} LOG:  statement: `) && line.includes(statement))
    .length;
}

describe('a directory of SQL files', () => {
  test('runs in natural order, each file once, and says what it applied', async () => {
    await shop.world.write('migrations/2_second.sql', 'alter table products add column b int;');
    await shop.world.write(
      'migrations/10_third.sql',
      'alter table products add column c int; update products set c = b;',
    );
    await shop.world.write(
      'migrations/1_first.sql',
      `create function f() returns text language plpgsql as $$ begin return 'a;b'; end $$; -- the end;`,
    );
    expect(await migrate()).toEqual({
      applied: ['1_first.sql', '2_second.sql', '10_third.sql'],
      recordedBefore: 0,
      changed: true,
    });
    expect(await columns()).toEqual(['b', 'c', 'id', 'name', 'price']);
    await shop.world.write('migrations/11_fourth.sql', 'alter table products add column d int;');
    expect(await migrate({ key: 'next release' })).toEqual({
      applied: ['11_fourth.sql'],
      recordedBefore: 3,
      changed: true,
    });
    expect(await timesRun('add column b int')).toBe(1);
    const nothing = { applied: [], recordedBefore: 4, changed: false };
    expect(await migrate({ key: 'third release', release: 'another-release-id' })).toEqual(nothing);
  });

  test('that fails leaves nothing of the file, names the statement, and the database equals its savepoint', async () => {
    const savepoint = await save();
    await shop.world.write(
      'migrations/1_bad.sql',
      'alter table products add column b int;\n\n-- why\nupdate products\n   set nosuch = 1;',
    );
    await shop.world.write('migrations/2_never.sql', 'select 1');
    const failure = await failureOf(migrate());
    expect(failure.kind).toBe('failed');
    expect(failure.message).toContain('1_bad.sql, line 5, statement 2 of 2: column "nosuch"');
    expect(failure.details).toMatchObject({ done: [], notDone: ['1_bad.sql', '2_never.sql'] });
    expect(await columns()).toEqual(['id', 'name', 'price']);
    const standing = await compare(savepoint);
    expect(standing?.state).toBe('equal');
    expect(standing?.proof.level).toBe('structure');
  });

  test('outside a transaction that fails half way differs from its savepoint and is not run on top of itself', async () => {
    const savepoint = await save();
    await shop.world.write(
      'migrations/1_half.sql',
      '-- savepoint: no-transaction\nalter table products add column b int;\nselect 1/0;\nselect 3;',
    );
    const failure = await failureOf(migrate());
    expect(failure.details).toMatchObject({
      done: ['1_half.sql, statement 1'],
      notDone: ['1_half.sql, statement 2', '1_half.sql, statement 3'],
    });
    expect((await compare(savepoint))?.state).toBe('differs');
    expect((await compare(savepoint))?.detail).toContain('public.products.b');
    const again = await failureOf(migrate());
    expect(again.kind).toBe('failed');
    expect(again.details).toMatchObject({ done: ['1_half.sql, statement 1'] });
    expect(await timesRun('add column b int')).toBe(1);

    await attempt(shop.world.call({ key: 'restore', spec: byDirectory }), (call) => postgres.restore(call, savepoint));
    expect(await columns()).toEqual(['id', 'name', 'price']);
    await shop.world.write('migrations/1_half.sql', 'alter table products add column b int;');
    expect(await migrate()).toMatchObject({ applied: ['1_half.sql'] });
  });

  test('is refused when a file was edited after it was pinned, or after it was applied', async () => {
    await shop.world.write('migrations/1_a.sql', 'select 1');
    const prepared = await postgres
      .prepare?.(shop.world.call({ spec: byDirectory, key: 'prepare' }), 'v2')
      .catch((error: unknown) => error);
    expect(prepared).toMatchObject({ kind: 'not-found', message: 'there is no directory ./seeds' });
    await shop.world.write('seeds/1.sql', 'select 1');
    const step = await postgres.prepare?.(shop.world.call({ spec: byDirectory, key: 'prepare' }), 'v2');
    const pinned = step?.state === 'done' ? step.value : null;
    expect(pinned?.parts.map((part) => part.name)).toEqual(['migrate/1_a.sql', 'seed/1.sql']);
    await shop.world.write('migrations/1_a.sql', 'drop table orders');
    const failure = await failureOf(migrate({ pinned }));
    expect([failure.kind, failure.message]).toEqual(['changed', 'no longer what was approved: 1_a.sql']);
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);

    await shop.world.write('migrations/1_a.sql', 'select 1');
    await migrate({ pinned });
    await shop.world.write('migrations/1_a.sql', 'select 2');
    expect((await failureOf(migrate({ key: 'later' }))).message).toBe('edited after they were applied: 1_a.sql');
  });

  test('with BEGIN, COPY FROM STDIN or a slip of the pen is refused before anything runs', async () => {
    await shop.world.write('seeds/1.sql', 'select 1');
    const bad: [string, RegExp][] = [
      ['alter table products add column b int;\nselect (;', /1\.sql, line 2: syntax error/],
      ['begin; select 1; commit;', /1\.sql, line 1: BEGIN, COMMIT/],
      ['select 1;\ncopy products from stdin;', /1\.sql, line 2: COPY FROM STDIN/],
    ];
    for (const [text, message] of bad) {
      await shop.world.write('migrations/1.sql', text);
      const prepared = await failureOf(
        Promise.resolve(postgres.prepare?.(shop.world.call({ spec: byDirectory, key: 'prepare' }), 'v2')),
      );
      expect(prepared.message).toMatch(message);
      expect((await failureOf(migrate())).kind).toBe('invalid-input');
    }
    expect(await columns()).toEqual(['id', 'name', 'price']);
  });

  test('adds a seed once, whichever release or attempt comes with it, and an edited one as another', async () => {
    const seeded = () => shop.world.sql(`select price::int from products where name like 'seeded%' order by price`);
    const seed = (key: string, release: string) =>
      attempt(shop.world.call({ key, spec: byDirectory, release }), (call) => postgres.apply(call, 'seed', 'v2'));
    await shop.world.write('seeds/1.sql', `insert into products (name, price) values ('seeded', 1)`);
    expect(await seed('one', 'first-release')).toMatchObject({ applied: ['1.sql'], changed: true });
    await seed('one', 'first-release');
    expect(await seed('two', 'second-release')).toMatchObject({ applied: [], changed: false });
    expect(await seeded()).toEqual([{ price: 1 }]);
    await shop.world.write('seeds/1.sql', `insert into products (name, price) values ('seeded again', 2)`);
    expect(await seed('three', 'third-release')).toMatchObject({ applied: ['1.sql'], changed: true });
    expect(await seeded()).toEqual([{ price: 1 }, { price: 2 }]);
  });
});
