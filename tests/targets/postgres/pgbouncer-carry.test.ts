import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';
import { findPgbouncer, isMissing } from '../../support/tools.ts';
import { wayBackForEach } from './for-each.ts';
import { lossOf } from './way-back.ts';
import { appRole } from './world.ts';

const found = await findPgbouncer();
if (isMissing(found)) console.warn(`skipped: ${found.missing}`);

const shop = wayBackForEach();
let pooler: Pgbouncer;
beforeAll(async () => {
  if (isMissing(found)) return;
  // The application's role is there with the first shop; until then the pooler is asked as somebody else.
  const roles = [{ user: 'postgres', password: 'super-Secret/9' }, appRole];
  pooler = await startPgbouncer(shop.server, { mode: 'transaction', roles });
});
afterAll(() => pooler?.stop());

/** Orders of the shop before anybody takes new ones. */
const oldOrders = 5_000;

/** What was done to orders. Keys: the taker's own number of a new order, the id of an old one. Values: the order's id. */
type Ledger = Record<'added' | 'changed' | 'removed', Map<number, number>>;
type Op = keyof Ledger;

const statements: Record<Op, string> = {
  added: 'insert into orders (product, number) values (1, $1) returning id::int',
  changed: 'update orders set amount = -1 where id = $1 returning id::int',
  removed: 'delete from orders where id = $1 returning id::int',
};

/** What the takers do next: new orders, and now and then an old one is changed or deleted, each one once. */
function* work(): Generator<{ op: Op; key: number }, never> {
  for (let number = 1; ; number += 1) {
    yield { op: 'added', key: number };
    const old = number / 4;
    if (Number.isInteger(old) && old <= oldOrders) yield { op: old % 2 === 0 ? 'changed' : 'removed', key: old };
  }
}

/** What a database holds of that work. */
async function written(database = shop.world.database): Promise<Ledger> {
  const rows = await shop.world.sql(
    `select 'added' as op, number as key, id::int from orders where number is not null
     union all select 'changed', id::int, id::int from orders where amount = -1
     union all select 'removed', i, i from generate_series(1, ${oldOrders}) i where i not in (select id from orders)`,
    database,
  );
  const of = (op: Op) => new Map(rows.filter((row) => row.op === op).map(({ key, id }) => [Number(key), Number(id)]));
  return { added: of('added'), changed: of('changed'), removed: of('removed') };
}

/** The savepoint itself, which lets nobody in. */
async function saved(copy: string): Promise<Ledger> {
  await shop.server.sql(`alter database ${copy} allow_connections true`);
  try {
    return await written(copy);
  } finally {
    await shop.server.sql(`alter database ${copy} allow_connections false`);
  }
}

/** Clients of the pooler that go on whatever happens. `acknowledged`: what the database answered. */
function orderTakers(clients: number) {
  const acknowledged: Ledger = { added: new Map(), changed: new Map(), removed: new Map() };
  const asked: { op: Op; key: number }[] = [];
  const next = work();
  const open = new Set<pg.Client>();
  let on = true;
  const take = async (client: pg.Client) => {
    const { op, key } = next.next().value;
    asked.push({ op, key });
    const { rows } = await client.query<{ id: number }>(statements[op], [key]);
    for (const { id } of rows) acknowledged[op].set(key, id);
    // So that old orders are left for as long as the release takes.
    await sleep(10);
  };
  const one = async () => {
    while (on) {
      const client = new pg.Client({ connectionString: pooler.url(shop.world.database, appRole) });
      client.on('error', () => undefined);
      open.add(client);
      try {
        await client.connect();
        while (on) await take(client);
      } catch {
        await sleep(20);
      } finally {
        open.delete(client);
        await client.end().catch(() => undefined);
      }
    }
  };
  const running = Array.from({ length: clients }, one);
  return {
    acknowledged,
    asked,
    orders: async (more: number) => {
      const wanted = acknowledged.added.size + more;
      await expect.poll(() => acknowledged.added.size, { timeout: 30_000 }).toBeGreaterThan(wanted);
    },
    stop: async () => {
      on = false;
      await sleep(300);
      // A query that the pooler keeps waiting would never let its client go.
      for (const client of open) await client.end().catch(() => undefined);
      await Promise.all(running);
    },
  };
}

/** What was acknowledged, and what was done although the hold cut the answer off. */
function closed({ acknowledged, asked }: ReturnType<typeof orderTakers>, now: Ledger): Ledger {
  const of = (op: Op) => {
    const cutOff = asked.filter((one) => one.op === op && !acknowledged[op].has(one.key) && now[op].has(one.key));
    const late = cutOff.map(({ key }) => [key, now[op].get(key) ?? 0] as const);
    return new Map([...acknowledged[op], ...late]);
  };
  return { added: of('added'), changed: of('changed'), removed: of('removed') };
}

describe.skipIf(isMissing(found))('orders that are taken through PgBouncer while a release goes on', () => {
  test('are counted row by row as the takers wrote them down, and every one is carried back', {
    timeout: 120_000,
  }, async () => {
    await shop.world.sql(
      `insert into orders (product) select 1 + i % 100 from generate_series(501, ${oldOrders}) i;
       alter table orders add column number int unique; grant delete on orders to shop_app`,
    );
    await shop.world.write(
      'migrations/1.sql',
      'alter table orders add column colour text; update products set price = price + 1;',
    );
    const takers = orderTakers(8);
    try {
      await takers.orders(50);
      const savepoint = await shop.way.save();
      await takers.orders(20);
      await shop.way.apply('migrate');
      await takers.orders(50);
      const held = await shop.way.hold();
      // Answers that were under way arrive.
      await sleep(500);
      const now = await written();
      const ledger = closed(takers, now);
      expect(now).toEqual(ledger);

      const before = await saved(savepoint.state.copy ?? '');
      const since = (op: Op) => [...ledger[op].keys()].filter((key) => !before[op].has(key)).length;
      const measured = await shop.way.loss(savepoint);
      expect([since('added') >= 70, since('changed') > 0, since('removed') > 0]).toEqual([true, true, true]);
      expect(measured).toMatchObject({ held: true, notCompared: [] });
      expect(measured.tables).toEqual([
        lossOf('public.orders', { added: since('added'), changed: since('changed'), removed: since('removed') }),
        lossOf('public.products', { own: 100 }),
      ]);

      expect(await shop.way.carry(savepoint)).toMatchObject({ into: 'copy', carried: measured.rows, left: 0 });
      const restored = await shop.way.restore(savepoint);
      expect(restored.proof.differences).toEqual([]);
      expect(await written()).toEqual(ledger);

      await shop.way.resume(held);
      await takers.orders(50);
    } finally {
      await takers.stop();
    }
    const current = await written();
    for (const op of ['added', 'changed', 'removed'] as const) {
      const nowhere = [...takers.acknowledged[op]].filter(([key, id]) => current[op].get(key) !== id);
      expect(nowhere, `acknowledged and not ${op} in the restored database`).toEqual([]);
    }
  });
});
