import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { percentile } from '../../src/release/statistics.ts';
import { begun, generators, measured, of, recordOf, sound } from './loads.ts';
import { startServer, type TestServer } from './servers.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const at = (path: string, more: object = {}): object => ({ url: `${server.origin}${path}`, ...more });
/** So far from every limit that a busy machine does not matter. */
const wide = { p50: { rollBack: '5s' }, p95: { rollBack: '5s' } };

describe('a load that is judged', { timeout: 90_000 }, () => {
  it('is bad where the service is slow, whatever the first limit says', async () => {
    const limits = { p50: { consult: '1900ms', rollBack: '2s' }, p95: { rollBack: '20s' } };
    const found = await sound({ rate: '80/s', requests: [at('/slow')], ...limits, errors: { rollBack: '1 %' } });
    expect(of(found, 'p50 of shop')).toMatchObject({ verdict: 'roll back', limit: 2000, unit: 'ms', n: 40 });
    expect(of(found, 'p50 of shop').value).toBeGreaterThanOrEqual(2_499);
    expect(of(found, 'p50 of shop').interval?.low).toBeGreaterThanOrEqual(2_499);
    expect(of(found, 'p95 of shop').verdict).toBe('proceed');
    expect(of(found, 'errors of shop')).toMatchObject({ verdict: 'proceed', value: 0, n: 40 });
  });

  it('is bad where the service breaks, and says what it answered', async () => {
    const limits = { errors: { consult: '1 %', rollBack: '50 %' }, ...wide };
    const some = await sound({ rate: '80/s', requests: [at('/mixed')], ...limits });
    expect(of(some, 'errors of shop')).toMatchObject({ verdict: 'consult', value: 25, limit: 1, unit: '%' });
    expect(of(some, 'errors of shop').explanation).toContain('; 10 × status 503');
    const all = await sound({ rate: '80/s', requests: [at('/broken')], ...limits });
    expect(of(all, 'errors of shop')).toMatchObject({ verdict: 'roll back', value: 100 });
    // Quick errors are no quick answers.
    expect(of(all, 'p50 of shop')).toMatchObject({ verdict: 'unknown', value: null });
  });

  it('counts time-outs apart from errors, and as slow answers', async () => {
    const limits = { timeouts: { rollBack: '0 %' }, errors: { rollBack: '0 %' }, p50: { rollBack: '4s' } };
    const found = await sound({ rate: '40/s', timeout: '2s', requests: [at('/never')], ...limits });
    expect(of(found, 'timeouts of shop')).toMatchObject({ verdict: 'roll back', value: 100, n: 20 });
    expect(of(found, 'timeouts of shop').explanation).toMatch(/^timeouts 100 % \(.* to 100\) over 20 samples is above/);
    expect(of(found, 'errors of shop')).toMatchObject({ verdict: 'proceed', value: 0 });
    expect(of(found, 'p50 of shop').value).toBeCloseTo(2_000, -2);
  });

  it('counts time-outs as errors where nothing else judges them', async () => {
    const limits = { errors: { rollBack: '5 %' } };
    const found = await sound({ rate: '40/s', timeout: '2s', requests: [at('/never')], ...limits });
    expect(of(found, 'errors of shop')).toMatchObject({ verdict: 'roll back', value: 100 });
    expect(of(found, 'errors of shop').explanation).toContain('20 × no answer in time');
  });

  it('is bad, and not void, where the service is gone', async () => {
    const requests = [{ url: `http://127.0.0.1:${await closedPort()}/` }];
    const found = await sound({ rate: '80/s', requests, errors: { rollBack: '5 %' } });
    expect(of(found, 'errors of shop')).toMatchObject({ verdict: 'roll back', value: 100, n: 40 });
    expect(of(found, 'errors of shop').explanation).toContain('40 × ECONNREFUSED');
  });

  it('looks into answers where the plan says what must be in them, and follows no redirect', async () => {
    const right = { status: 200, json: { $: { matches: '.' } } };
    const wrong = await sound({
      rate: '40/s',
      requests: [at('/', { expect: { json: { '$.ok': false } } }), at('/moved')],
      errors: { rollBack: '5 %' },
    });
    expect(of(wrong, 'errors of shop')).toMatchObject({ value: 100 });
    expect(of(wrong, 'errors of shop').explanation).toContain('10 × status 302');
    const expected = [
      at('/', { expect: { ...right, json: { '$.ok': true } } }),
      at('/moved', { expect: { status: '3xx' } }),
    ];
    const good = await sound({ rate: '40/s', requests: expected, errors: { rollBack: '5 %' } });
    expect(of(good, 'errors of shop')).toMatchObject({ verdict: 'proceed', value: 0, n: 20 });
  });
});

