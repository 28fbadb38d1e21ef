import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { dyingBefore } from './crash.ts';
import { shopForEach } from './for-each.ts';
import { rich } from './rich.ts';
import { type AnySavepoint, appRole, attempt, failureOf, startWorld } from './world.ts';

const shop = shopForEach();

const save = () => attempt(shop.world.call({ key: 'save' }), postgres.save);
const restore = (to: AnySavepoint) =>
  attempt(shop.world.call({ key: 'restore' }), (call) => postgres.restore(call, to));
const spoil = () =>
  shop.world.sql('drop table orders; update products set price = 0; alter table products add column sku text');
const total = async (database = shop.world.database) =>
  (await shop.server.sql('select sum(price)::float as total from products', database))[0]?.total;
const named = (like: string) =>
  shop.server.sql(
    `select datname as name, datallowconn as open from pg_database where datname like '${shop.world.database}${like}' order by 1`,
  );

/** Everything about the database that a copy loses, read by other means than Savepoint's. */
const outside = () =>
  shop.server.sql(`
    select r.rolname as owner, datconnlimit, datallowconn, shobj_description(d.oid, 'pg_database') as comment,
      (select array_agg(coalesce(g.rolname, 'public') || '=' || a.privilege_type order by g.rolname, a.privilege_type)
         from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a left join pg_roles g on g.oid = a.grantee)::text[] as grants,
      (select array_agg(coalesce(setrole::regrole::text, '') || ' ' || (select string_agg(c, ';' order by c) from unnest(setconfig) c) order by setrole)
         from pg_db_role_setting s where s.setdatabase = d.oid) as settings
    from pg_database d join pg_roles r on r.oid = d.datdba where datname = '${shop.world.database}'`);

/** Connects again and again as the application does, and counts what it is told. */
function probe(): { stop(): Promise<Record<string, number>> } {
  const told: Record<string, number> = {};
  let on = true;
  const one = async () => {
    while (on) {
      const client = new pg.Client({ connectionString: shop.server.url(shop.world.database, appRole) });
      client.on('error', () => undefined);
      const said = await client.connect().then(
        () => 'let in',
        (error: { code?: string; detail?: string; message: string }) => `${error.code} ${error.detail ?? ''}`.trim(),
      );
      told[said] = (told[said] ?? 0) + 1;
      await client.end().catch(() => undefined);
    }
  };
  const running = [one(), one(), one()];
  return {
    stop: async () => {
      on = false;
      await Promise.all(running);
      return told;
    },
  };
}

