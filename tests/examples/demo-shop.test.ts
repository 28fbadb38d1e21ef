import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, type Bed, runSql, sqlFiles, startBed } from './demo-shop-bed.ts';

let bed: Bed;
let urls: { owner: string; app: string };

beforeAll(async () => {
  bed = await startBed();
  urls = await bed.database('shop', 'v2');
}, 60_000);

afterAll(async () => {
  await bed?.stop();
});

const order = { lines: [{ product: 1, quantity: 3 }], customer: { email: 'a@mail.example', name: 'A B' } };

async function post(address: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function status(address: string): Promise<number> {
  const response = await fetch(address);
  await response.arrayBuffer();
  return response.status;
}

async function page(): Promise<string> {
  return await (await fetch(`${bed.origin}/`)).text();
}

describe('the shop', () => {
  it('is closed with 503 until something is released, and during maintenance', async () => {
    expect(await status(`${bed.origin}/api/health`)).toBe(503);
    expect(await status(`${bed.origin}/`)).toBe(503);
    await bed.turn('maintenance');
    expect(await status(`${bed.origin}/api/health`)).toBe(503);
  });

  it('shows products and its version, and takes an order once however often it is sent', async () => {
    await bed.turn(await bed.backend('v2', urls.app));
    const health = await (await fetch(`${bed.origin}/api/health`)).json();
    expect(health).toEqual({ status: 'ok', version: 'v2', database: 'ok' });
    const products = (await (await fetch(`${bed.origin}/api/products`)).json()) as { priceCents: number }[];
    expect(products).toHaveLength(60);

    const keyed = { ...order, idempotencyKey: 'once', note: 'by the door' };
    const first = await post(`${bed.origin}/api/orders`, keyed);
    const again = await post(`${bed.origin}/api/orders`, keyed);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    const stored = await runSql(urls.owner, [
      `SELECT total_cents, note, (SELECT sum(quantity * price_cents) FROM order_lines WHERE order_id = o.id)::int AS lines
       FROM orders o WHERE idempotency_key = 'once'`,
    ]);
    expect(stored).toEqual([{ total_cents: first.body.totalCents, note: 'by the door', lines: first.body.totalCents }]);
  });

  it('refuses an order for what it does not have', async () => {
    const refused = await post(`${bed.origin}/api/orders`, { lines: [{ product: 999_999, quantity: 1 }] });
    expect(refused).toEqual({ status: 400, body: { error: 'there is no product 999999' } });
  });

  it('may not change its own schema', async () => {
    await expect(runSql(urls.app, ['CREATE TABLE mine (id int)'])).rejects.toThrow('permission denied');
    await expect(runSql(urls.app, ['DROP TABLE orders'])).rejects.toThrow('must be owner');
  });

  it('orders on after the database closed every connection', async () => {
    await runSql(urls.owner, [
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop' AND pid <> pg_backend_pid()`,
    ]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(`${bed.origin}/api/orders`, order)));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 201));
  });

  it('answers 503 while the database lets nobody in, and recovers by itself', async () => {
    const admin = at(urls.owner, 'postgres');
    await runSql(admin, [
      'ALTER DATABASE shop ALLOW_CONNECTIONS false',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'`,
    ]);
    expect((await post(`${bed.origin}/api/orders`, order)).status).toBe(503);
    expect(await status(`${bed.origin}/api/health`)).toBe(503);
    await runSql(admin, ['ALTER DATABASE shop ALLOW_CONNECTIONS true']);
    expect((await post(`${bed.origin}/api/orders`, order)).status).toBe(201);
  });

  it('drops no order while users are switched between two backends that come and go', async () => {
    const statuses: number[] = [];
    let going = true;
    const customers = Array.from({ length: 4 }, async () => {
      while (going) statuses.push((await post(`${bed.origin}/api/orders`, order)).status);
    });
    for (let turn = 0; turn < 3; turn += 1) {
      const next = await bed.backend('v2', urls.app);
      await bed.turn(next);
      await new Promise((resolve) => setTimeout(resolve, 150));
      const after = await bed.backend('v1', urls.app);
      await bed.turn(after);
      next.child.kill('SIGTERM');
    }
    going = false;
    await Promise.all(customers);
    expect(statuses.length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([201]));
  });

  it('serves the page and its assets, and v1 runs on the schema of v2', async () => {
    await bed.site('v1');
    await bed.turn(await bed.backend('v1', urls.app));
    const shown = await page();
    expect(shown).toContain('<span id="version">v1</span>');
    const assets = [...shown.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]);
    expect(assets).toHaveLength(2);
    for (const asset of assets) expect(await status(`${bed.origin}${asset}`)).toBe(200);
    expect((await post(`${bed.origin}/api/orders`, order)).status).toBe(201);
    expect(await status(`${bed.origin}/../../front.log`)).toBe(404);
  });
});

