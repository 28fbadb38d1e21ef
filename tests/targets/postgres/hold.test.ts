import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { dyingBefore } from './crash.ts';
import { shopForEach } from './for-each.ts';
import { appRole, attempt, failureOf } from './world.ts';

const shop = shopForEach();

const hold = (key = 'hold') => attempt(shop.world.call({ key }), (call) => required(postgres.hold)(call));
const resume = (held: Awaited<ReturnType<typeof hold>>) =>
  attempt(shop.world.call({ key: 'resume' }), (call) => required(postgres.resume)(call, held));

function required<T>(verb: T | undefined): T {
  if (verb === undefined) throw new Error('missing verb');
  return verb;
}

const grants = async () =>
  (
    await shop.server.sql(`select coalesce(g.rolname, 'public') || '=' || a.privilege_type as g from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    left join pg_roles g on g.oid = a.grantee where d.datname = '${shop.world.database}' order by 1`)
  ).map((row) => row.g);

async function application(): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: shop.server.url(shop.world.database, appRole),
    application_name: 'shop',
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Writers that reconnect as soon as they are thrown out, and count what they wrote. */
function storm(writers: number): { stop(): Promise<{ written: number; errors: Set<string> }> } {
  let on = true;
  let written = 0;
  const errors = new Set<string>();
  const one = async () => {
    while (on) {
      try {
        const client = await application();
        while (on) {
          await client.query('insert into orders (product) values (1)');
          written += 1;
        }
        await client.end();
      } catch (error) {
        errors.add(error instanceof Error && 'code' in error ? String(error.code) : String(error));
      }
    }
  };
  const running = Array.from({ length: writers }, one);
  return {
    stop: async () => {
      on = false;
      await Promise.all(running);
      return { written, errors };
    },
  };
}

