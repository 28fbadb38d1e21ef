import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../src/release/json.ts';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { findPgbouncer, isMissing } from '../../support/tools.ts';
import { type AnySavepoint, appRole, attempt, startWorld, type World } from './world.ts';

const found = await findPgbouncer();
if (isMissing(found)) console.warn(`skipped: ${found.missing}`);

const adminRole = { user: 'postgres', password: 'super-Secret/9' };

let server: Postgres;
let pooler: Pgbouncer;
let sessionPooler: Pgbouncer;
let world: World;
beforeAll(async () => {
  if (isMissing(found)) return;
  server = await startPostgres();
  const roles = [adminRole, appRole];
  pooler = await startPgbouncer(server, { mode: 'transaction', roles });
  sessionPooler = await startPgbouncer(server, { mode: 'session', roles });
});
afterAll(async () => {
  await pooler?.stop();
  await sessionPooler?.stop();
  await server?.stop();
});
beforeEach(async () => {
  if (isMissing(found)) return;
  world = await startWorld(server);
  // Every write tells its own number and when the server made it.
  await world.sql(
    'alter table orders add column number int unique, add column made timestamptz not null default clock_timestamp()',
  );
  await world.write('migrations/1.sql', 'alter table orders add column colour text;');
});
afterEach(() => world?.end());

const spec = { migrate: { directory: './migrations' } };
const save = (key = 'save') => attempt(world.call({ key, spec }), postgres.save);
const migrate = () => attempt(world.call({ key: 'migrate', spec }), (call) => postgres.apply(call, 'migrate', 'v2'));
const restore = (to: AnySavepoint) =>
  attempt(world.call({ key: 'restore', spec }), (call) => postgres.restore(call, to));
