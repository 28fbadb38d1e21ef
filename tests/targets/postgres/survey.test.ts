import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { startPostgres } from '../../support/postgres.ts';
import { shopForEach } from './for-each.ts';
import { attempt, failureOf, startWorld } from './world.ts';

const shop = shopForEach({ settings: ['wal_level=logical'] });

const survey = (spec: Record<string, unknown> = {}) => postgres.survey(shop.world.call({ key: 'survey', spec }));
const failures = async (spec: Record<string, unknown> = {}) =>
  (await survey(spec)).findings.filter((finding) => finding.status === 'FAIL');

describe('a survey', () => {
  test('passes on a good shop.server, says what runs, and leaves nothing behind', async () => {
    const before = await shop.server.sql('select datname from pg_database order by 1');
    const { findings, running } = await survey();
    expect(findings.filter((finding) => finding.status === 'FAIL')).toEqual([]);
    expect(findings.some((finding) => finding.what.includes('needed on the server for three copies'))).toBe(true);
    expect(running).toMatch(/^no migration recorded \([0-9a-f]{12}\)$/);
    expect(await shop.server.sql('select datname from pg_database order by 1')).toEqual(before);
    await shop.world.write('m/3_x.sql', 'alter table products add column b int');
    await attempt(shop.world.call({ key: 'migrate', spec: { migrate: { directory: 'm' } } }), (call) =>
      postgres.apply(call, 'migrate', 'v2'),
    );
    const later = await survey();
    expect(later.running).toMatch(/^3_x\.sql \(/);
    expect((await survey()).running).toBe(later.running);
  });

  test('refuses what would follow the wrong database, with the remedy', async () => {
    await shop.server.sql(
      `select pg_create_logical_replication_slot('feed_${shop.world.database}', 'pgoutput')`,
      shop.world.database,
    );
    await shop.world.sql(`begin; update products set price = 1; prepare transaction 'half_${shop.world.database}'`);
    const found = await failures();
    await shop.world.sql(`rollback prepared 'half_${shop.world.database}'`);
    await shop.world.sql(`select pg_drop_replication_slot('feed_${shop.world.database}')`);
    expect(found.map((finding) => finding.what)).toEqual([
      `logical replication slots would stay with the replaced database: feed_${shop.world.database}`,
      `prepared transactions keep the database from being copied: half_${shop.world.database}`,
    ]);
    expect(found.every((finding) => (finding.remedy ?? '').length > 10)).toBe(true);
  });

  test('refuses writers that run under the role of Savepoint', async () => {
    const writer = new pg.Client({
      connectionString: shop.server.url(shop.world.database),
      application_name: 'shop backend',
    });
    await writer.connect();
    const found = await failures();
    await writer.end();
    expect(found.map((finding) => finding.what)).toEqual([
      `sessions that cannot be kept out are in ${shop.world.database}: postgres (shop backend)`,
    ]);
  });

  test('names every right that the role lacks, and each verb is refused as a matter of permission', async () => {
    await shop.server.sql(
      `do $$ begin if to_regrole('weak') is null then create role weak login password 'weak'; end if; end $$`,
    );
    await shop.server.sql(`grant connect on database ${shop.world.database} to weak`);
    const spec = { url: shop.server.url(shop.world.database, { user: 'weak', password: 'weak' }) };
    const all = (await failures(spec)).map((finding) => `${finding.what} -> ${finding.remedy}`);
    const found = all.filter((line) => !line.includes('the database savepoint'));
    expect(found).toEqual([
      'weak may not create and rename databases -> alter role weak createdb',
      'weak may not end sessions of other roles -> grant pg_signal_backend to weak',
      `${shop.world.database} belongs to shop_owner, not to weak -> grant shop_owner to weak`,
      `settings of shop_app in ${shop.world.database} could not be carried over by weak -> let Savepoint connect as a superuser, or move these settings to the roles themselves`,
      `the setting app.region of ${shop.world.database} could not be carried over by weak -> grant set on parameter app.region to weak`,
      'weak may not read orders, orders_id_seq, products, products_id_seq, so no copy of it could be proved -> grant pg_read_all_data to weak',
    ]);
    const failure = await failureOf(attempt(shop.world.call({ key: 'save', spec }), postgres.save));
    expect(failure.kind).toBe('permission');
  });

  test('says when another role made the database where fences are kept', async () => {
    await attempt(shop.world.call({ key: 'save' }), postgres.save);
    await shop.server.sql(`create role second login superuser password 'second'`);
    await shop.server.sql(
      `create role third login createdb password 'third' in role pg_signal_backend, pg_read_all_data, shop_owner`,
    );
    const of = (user: string) => failures({ url: shop.server.url(shop.world.database, { user, password: user }) });
    expect(await of('second')).toEqual([]);
    expect((await of('third')).map((finding) => finding.what)).toContain(
      'third may not use the database savepoint, which postgres made',
    );
  });

  test('names a server that does not answer or does not let it in, never the password', async () => {
    const wrong = shop.server.url(shop.world.database).replace(/:[^:@]+@/, ':hunter-two@');
    const away = 'postgres://postgres:hunter-two@127.0.0.1:1/shop';
    for (const url of [wrong, away]) {
      const found = await failures({ url });
      expect(found).toHaveLength(1);
      expect(JSON.stringify(found)).not.toContain('hunter');
    }
    const failure = await failureOf(attempt(shop.world.call({ key: 'save', spec: { url: away } }), postgres.save));
    expect([failure.kind, failure.message.includes('hunter')]).toEqual(['unreachable', false]);
    const bad = await failureOf(
      attempt(shop.world.call({ key: 'save', spec: { url: 'postgres://u:hunter two@@[x' } }), postgres.save),
    );
    expect(bad.message).not.toContain('hunter');
  });

  test('says when pg_dump of the version of the server is missing', async () => {
    const found = await failures({ savepoint: { by: 'dump', tools: './nowhere' } });
    expect(found.map((finding) => finding.what)).toEqual([
      'no pg_dump and pg_restore of version 18 where the worker runs',
    ]);
  });

  test('works for a role that is no superuser but was given what it needs', async () => {
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
      await fresh.sql(`grant create on schema public to shop_owner`, other.database);
      const spec = { url: fresh.url(other.database, { user: 'keeper', password: 'keeper' }) };
      const found = (await postgres.survey(other.call({ key: 'survey', spec }))).findings;
      expect(found.filter((finding) => finding.status === 'FAIL')).toEqual([]);
      const savepoint = await attempt(other.call({ key: 'save', spec }), postgres.save);
      const held = await attempt(
        other.call({ key: 'hold', spec }),
        (call) => postgres.hold?.(call) ?? Promise.reject(new Error('no hold')),
      );
      await other.sql('update products set price = 0');
      await attempt(other.call({ key: 'restore', spec }), (call) => postgres.restore(call, savepoint));
      await attempt(
        other.call({ key: 'resume', spec }),
        (call) => postgres.resume?.(call, held) ?? Promise.reject(new Error('no resume')),
      );
      expect(await other.sql('select sum(price)::float as total from products')).toEqual([{ total: 7575 }]);
      await other.end();
    } finally {
      await fresh.stop();
    }
  });
});
