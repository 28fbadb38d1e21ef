import { describe, expect, test } from 'vitest';
import type { Call } from '../../../../src/release/target.ts';
import type { PostgresSpec } from '../../../../src/targets/postgres/postgres.schema.ts';
import { postgres } from '../../../../src/targets/postgres/postgres.ts';
import { debianBin, startPostgres } from '../../../support/postgres.ts';
import { shopForEach } from '../for-each.ts';
import { type AnySavepoint, attempt, failureOf, startWorld, type World } from '../world.ts';

const shop = shopForEach();

type Wanted = Parameters<World['call']>[0];

const save = (wanted: Wanted = {}): Promise<AnySavepoint> =>
  attempt(shop.world.call({ key: 'save', ...wanted }), postgres.save);
const scratch = (from: AnySavepoint, wanted: Wanted = {}) =>
  attempt(shop.world.call({ key: 'rehearse', ...wanted }), (call) => postgres.scratch(call, from));
const discard = (wanted: Wanted = {}) =>
  attempt(shop.world.call({ key: 'discard', ...wanted }), postgres.discardScratch);
const databases = async () =>
  (
    await shop.server.sql(`select datname from pg_database where datname like '${shop.world.database}%' order by 1`)
  ).map(({ datname }) => String(datname).replace(shop.world.database, ''));
const inside = (spec: PostgresSpec, wanted: Wanted = {}): Call<PostgresSpec> => ({ ...shop.world.call(wanted), spec });
const migrated = (spec: PostgresSpec, key = 'try') =>
  attempt(inside(spec, { key }), (call) => postgres.apply(call, 'migrate', 'v2'));