const hold = () => attempt(world.call({ key: 'hold', spec }), (call) => (postgres.hold ?? Promise.reject)(call));
const resume = (held: Json) =>
  attempt(world.call({ key: 'resume', spec }), (call) => (postgres.resume ?? Promise.reject)(call, held));
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The application: clients that stay connected to the pooler, and connect again when they are told to go. */
function application(clients: number) {
  const acknowledged: number[] = [];
  const errors = new Set<string>();
  let number = 0;
  let on = true;
  const one = async () => {
    while (on) {
      const client = new pg.Client({ connectionString: pooler.url(world.database, appRole) });
      client.on('error', () => undefined);
      try {
        await client.connect();
        while (on) {
          number += 1;
          const mine = number;
          await client.query('insert into orders (product, number) values (1, $1)', [mine]);
          acknowledged.push(mine);
        }
      } catch (error) {
        errors.add(error instanceof Error ? error.message : String(error));
        await sleep(20);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  };
  const running = Array.from({ length: clients }, one);
  return {
    acknowledged,
    errors,
    writes: async (more: number) => {
      const wanted = acknowledged.length + more;
      for (const deadline = Date.now() + 20_000; acknowledged.length < wanted; await sleep(10)) {
        if (Date.now() > deadline) throw new Error(`no writes any more: ${[...errors].join('; ')}`);
      }
    },
    stop: async () => {
      on = false;
      await Promise.all(running);
    },
  };
}

const numbers = async (database = world.database) =>
  (await world.sql('select number from orders where number is not null order by 1', database)).map((row) =>
    Number(row.number),
  );
const poolSessions = async () =>
  (await server.sql(`select pid from pg_stat_activity where datname = '${world.database}' and usename = 'shop_app'`))
    .length;

describe.skipIf(isMissing(found))('an application behind PgBouncer with transaction pooling', () => {
  test('is really kept out by a hold, pooled sessions included, and gets in again afterwards', async () => {
    const shop = application(12);
    try {
      await shop.writes(100);
      expect(await poolSessions()).toBeGreaterThan(0);
      const held = await hold();
      expect(await poolSessions()).toBe(0);
      const before = await numbers();
      await sleep(1_500);
      expect(await numbers(), 'nobody wrote while writers were held').toEqual(before);
      expect(await poolSessions()).toBe(0);
      await resume(held);
      await shop.writes(50);
    } finally {
      await shop.stop();
    }
    expect(await numbers()).toEqual(expect.arrayContaining([...shop.acknowledged]));
  });

  test('goes on while the database is saved: every acknowledged write is there once', async () => {
    const shop = application(12);
    try {
      await shop.writes(100);
      const savepoint = await save();
      expect(savepoint.heldMs).toBeGreaterThan(0);
      await migrate();
      await shop.writes(100);
    } finally {
      await shop.stop();
    }
    expect(await numbers()).toEqual(expect.arrayContaining([...shop.acknowledged].sort((a, b) => a - b)));
  });

  test('writes to the restored database only, as soon as it took the name', async () => {
    const shop = application(12);
    let superseded = '';
    let afterwards: number[] = [];
    try {
      await shop.writes(100);
      const savepoint = await save();
      await migrate();
      await shop.writes(100);
      const restored = await restore(savepoint);
      superseded = restored.kept ?? '';
      const count = shop.acknowledged.length;
      await shop.writes(100);
      afterwards = shop.acknowledged.slice(count);
    } finally {
      await shop.stop();
    }
    const [swap] = await server.sql(
      `select exchanged_at as at, closed_at as closed from savepoint.restores where kept = '${superseded}'`,
      'savepoint',
    );
    const late = await server.sql(
      `select count(*)::int as n from orders where made > '${new Date(String(swap?.closed)).toISOString()}'::timestamptz + interval '1 second'`,
      superseded,
    );
    expect(late).toEqual([{ n: 0 }]);
    const [current, old] = [new Set(await numbers()), new Set(await numbers(superseded))];
    expect(
      shop.acknowledged.filter((number) => !current.has(number) && !old.has(number)),
      'no acknowledged write is nowhere',
    ).toEqual([]);
    // A client may have been told of its last write to the replaced database when the restore had already returned.
    expect(afterwards.slice(12).filter((number) => !current.has(number))).toEqual([]);
    expect(
      await world.sql(
        'select count(*)::int as n from information_schema.columns where table_name = $$orders$$ and column_name = $$colour$$',
      ),
    ).toEqual([{ n: 0 }]);
    expect(await server.sql(`select pid from pg_stat_activity where datname = '${superseded}'`)).toEqual([]);
  });

  test('gets the previous data again when it was held all the way back', async () => {
    const shop = application(12);
    try {
      await shop.writes(50);
      const held = await hold();
      const savepoint = await save();
      await migrate();
      const restored = await restore(savepoint);
      expect(await poolSessions()).toBe(0);
      await resume(held);
      const count = shop.acknowledged.length;
      await shop.writes(60);
      const afterwards = shop.acknowledged.slice(count);
      const current = new Set(await numbers());
      expect(afterwards.filter((number) => !current.has(number))).toEqual([]);
      const old = new Set(await numbers(restored.kept ?? ''));
      expect(shop.acknowledged.slice(0, count).filter((number) => !old.has(number) || !current.has(number))).toEqual(
        [],
      );
    } finally {
      await shop.stop();
    }
  });
});

describe.skipIf(isMissing(found))('a `url` of Savepoint’s own that leads through PgBouncer', () => {
  const surveyed = async (url: string) => {
    const before = await server.sql('select datname from pg_database order by 1');
    const { findings } = await postgres.survey(world.call({ key: 'survey', spec: { ...spec, url } }));
    expect(await server.sql('select datname from pg_database order by 1')).toEqual(before);
    return findings.filter(({ status }) => status === 'FAIL');
  };

  test.each(['transaction', 'session'] as const)('is refused with a remedy where it pools by %s', async (mode) => {
    const through = mode === 'transaction' ? pooler : sessionPooler;
    for (let round = 0; round < 3; round += 1) {
      const [finding, ...more] = await surveyed(through.url(world.database, adminRole));
      expect(more).toEqual([]);
      expect(finding?.what).toContain('connection pooler');
      expect(finding?.remedy).toContain('the server itself');
      expect(JSON.stringify(finding)).not.toContain('super-Secret');
    }
  });

  test('is refused also where the pooler knows the released database only', async () => {
    const narrow = await startPgbouncer(server, {
      mode: 'transaction',
      roles: [adminRole],
      databases: [world.database],
    });
    try {
      const [finding] = await surveyed(narrow.url(world.database, adminRole));
      expect(finding?.what).toContain('connection pooler');
    } finally {
      await narrow.stop();
    }
  });

  test('is refused while the application is busy in the same pool', async () => {
    const shop = application(12);
    try {
      await shop.writes(20);
      const [finding] = await surveyed(pooler.url(world.database, appRole));
      expect(finding?.what).toContain('connection pooler');
    } finally {
      await shop.stop();
    }
  });

  test('is no matter where it leads to the server itself', async () => {
    expect(await surveyed(server.url(world.database))).toEqual([]);
  });
});