describe('a restore from a template copy', () => {
  test('brings back every row, grant and setting and keeps the replaced database', async () => {
    await shop.world.sql(rich);
    const before = { outside: await outside(), total: await total() };
    const savepoint = await save();
    expect(savepoint).toMatchObject({ absent: false, kind: 'postgres', state: { by: 'template' } });
    await spoil();
    await shop.server.sql(`alter database ${shop.world.database} set app.region to 'south'`);
    await shop.server.sql(`grant connect on database ${shop.world.database} to public`);

    const restored = await restore(savepoint);
    expect({ outside: await outside(), total: await total() }).toEqual(before);
    expect(await shop.world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);
    expect(restored.proof).toMatchObject({ differences: [], level: 'content' });
    expect(restored.downtimeMs).toBeGreaterThan(0);
    expect(await total(restored.kept ?? '')).toBe(0);
    const kept = await shop.server.sql(
      `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = '${restored.kept}'`,
    );
    expect(kept[0]?.comment).toMatch(/^Replaced by a restore of release .* at 20.* UTC; was .*, owner shop_owner/);
    expect(await named('\\_sp\\_%')).toHaveLength(1);
    await expect(shop.server.sql('select 1', savepoint.state.copy ?? '')).rejects.toThrow(
      'not currently accepting connections',
    );
    await expect(
      new pg.Client({
        connectionString: shop.server.url(shop.world.database, { user: 'shop_reports', password: 'reports' }),
      }).connect(),
    ).rejects.toThrow('permission denied');
  });

  test('never leaves the name pointing at nothing while users keep connecting', async () => {
    const savepoint = await save();
    await spoil();
    const watcher = new pg.Client({ connectionString: shop.server.url('postgres') });
    await watcher.connect();
    const seen = new Set<number>();
    let on = true;
    const watching = (async () => {
      while (on)
        seen.add(
          (await watcher.query(`select 1 from pg_database where datname = '${shop.world.database}'`)).rowCount ?? 0,
        );
    })();
    const users = probe();
    const restored = await restore(savepoint);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const told = await users.stop();
    on = false;
    await watching;
    await watcher.end();
    expect([...seen]).toEqual([1]);
    expect(told['let in']).toBeGreaterThan(3);
    const refused = Object.keys(told).filter(
      (said) => !/^(let in|55000|57P01|3D000 It seems to have just been dropped or renamed\.)$/.test(said),
    );
    expect(refused).toEqual([]);
    expect(restored.downtimeMs).toBeLessThan(3_000);
    expect(await total()).toBe(7575);
  });

  test('exchanges nothing when the copy is not what was saved', async () => {
    const savepoint = await save();
    await spoil();
    await shop.server.sql(`alter database ${savepoint.state.copy} allow_connections true`);
    await shop.server.sql('update products set price = 1 where id = 1', savepoint.state.copy ?? '');
    const failure = await failureOf(restore(savepoint));
    expect(failure.message).toContain('is not what was saved; nothing was exchanged');
    expect(failure.details?.evidence).toContain('public.products');
    expect(await total()).toBe(0);
    expect(await named('\\_superseded%')).toEqual([]);
    expect(await named('')).toMatchObject([{ open: true }]);
  });

  test('lets everybody back in when somebody cannot be kept out', async () => {
    const savepoint = await save();
    await spoil();
    await shop.server.sql(
      `begin; insert into products (name, price) values ('p', 1); prepare transaction 'stuck'`,
      shop.world.database,
    );
    const failure = await failureOf(restore(savepoint));
    await shop.server.sql(`rollback prepared 'stuck'`, shop.world.database);
    expect(failure.kind).toBe('busy');
    expect(await named('')).toMatchObject([{ open: true }]);
    expect(await total()).toBe(0);
    await restore(savepoint);
    expect(await total()).toBe(7575);
  });

  test('a second time: the same key answers the same, and after another change restores again', async () => {
    const savepoint = await save();
    await spoil();
    const first = await restore(savepoint);
    expect(await restore(savepoint)).toEqual(first);
    await shop.world.write('m/1.sql', 'update products set price = 3');
    const spec = { migrate: { directory: 'm' } };
    await attempt(shop.world.call({ key: 'migrate', spec }), (call) => postgres.apply(call, 'migrate', 'v2'));
    const second = await restore(savepoint);
    expect(second.kept).toBe(`${first.kept}_2`);
    expect(await total()).toBe(7575);
  });
});

describe('a first release', () => {
  test('saves nothing, makes the database, and going back puts it aside', async () => {
    const empty = await startWorld(shop.server, { empty: true });
    const savepoint = await attempt(empty.call({ key: 'save' }), postgres.save);
    expect(savepoint.absent).toBe(true);
    await empty.write('m/1.sql', 'create table t (a int); insert into t values (1)');
    const spec = { owner: 'shop_owner', migrate: { directory: 'm' } };
    const apply = (key: string) => attempt(empty.call({ key, spec }), (call) => postgres.apply(call, 'migrate', 'v1'));
    await apply('migrate');
    expect(await empty.sql('select * from t')).toEqual([{ a: 1 }]);
    expect((await postgres.compare?.(empty.call({ key: 'compare' }), savepoint))?.state).toBe('differs');
    const restored = await attempt(empty.call({ key: 'restore' }), (call) => postgres.restore(call, savepoint));
    expect(restored.proof.differences).toEqual([]);
    expect(await shop.server.sql(`select 1 from pg_database where datname = '${empty.database}'`)).toEqual([]);
    expect(await empty.sql('select * from t', restored.kept ?? '')).toEqual([{ a: 1 }]);
    expect((await postgres.compare?.(empty.call({ key: 'compare' }), savepoint))?.state).toBe('equal');
    await empty.end();
  });
});

describe('a worker that dies in a restore', () => {
  test('before any statement that changes something: the next attempt ends the same', {
    timeout: 120_000,
  }, async () => {
    const settings = await outside();
    const savepoint = await save();
    for (let statement = 1; ; statement += 1) {
      await spoil();
      const again = () =>
        attempt(shop.world.call({ key: `restore ${statement}` }), (call) => postgres.restore(call, savepoint));
      const crash = await dyingBefore(statement, again);
      expect(await named(''), crash.statements.at(-1)).toHaveLength(1);
      if (!crash.died) {
        expect(statement).toBeGreaterThan(30);
        break;
      }
      const restored = await again();
      const at = `died before ${crash.statements.at(-1)}`;
      expect(restored.proof.differences, at).toEqual([]);
      expect(await total(), at).toBe(7575);
      expect(await outside(), at).toEqual(settings);
      expect(await named('\\_superseded%'), at).toHaveLength(1);
      expect(await named('\\_beside%'), at).toEqual([]);
      await shop.server.sql(`drop database ${restored.kept}`);
    }
  });
});