describe('holding writers', () => {
  test('ends their sessions, keeps them out, and gives back exactly what was granted', async () => {
    const before = await grants();
    const open = await application();
    const held = await hold();
    await expect(open.query('select 1')).rejects.toThrow();
    await expect(application()).rejects.toThrow('permission denied');
    expect(await shop.world.sql('select 1 as one')).toEqual([{ one: 1 }]);
    expect(await hold('hold again')).toEqual(held);
    await resume(held);
    expect(await grants()).toEqual(before);
    await (await application()).end();
    await resume(held);
    expect(await grants()).toEqual(before);
  });

  test('keeps a storm of writers out: not one row is written while they are held', async () => {
    const users = storm(6);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const held = await hold();
    const [first] = await shop.world.sql('select count(*) as n from orders');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [second] = await shop.world.sql('select count(*) as n from orders');
    expect(second).toEqual(first);
    await resume(held);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { written } = await users.stop();
    const [last] = await shop.world.sql('select count(*)::int as n from orders');
    expect(Number(last?.n)).toBeGreaterThanOrEqual(500 + written);
    expect(Number(last?.n)).toBeGreaterThan(Number(first?.n));
  });

  test('is refused, and everybody let back in, when a superuser keeps coming back', async () => {
    const before = await grants();
    let on = true;
    const stubborn = (async () => {
      while (on) {
        const client = new pg.Client({
          connectionString: shop.server.url(shop.world.database),
          application_name: 'cron job',
        });
        client.on('error', () => undefined);
        await client.connect().catch(() => undefined);
        await client.query('select pg_sleep(5)').catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const failure = await failureOf(hold());
    on = false;
    await shop.server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cron job'`);
    await stubborn;
    expect(failure.kind).toBe('refused');
    expect(failure.message).toContain('postgres (cron job)');
    expect(failure.details?.remedy).toContain('a role of their own');
    expect(await grants()).toEqual(before);
  });

  test('by a worker that dies at any statement loses nothing of what was granted', { timeout: 60_000 }, async () => {
    const before = await grants();
    for (let statement = 1; ; statement += 1) {
      const crash = await dyingBefore(statement, () => hold(`hold ${statement}`));
      const held = await hold(`hold ${statement}`);
      await expect(application()).rejects.toThrow('permission denied');
      const undone = await dyingBefore(statement, () => resume(held));
      await resume(held);
      expect(await grants(), crash.statements.at(-1)).toEqual(before);
      if (!crash.died && !undone.died) break;
    }
  });

  test('stays while the held database is exchanged, and ends with the grants of before', async () => {
    const before = await grants();
    const savepoint = await attempt(shop.world.call({ key: 'save' }), postgres.save);
    const held = await hold();
    await shop.world.sql('drop table orders');
    const standing = await required(postgres.compare)(shop.world.call({ key: 'compare' }), savepoint);
    expect(standing.state).toBe('differs');
    await attempt(shop.world.call({ key: 'restore' }), (call) => postgres.restore(call, savepoint));
    await expect(application()).rejects.toThrow('permission denied');
    const equal = await required(postgres.compare)(shop.world.call({ key: 'compare' }), savepoint);
    expect([equal.state, equal.proof.level]).toEqual(['equal', 'content']);
    await resume(held);
    expect(await grants()).toEqual(before);
    await (await application()).end();
  });
});

describe('a savepoint by template', () => {
  test('is one instant although writers storm the database, and lets them on afterwards', async () => {
    const users = storm(8);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const savepoint = await attempt(shop.world.call({ key: 'save' }), postgres.save);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { written, errors } = await users.stop();
    const [now] = await shop.world.sql('select count(*)::int as n from orders');
    const orders = savepoint.fingerprint.parts.find((part) => part.name === 'public.orders');
    const saved = Number(orders?.detail?.split(' ')[0]);
    expect(saved).toBeGreaterThan(500);
    expect(Number(now?.n)).toBeGreaterThan(saved);
    expect(Number(now?.n)).toBeGreaterThanOrEqual(500 + written);
    expect(savepoint.heldMs).toBeGreaterThan(0);
    expect([...errors].filter((said) => !/^57P01$|not queryable|terminated/.test(said))).toEqual([]);
    await shop.server.sql(`alter database ${savepoint.state.copy} allow_connections true`);
    expect(await shop.server.sql('select count(*)::int as n from orders', savepoint.state.copy ?? '')).toEqual([
      { n: saved },
    ]);
  });

  test('is refused above maxHold and everybody is let back in', async () => {
    await shop.world.sql(
      'create table big as select i, repeat(md5(i::text), 30) as t from generate_series(1, 60000) i',
    );
    const spec = { savepoint: { by: 'template', maxHold: '15ms' } };
    const failure = await failureOf(attempt(shop.world.call({ key: 'save', spec }), postgres.save));
    expect([failure.kind, failure.message]).toEqual([
      'refused',
      expect.stringContaining('longer than maxHold (15 ms)'),
    ]);
    await (await application()).end();
    expect(
      await shop.server.sql(`select datname from pg_database where datname like '${shop.world.database}\\_%'`),
    ).toEqual([]);
  });

  test('of a worker that dies while it copies is taken again, once', { timeout: 60_000 }, async () => {
    for (let statement = 1; ; statement += 1) {
      const key = `save ${statement}`;
      const crash = await dyingBefore(statement, () => attempt(shop.world.call({ key }), postgres.save));
      const savepoint = await attempt(shop.world.call({ key }), postgres.save);
      expect(
        await shop.server.sql(`select datname from pg_database where datname like '${shop.world.database}\\_%'`),
      ).toHaveLength(1);
      expect(await attempt(shop.world.call({ key }), postgres.save)).toEqual(savepoint);
      await (await application()).end();
      await shop.server.sql(`alter database ${savepoint.state.copy} allow_connections true`);
      await shop.server.sql(`drop database ${savepoint.state.copy}`);
      if (!crash.died) break;
    }
  });
});