describe('a scratch', () => {
  test('is the savepoint under another name, and the database that users have is not entered', async () => {
    await shop.world.write('m/1.sql', `alter table products add column note text; update products set note = 'tried'`);
    const wanted = { spec: { migrate: { directory: 'm' } } };
    const savepoint = await save(wanted);
    await shop.world.sql('delete from orders');
    const before = (await shop.server.log()).length;
    const spec = await scratch(savepoint, wanted);
    expect(await shop.server.sql('select count(*)::int as n from orders', spec.database ?? '')).toEqual([{ n: 500 }]);
    await migrated(spec);
    expect(await shop.server.sql('select count(note)::int as n from products', spec.database ?? '')).toEqual([
      { n: 100 },
    ]);
    expect(
      await shop.world.sql(`select count(*)::int as n from information_schema.columns where column_name = 'note'`),
    ).toEqual([{ n: 0 }]);
    const log = (await shop.server.log()).slice(before).split('\n');
    const entered = log.filter((line) => line.includes('savepoint/') && line.includes(`|${shop.world.database} `));
    expect(entered).toEqual([]);
    expect(await databases()).toEqual(['', expect.stringContaining('_scratch_'), expect.stringContaining('_sp_')]);
    await discard();
    expect(await databases()).toEqual(['', expect.stringContaining('_sp_')]);
    const rows = await shop.server.sql(
      `select count(*)::int as n from savepoint.attempts where database like '%scratch%'`,
      'savepoint',
    );
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('is found again by its key, and made anew for another', async () => {
    const savepoint = await save();
    const spec = await scratch(savepoint);
    await shop.server.sql('delete from orders', spec.database ?? '');
    await scratch(savepoint);
    expect(await shop.server.sql('select count(*)::int as n from orders', spec.database ?? '')).toEqual([{ n: 0 }]);
    await scratch(savepoint, { key: 'rehearse again' });
    expect(await shop.server.sql('select count(*)::int as n from orders', spec.database ?? '')).toEqual([{ n: 500 }]);
    await discard();
  });

  test('has the rights and settings of the original, so that the application gets in as it does there', async () => {
    const savepoint = await save();
    const spec = await scratch(savepoint);
    const app = shop.server.url(spec.database ?? '', { user: 'shop_app', password: 'app-secret' });
    const address = shop.server.url(shop.world.database, { user: 'shop_app', password: 'app-secret' });
    expect(postgres.redirect(address, shop.world.call().spec, spec)).toBe(app);
    expect(postgres.redirect(shop.server.url('other'), shop.world.call().spec, spec)).toBeNull();
    expect(postgres.redirect('https://shop.example/', shop.world.call().spec, spec)).toBeNull();
    const found = await shop.server.sql(
      `select has_database_privilege('shop_reports', '${spec.database}', 'connect') as other, has_database_privilege('shop_app', '${spec.database}', 'connect') as app`,
    );
    expect(found).toEqual([{ other: false, app: true }]);
    await discard();
  });

  test('tells of every statement which lock it took and which table it wrote anew, whoever sent it', async () => {
    await shop.world.write(
      'm/1.sql',
      `alter table products add column note text;
       create index on orders (amount);
       alter table orders alter column amount type bigint;
       do $$ begin alter table orders drop column placed; end $$;
       create table notes (id int primary key, product int references products);`,
    );
    await shop.world.write(
      'm/2.sql',
      '-- savepoint: no-transaction\ncreate index concurrently products_note on products (note)',
    );
    const wanted = { spec: { migrate: { directory: 'm' } }, compatibility: { backward: true, forward: false } };
    const spec = await scratch(await save(wanted), wanted);
    await migrated(spec);
    const { statements, findings } = await postgres.seen({ ...inside(spec), compatibility: wanted.compatibility });
    const told = statements.filter(({ text }) => !text.includes('savepoint_migrations'));
    expect(told.map(({ tag, locks, rewrote }) => ({ tag, locks, rewrote }))).toEqual([
      { tag: 'ALTER TABLE', locks: [{ table: 'public.products', mode: 'AccessExclusiveLock' }], rewrote: [] },
      { tag: 'CREATE INDEX', locks: [{ table: 'public.orders', mode: 'ShareLock' }], rewrote: [] },
      {
        tag: 'ALTER TABLE',
        locks: [{ table: 'public.orders', mode: 'AccessExclusiveLock' }],
        rewrote: ['public.orders'],
      },
      { tag: 'ALTER TABLE', locks: [], rewrote: [] },
      { tag: 'CREATE TABLE', locks: [{ table: 'public.products', mode: 'ShareRowExclusiveLock' }], rewrote: [] },
      // Its transactions are its own: at the end none of their locks is left to be seen.
      { tag: 'CREATE INDEX', locks: [], rewrote: [] },
    ]);
    expect(told.every(({ ms, by }) => ms !== null && by.startsWith('savepoint/database/'))).toBe(true);
    // A parser does not see into a DO block; the catalogue before and after does.
    expect(findings).toContainEqual({
      status: 'FAIL',
      what: expect.stringMatching(
        /^dropped-column: public\.orders\.placed is gone: do \$\$ begin alter table orders drop/,
      ),
      remedy: expect.any(String),
    });
    expect(findings.filter(({ what }) => what.startsWith('table-rewrite'))).toEqual([]);
    await discard();
  });

  test('is refused where the migration would change more than the copy, and leaves nothing', async () => {
    await shop.world.write(
      'm/1.sql',
      'alter table products add column b int;\nalter role shop_reports rename to shop_clerks;',
    );
    const wanted = { spec: { migrate: { directory: 'm' } } };
    const failure = await failureOf(scratch(await save(wanted), wanted));
    expect([failure.kind, failure.message]).toEqual([
      'refused',
      '1.sql:2:1: it changes a database or a role by its name: a rehearsal would do that for real',
    ]);
    expect(await shop.server.sql(`select count(*)::int as n from pg_roles where rolname = 'shop_reports'`)).toEqual([
      { n: 1 },
    ]);
    await discard();
    expect(await databases()).toEqual(['', expect.stringContaining('_sp_')]);
  });

  test('is empty before a first release', async () => {
    const empty = await startWorld(shop.server, { empty: true });
    const savepoint = await attempt(empty.call({ key: 'save' }), postgres.save);
    const spec = await attempt(empty.call({ key: 'rehearse' }), (call) => postgres.scratch(call, savepoint));
    expect(
      await shop.server.sql(
        'select count(*)::int as n from pg_tables where schemaname = $$public$$',
        spec.database ?? '',
      ),
    ).toEqual([{ n: 0 }]);
    expect(
      await shop.server.sql(`select count(*)::int as n from pg_database where datname = '${empty.database}'`),
    ).toEqual([{ n: 0 }]);
    await attempt(empty.call({ key: 'discard' }), postgres.discardScratch);
    await empty.end();
  });

  test('goes with what was made of it, and with whoever is in it', async () => {
    await shop.world.write('m/1.sql', 'alter table products add column b int');
    const wanted = { spec: { migrate: { directory: 'm' } } };
    const savepoint = await save(wanted);
    const spec = await scratch(savepoint, wanted);
    await migrated(spec);
    const back = await attempt(inside(spec, { key: 'back' }), (call) => postgres.restore(call, savepoint));
    expect(back.proof.differences).toEqual([]);
    expect(await databases()).toHaveLength(4);
    await discard();
    expect(await databases()).toEqual(['', expect.stringContaining('_sp_')]);
  });

  test('is made by a role that is no superuser, which is told nothing of locks', async () => {
    const fresh = await startPostgres();
    try {
      const other = await startWorld(fresh);
      await fresh.sql(
        `create role keeper login createdb password 'keeper'; grant pg_signal_backend, pg_read_all_data, shop_owner to keeper`,
      );
      await fresh.sql(`alter role shop_app in database ${other.database} reset all`);
      await fresh.sql('grant set on parameter app.region to keeper');
      for (const table of ['products', 'orders'])
        await fresh.sql(`alter table ${table} owner to shop_owner`, other.database);
      await fresh.sql('grant create on schema public to shop_owner', other.database);
      await other.write('m/1.sql', 'alter table products add column b int not null');
      await fresh.sql('truncate orders, products', other.database);
      const spec = {
        url: fresh.url(other.database, { user: 'keeper', password: 'keeper' }),
        migrate: { directory: 'm' },
      };
      const savepoint = await attempt(other.call({ key: 'save', spec }), postgres.save);
      const made = await attempt(other.call({ key: 'rehearse', spec }), (call) => postgres.scratch(call, savepoint));
      await attempt({ ...other.call({ key: 'try' }), spec: made }, (call) => postgres.apply(call, 'migrate', 'v2'));
      const found = await postgres.seen({ ...other.call(), spec: made });
      expect(found.statements).toEqual([]);
      expect(found.findings.map(({ what }) => what)).toEqual([
        'the role may not let the server tell of statements, so their locks are not known',
      ]);
      await attempt(other.call({ key: 'discard', spec }), postgres.discardScratch);
      await other.end();
    } finally {
      await fresh.stop();
    }
  });

  test.skipIf(debianBin === null)('is made of a dump', async () => {
    const fresh = await startPostgres({ bin: debianBin ?? '' });
    try {
      const other = await startWorld(fresh);
      const spec = { savepoint: { by: 'dump' } };
      const savepoint = await attempt(other.call({ key: 'save', spec }), postgres.save);
      const made = await attempt(other.call({ key: 'rehearse', spec }), (call) => postgres.scratch(call, savepoint));
      expect(await fresh.sql('select count(*)::int as n from orders', made.database ?? '')).toEqual([{ n: 500 }]);
      await attempt(other.call({ key: 'discard', spec }), postgres.discardScratch);
      await other.end();
    } finally {
      await fresh.stop();
    }
  });
});
