import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger, startOrders } from '../../src/dev/demo/orders.ts';
import { downtime, startProber } from '../../src/dev/demo/prober.ts';
import { reconcile } from '../../src/dev/demo/reconcile.ts';
import { type Bed, runSql, startBed } from '../examples/demo-shop-bed.ts';

let bed: Bed;
let urls: { owner: string; app: string };
let ledger: string;

beforeAll(async () => {
  bed = await startBed();
  urls = await bed.database('shop', 'v2');
  await runSql(urls.owner, [
    `INSERT INTO products (id, name, category, price_cents)
     SELECT 400 + n, format('Arrival No. %s', n), 'new', 2000 FROM generate_series(1, 20) AS n`,
  ]);
  ledger = join(bed.home, 'orders.ledger');
}, 60_000);

afterAll(async () => {
  await bed?.stop();
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('the order writer', () => {
  it('finds every acknowledged order in the database after an outage, none twice, and the outage is measured', async () => {
    const shop = await bed.backend('v2', urls.app);
    await bed.turn(shop);
    const prober = startProber(bed.origin);
    const writer = startOrders({ origin: bed.origin, ledger, perSecond: 40 });
    await sleep(500);
    const from = Date.now();
    await bed.turn('maintenance');
    await sleep(600);
    const duringOutage = writer.waiting();
    await bed.turn(shop);
    await sleep(400);
    const to = Date.now();
    await writer.stop(10_000);
    await prober.stop();

    expect(duringOutage).toBeGreaterThan(10);
    expect(writer.waiting()).toBe(0);
    expect(writer.acknowledged()).toBeGreaterThan(20);
    const found = await reconcile(urls.app, ledger);
    expect(found).toEqual({ acknowledged: writer.acknowledged(), missing: [], wrong: [], doubled: [] });
    const stored = await runSql(urls.owner, [
      `SELECT count(*)::int AS n FROM orders WHERE idempotency_key LIKE 'order-%'`,
    ]);
    expect(stored).toEqual([{ n: writer.acknowledged() }]);
    expect(prober.downtimeMs(from, to)).toBeGreaterThan(500);
    expect(prober.downtimeMs(from, to)).toBeLessThan(1_000);
    expect(prober.downtimeMs(0, from - 100)).toBe(0);
  });

  it('names an order that is gone and one whose total is another', async () => {
    const [gone, changed] = await readLedger(ledger);
    await runSql(urls.owner, [
      `DELETE FROM order_lines WHERE order_id = ${gone?.id}`,
      `DELETE FROM orders WHERE id = ${gone?.id}`,
      `UPDATE orders SET total_cents = 1 WHERE id = ${changed?.id}`,
    ]);
    const found = await reconcile(urls.app, ledger);
    expect(found.missing).toEqual([gone]);
    expect(found.wrong).toEqual([{ acknowledged: changed, stored: { id: changed?.id, totalCents: 1 } }]);
  });

  it('does not take a line that was cut off in writing for an acknowledgement', async () => {
    const before = await readLedger(ledger);
    await appendFile(ledger, '{"key":"half');
    expect(await readLedger(ledger)).toEqual(before);
  });

  it('gives up after its patience when the shop stays closed', async () => {
    await bed.turn('maintenance');
    const writer = startOrders({ origin: bed.origin, ledger: join(bed.home, 'other.ledger'), perSecond: 40 });
    await sleep(200);
    await writer.stop(100);
    expect(writer.acknowledged()).toBe(0);
    expect(await readLedger(join(bed.home, 'other.ledger'))).toEqual([]);
  });
});

describe('downtime', () => {
  const samples = (said: string) => [...said].map((each, index) => ({ at: index * 50, ok: each === '.' }));

  it('is the time from the first failed question to the next answered one', () => {
    expect(downtime(samples('..xx..'), 0, 1_000)).toBe(100);
    expect(downtime(samples('......'), 0, 1_000)).toBe(0);
    expect(downtime(samples('x...x.'), 0, 1_000)).toBe(100);
  });

  it('counts only what lies between the two moments', () => {
    expect(downtime(samples('xx..xx'), 100, 250)).toBe(50);
    expect(downtime(samples('..xx'), 0, 1_000)).toBe(100);
  });
});
