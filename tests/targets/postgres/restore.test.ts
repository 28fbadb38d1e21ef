import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { attempt, startWorld, type World } from './world.ts';

let server: Postgres;
let world: World;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  world = await startWorld(server);
});
afterEach(() => world.end());

const settingsQuery = (database: string) => `
  select r.rolname as owner, (select array_agg(coalesce(g.rolname, 'public') || '=' || a.privilege_type order by g.rolname, a.privilege_type) from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a left join pg_roles g on g.oid = a.grantee)::text[] as grants,
    datconnlimit, datallowconn, shobj_description(d.oid, 'pg_database') as comment,
    (select array_agg(coalesce(setrole::regrole::text, '') || ' ' || (select string_agg(c, ';' order by c) from unnest(setconfig) c) order by setrole) from pg_db_role_setting s where s.setdatabase = d.oid) as settings
  from pg_database d join pg_roles r on r.oid = d.datdba where datname = '${database}'`;

describe('a restore from a template copy', () => {
  test('brings back every row, grant and setting and keeps the replaced database', async () => {
    const settingsBefore = await server.sql(settingsQuery(world.database));
    const rowsBefore = await world.sql('select count(*), sum(price)::text from products');
    const save = world.call({ key: 'save-1' });
    const savepoint = await attempt(save, postgres.save);
    expect(savepoint.absent).toBe(false);
    expect(savepoint.heldMs).toBeGreaterThan(0);

    await world.sql('drop table orders; update products set price = 0; alter table products add column sku text');
    await server.sql(`alter database ${world.database} set app.region to 'south'`);

    const restored = await attempt(world.call({ key: 'restore-1' }), (call) => postgres.restore(call, savepoint));

    expect(restored.proof.differences).toEqual([]);
    expect(restored.proof.level).toBe('content');
    expect(await server.sql(settingsQuery(world.database))).toEqual(settingsBefore);
    expect(await world.sql('select count(*), sum(price)::text from products')).toEqual(rowsBefore);
    expect(await world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);
    expect(restored.kept).toMatch(/_superseded_/);
    expect(await world.sql('select sum(price)::int as total from products', restored.kept ?? '')).toEqual([
      { total: 0 },
    ]);
  });
});