describe('a load at a rate', () => {
  it('sends what is due and throws the warm-up away', async () => {
    const found = await measured({ rate: '50/s', warmUp: '1s', for: '1s', requests: [at('/cold')], ...wide });
    const { counts, warmUp, measurement } = recordOf(found);
    expect(warmUp.due).toBe(50);
    expect(counts).toMatchObject({ due: 50, ok: 50 });
    expect(measurement?.n).toBe(50);
    expect(measurement?.p50).toBeLessThan(300);
    expect(await server.ask('/count')).toMatchObject({ 'GET /cold': 100 });
  });

  it('shows a stop of the service as its users felt it', { timeout: 60_000 }, async () => {
    const known = (await server.ask<unknown[]>('/log')).length;
    const order = measured({ rate: '50/s', for: '3s', requests: [at('/')], ...wide });
    while ((await server.ask<unknown[]>('/log')).length < known + 50) await sleep(50);
    server.freeze();
    await sleep(1_400);
    server.thaw();
    const found = await order;
    const truth = percentile(latencies((await server.ask<[number, number][]>('/log')).slice(known), 20), 99) ?? 0;
    expect(truth).toBeGreaterThan(1_200);
    const { measurement } = recordOf(found);
    expect(Math.abs((measurement?.p99 ?? 0) / truth - 1)).toBeLessThan(0.1);
  });

  it('sends in turns by weight, with bodies where the plan allows to write', async () => {
    const requests = [at('/weight-3', { weight: 3 }), at('/weight-1', { method: 'POST', json: { id: 1 } })];
    await measured({ rate: '80/s', writes: true, requests, errors: { rollBack: '5 %' } });
    expect(await server.ask('/count')).toMatchObject({ 'GET /weight-3': 30, 'POST /weight-1': 10 });
  });
});

describe('a load of users', () => {
  it('has no more requests open than users, and each waits for its answer', async () => {
    const found = await measured({ users: 4, think: '0', requests: [at('/slow')], for: '1500ms', ...wide });
    const { due, ok } = recordOf(found).counts;
    // A second one would begin after the end.
    expect(due).toBe(4);
    expect(ok).toBe(due);
    expect(found.record).toMatchObject({ generator: { longestInFlight: 4 } });
  });
});

describe('a load that is stopped', () => {
  it('leaves no process and no connection behind', async () => {
    const stop = new AbortController();
    const order = measured({ rate: '100/s', for: '20s', requests: [at('/never')], ...wide }, { signal: stop.signal });
    await begun(server);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(order).rejects.toBe(reason);
    expect(await generators()).toEqual([]);
    const open = await expectSoon(() => server.ask<number>('/open'), 1);
    // The one that asks.
    expect(open).toBe(1);
  });

  it('ends with whoever started it, however that ended', async () => {
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', starter], {
      env: { ...process.env, URL: `${server.origin}/` },
      stdio: 'ignore',
    });
    const pids = await begun(server, parent.pid).finally(() => parent.kill('SIGKILL'));
    expect(pids).toHaveLength(1);
    expect(await expectSoon(async () => pids.filter(isAlive).length, 0)).toBe(0);
  });

  it('does not begin when it was stopped before', async () => {
    const order = measured(
      { rate: '1/s', requests: [at('/')], ...wide },
      { signal: AbortSignal.abort(new Error('no')) },
    );
    await expect(order).rejects.toThrow('no');
  });
});

it('refuses an address that is none once it is known, without showing it', async () => {
  const requests = [{ url: '${env:SHOP_URL}/secret' }];
  const order = measured({ rate: '1/s', requests, ...wide });
  await expect(order).rejects.toMatchObject({
    message: 'request 1 of shop: url is no address once its references are resolved',
  });
});

/** A worker that puts a load on. */
const starter = `
import { runGenerator } from ${JSON.stringify(new URL('../../src/performance/load/load-process.ts', import.meta.url).href)};
const requests = [{ url: process.env.URL, method: 'GET', headers: {}, weight: 1, expect: { json: {}, text: [], notText: [], header: {} } }];
const order = { pace: { perSecond: 20 }, warmUpMs: 0, forMs: 60000, timeoutMs: 1000, maxInFlight: 10, lateAfterMs: 100, requests };
await runGenerator(order, { signal: new AbortController().signal });
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** From the moment when each was due: the first one was sent at once, the others evenly after it. */
function latencies(log: readonly [number, number][], everyMs: number): number[] {
  const arrived = [...log].sort(([a], [b]) => a - b);
  const start = Math.min(...arrived.map(([at], index) => at - index * everyMs));
  return arrived.map(([, answered], index) => answered - start - index * everyMs).sort((a, b) => a - b);
}

/** What the server learns of the end of a process takes a moment. */
async function expectSoon(ask: () => Promise<number>, most: number): Promise<number> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline && (await ask()) > most; ) await sleep(20);
  return await ask();
}

async function closedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