describe('a bad version is bad in its own way', () => {
  it('v3: the migration fails half way and leaves what was done', async () => {
    await expect(bed.database('shop_v3', 'v3')).rejects.toThrow('contains null values');
    const columns = await runSql(at(urls.owner, 'shop_v3'), [
      `SELECT column_name FROM information_schema.columns WHERE table_name = 'customers' ORDER BY 1`,
    ]);
    expect(columns.map((row) => row.column_name)).toEqual(['email', 'first_name', 'full_name', 'id', 'last_name']);
  });

  it('v4: the seed brings prices that nobody means, everything else works', async () => {
    const made = await bed.database('shop_v4', 'v4');
    const odd = 'SELECT count(*)::int AS odd FROM products WHERE price_cents NOT BETWEEN 500 AND 100000';
    expect(await runSql(made.owner, [odd])).toEqual([{ odd: 0 }]);
    const seeds = await sqlFiles(join(bed.home, 'versions', 'v4', 'seeds'));
    expect(await runSql(made.owner, [...seeds, ...seeds, odd])).toEqual([{ odd: 3 }]);
    const { port } = await bed.backend('v4', made.app);
    expect((await post(`http://127.0.0.1:${port}/orders`, order)).status).toBe(201);
    const old = await bed.backend('v2', made.app);
    expect((await post(`http://127.0.0.1:${old.port}/orders`, order)).status).toBe(500);
  });

  it('v5: the backend ends while it starts, in what it changed', async () => {
    await expect(bed.backend('v5', urls.app)).rejects.toThrow(/pricing\.mjs/);
  });

  it('v6: the page has no form to order with, the backend takes orders', async () => {
    await bed.site('v2');
    expect(await page()).toContain('Order now');
    await bed.site('v6');
    expect(await page()).toContain('<span id="version">v6</span>');
    expect(await page()).not.toContain('Order now');
    const { port } = await bed.backend('v6', urls.app);
    expect((await post(`http://127.0.0.1:${port}/orders`, order)).status).toBe(201);
  });

  it('v7: three cost as much as one', async () => {
    const good = await bed.backend('v2', urls.app);
    const bad = await bed.backend('v7', urls.app);
    const [right, wrong] = await Promise.all(
      [good, bad].map(({ port }) => post(`http://127.0.0.1:${port}/quote`, order)),
    );
    expect(wrong?.body.totalCents).toBe(Number(right?.body.totalCents) / 3);
  });

  it('v8: the catalogue is right and slow', async () => {
    const { port } = await bed.backend('v8', urls.app);
    const before = performance.now();
    expect(await status(`http://127.0.0.1:${port}/products`)).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(790);
    expect((await post(`http://127.0.0.1:${port}/quote`, order)).status).toBe(200);
  });

  it('v9: all is well until the bestsellers were asked for some forty times', async () => {
    const { port } = await bed.backend('v9', urls.app);
    const statuses: number[] = [];
    for (let asked = 0; asked < 44; asked += 1) {
      if (asked === 25) expect((await post(`http://127.0.0.1:${port}/orders`, order)).status).toBe(201);
      statuses.push(await status(`http://127.0.0.1:${port}/bestsellers`));
    }
    expect(new Set(statuses.slice(0, 36))).toEqual(new Set([200]));
    expect(statuses.slice(-3)).toEqual([500, 500, 500]);
    expect(await status(`http://127.0.0.1:${port}/health`)).toBe(503);
  });
});
