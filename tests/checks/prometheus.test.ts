import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { askThroughout, type Throughout } from '../../src/activities/throughout.ts';
import { askUntil } from '../../src/checks/ask.ts';
import { systemClock } from '../../src/checks/clock.ts';
import { prometheusSchema } from '../../src/checks/prometheus/prometheus.schema.ts';
import { prometheus } from '../../src/checks/prometheus/prometheus.ts';
import { selectorsOf } from '../../src/checks/prometheus/promql.ts';
import type { Answer } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { type EvidenceApp, startEvidenceApp } from '../support/evidence-app/app.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { findPrometheus, isMissing } from '../support/tools.ts';
import { asking } from './asking.ts';
import { closedUrl } from './evidence.ts';

const tool = await findPrometheus();
const skip = isMissing(tool) ? tool.missing : undefined;
if (skip !== undefined) console.warn(skip);

type Written = Partial<z.input<typeof prometheusSchema>> & { query: string };

let shop: EvidenceApp;
let kiosk: EvidenceApp;
let frozen: Server;
let front: Server;
let server: Prometheus;

const addressOf = (one: Server): string => `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
const listen = (one: Server) => new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));

/** What stands in front of Prometheus in companies: a path, a password, only reading, and now and then a warning. */
function startFront(): Server {
  return createServer((request, response) => {
    const basic = `Basic ${Buffer.from('ops:let-me-read').toString('base64')}`;
    if (![basic, 'Bearer token-of-a-robot'].includes(request.headers.authorization ?? '')) {
      return response.writeHead(401).end('who are you?');
    }
    if (!request.url?.startsWith('/prom/')) return response.writeHead(404).end('<html>nothing here</html>');
    if (request.method !== 'GET') return response.writeHead(405).end();
    return void fetch(`${server.url}${request.url.replace('/prom', '')}`)
      .then((answer) => answer.json())
      .then((answer) => response.end(JSON.stringify({ ...Object(answer), warnings: ['a store did not answer'] })));
  });
}

beforeAll(async () => {
  if (skip !== undefined) return;
  shop = await startEvidenceApp();
  kiosk = await startEvidenceApp();
  const since = Date.now() - 60_000;
  frozen = createServer((_request, response) => response.end(`frozen_total 1 ${since}\n`));
  front = startFront();
  await Promise.all([listen(frozen), listen(front)]);
  const scraped = { shop: shop.url, kiosk: kiosk.url, frozen: addressOf(frozen) };
  const pages = Object.entries(scraped).map(([job, url]) => [job, `${url}/metrics`]);
  server = await startPrometheus({ scraped: Object.fromEntries(pages) });
  await server.until('count_over_time(shop_requests_total{job="shop"}[1m]) > 2');
  await server.until('rate(shop_requests_total{job="kiosk"}[1m]) and on() frozen_total');
});
afterAll(async () => {
  for (const one of [frozen, front]) one?.close();
  await Promise.all([server?.stop(), shop?.stop(), kiosk?.stop()]);
});

const ask = (written: Written): Promise<Answer> =>
  prometheus.ask(asking(prometheusSchema.parse({ url: server.url, step: '1s', ...written })));
const campaigns = 'shop_campaigns{job="shop"}';

describe.skipIf(skip !== undefined)('MF-07 a query of Prometheus', () => {
  it('beyond its limit is a FAIL that shows the worst series with its labels', async () => {
    shop.state.campaigns.push({ id: 3, tenant: 'shop-b', name: 'Summer' });
    await server.until(`${campaigns} == 2`);
    const answer = await ask({ query: campaigns, fails: { above: 0 } });
    expect(answer).toMatchObject({ status: 'FAIL', remedy: expect.any(String) });
    expect(answer.summary).toMatch(
      /^shop_campaigns\{instance="[^"]+",job="shop",tenant="shop-b"\} is 2, and bad is above 0 \(and 1 more\)$/,
    );
    expect(answer.evidence).toContain('tenant="shop-a"} is 1');
    const low = await ask({ query: campaigns, fails: { below: 2 } });
    expect(low.summary).toContain('tenant="shop-a"} is 1, and bad is below 2');
  });

  it('within its limits is a PASS, and between them a WARN', async () => {
    expect(await ask({ query: `sum(${campaigns})`, fails: { above: 9 } })).toMatchObject({
      status: 'PASS',
      summary: 'sum(shop_campaigns{job="shop"}) is 3; bad is above 9',
    });
    const answer = await ask({ query: `sum(${campaigns})`, fails: { above: 9 }, warns: { atLeast: 3 } });
    expect(answer).toMatchObject({ status: 'WARN', summary: expect.stringContaining('bad is at least 3') });
  });

  it('is judged by number, scalar or series alike; texts and ranges are no numbers', async () => {
    expect((await ask({ query: `scalar(sum(${campaigns}))`, fails: { above: 2 } })).status).toBe('FAIL');
    expect((await ask({ query: '1 / 0', fails: { above: 1 } })).status).toBe('FAIL');
    for (const query of ['"a text"', 'shop_requests_total[1m]']) {
      expect(await ask({ query, fails: { above: 0 } }), query).toMatchObject({ status: 'PENDING' });
    }
  });

  it('FB-07 that was bad all the time is a FAIL, and one good moment of it a PASS', async () => {
    const held = await ask({ query: 'shop_campaigns{tenant="shop-a",job="shop"}', fails: { above: 0, for: '2s' } });
    expect(held).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('bad is above 0 for 2.0 s') });
    shop.state.campaigns.push({ id: 4, tenant: 'shop-b', name: 'Autumn' });
    await server.until(`${campaigns} == 3`);
    const young = await ask({ query: 'shop_campaigns{tenant="shop-b",job="shop"}', fails: { above: 2, for: '30s' } });
    expect(young).toMatchObject({ status: 'PASS', evidence: expect.stringMatching(/before: [12] to 3/) });
  });

  it('for a time that was not all measured is PENDING, never good and never bad', async () => {
    const limits = { fails: { above: 0, for: '1h' }, step: '1m' };
    const answer = await ask({ query: 'shop_campaigns{tenant="shop-a",job="shop"}', ...limits });
    expect(answer).toMatchObject({
      status: 'PENDING',
      summary: expect.stringContaining('no value for a part of the time'),
    });
    expect(answer.evidence).toContain('of 61 moments without a value');
    const filtered = await ask({ query: `${campaigns} > 0`, ...limits, absent: 'pass' });
    expect(filtered.status).toBe('PASS');
  });

  it('that finds nothing is PENDING, or what the plan says', async () => {
    const nothing = { query: `${campaigns} > 100`, fails: { above: 0 } };
    expect(await ask(nothing)).toMatchObject({
      status: 'PENDING',
      summary: expect.stringContaining('nothing was found'),
    });
    expect((await ask({ ...nothing, absent: 'pass' })).status).toBe('PASS');
    expect((await ask({ ...nothing, absent: 'fail' })).status).toBe('FAIL');
  });

  it('that divides nothing by nothing is PENDING', async () => {
    const share = { query: 'shop_webhooks_total{job="shop"} / shop_webhooks_total{job="shop"}', fails: { above: 1 } };
    expect(await ask(share)).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('is no number') });
    expect((await ask({ ...share, absent: 'pass' })).status).toBe('PASS');
  });

  it('with a mistake in it is PENDING and says which', async () => {
    const answer = await ask({ query: 'sum(rate(shop_requests_total[5m])', fails: { above: 1 } });
    expect(answer).toMatchObject({ status: 'PENDING', remedy: expect.stringContaining('correct the query') });
    expect(answer.summary).toMatch(/does not take the query: .*parse error: unclosed left parenthesis/);
    const sides = await ask({ query: `${campaigns} / on(job) ${campaigns}`, fails: { above: 1 } });
    expect(sides).toMatchObject({ status: 'PENDING', remedy: expect.stringContaining('one to one') });
  });

  it('of names that were never scraped is PENDING, whatever stands in for them', async () => {
    const answer = await ask({ query: 'sum(rate(shop_reqests_total[1m])) or vector(0)', fails: { above: 1 } });
    expect(answer).toMatchObject({ status: 'PENDING', summary: 'there is no sample of shop_reqests_total' });
  });

  it('whose newest sample is too old is PENDING', async () => {
    const answer = await ask({ query: 'frozen_total', newest: '10s', fails: { above: 5 } });
    expect(answer).toMatchObject({
      status: 'PENDING',
      summary: expect.stringMatching(/newest sample is 1 min( \d+ s)? old/),
    });
    expect((await ask({ query: 'frozen_total', fails: { above: 5 } })).status).toBe('PASS');
  });

  it('that goes on answering from what was scraped before the application went down is PENDING', async () => {
    const query = 'sum(rate(shop_requests_total{job="kiosk"}[1m]))';
    const scrapes = { job: 'kiosk' };
    expect((await ask({ query, scrapes, fails: { above: 100 } })).status).toBe('PASS');
    kiosk.faults.down = true;
    await server.until('up{job="kiosk"} == 0');
    // The rate is still there.
    expect(await server.query(query)).toHaveLength(1);
    expect(await ask({ query, fails: { above: 100 } })).toMatchObject({
      status: 'PENDING',
      summary: 'its metrics are not scraped any more',
    });
    const gone = { query: 'shop_campaigns{job="kiosk"}', fails: { above: 100 } };
    expect((await ask({ ...gone, absent: 'pass' })).status).toBe('PENDING');
    expect((await ask({ ...gone, absent: 'fail' })).status).toBe('FAIL');
    const both = { query: 'sum(rate(shop_requests_total[1m]))', scrapes: { job: 'kiosk' } };
    const answer = await ask({ ...both, fails: { above: 100 } });
    expect(answer).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('1 of 1 scrapes') });
    expect((await ask({ ...both, scrapes: { job: 'nobody' }, fails: { above: 100 } })).summary).toContain(
      'nothing is scraped',
    );
    // What was measured and is bad stays bad.
    const up = { query: 'up{job="kiosk"}', scrapes: { job: 'kiosk' }, fails: { below: 1 } };
    expect((await ask(up)).status).toBe('FAIL');
    await server.until('up{job="frozen"} == 1');
    const some = { query: campaigns, scrapes: {} };
    expect((await ask({ ...some, fails: { above: 100 } })).summary).toContain('1 of 3 scrapes');
    expect((await ask({ ...some, fails: { above: 0 } })).status).toBe('FAIL');
  });

  it('is asked behind a path, with credentials, by reading alone, and shows what the server warns of', async () => {
    const url = `${addressOf(front)}/prom/`;
    const query = { query: `sum(${campaigns})`, fails: { above: 100, for: '2s' } };
    for (const auth of [{ basic: { user: 'ops', password: 'let-me-read' } }, { bearer: 'token-of-a-robot' }]) {
      const answer = await ask({ url, auth, ...query });
      expect(answer).toMatchObject({ status: 'WARN', summary: 'Prometheus warns: a store did not answer' });
    }
    const stranger = await ask({ url, auth: { basic: { user: 'ops', password: 'guessed-it' } }, ...query });
    expect(stranger).toMatchObject({ status: 'PENDING', remedy: expect.stringContaining('give auth') });
    expect(JSON.stringify(stranger)).not.toContain('guessed-it');
    const elsewhere = await ask({ url: addressOf(front), auth: { bearer: 'token-of-a-robot' }, ...query });
    expect(elsewhere).toMatchObject({ status: 'PENDING', remedy: expect.stringContaining('path of Prometheus') });
    expect((await ask({ url: shop.url, ...query })).status).toBe('PENDING');
  });

  it('that nobody answers is PENDING: the monitor is gone, not the application', async () => {
    for (const url of [await closedUrl(), 'http://no-such-host.invalid', '${env:NOWHERE}']) {
      const answer = await ask({ url, query: 'up', fails: { below: 1 } });
      expect(answer, url).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
    }
  });

  it('ends a watch at once when it fails, and counts the silence of Prometheus as unwatched', async () => {
    const written = { query: `sum(${campaigns})`, fails: { above: 50 } };
    const watch = async (url: string, forMs: number): Promise<Throughout> => {
      const spec = prometheusSchema.parse({ url, ...written }) as Json;
      const fields = { name: 'campaigns', kind: 'prometheus', critical: true, withinMs: 0, everyMs: 100 };
      const planned = { ...fields, remedy: null, spec };
      const { signal } = new AbortController();
      return await askThroughout({
        throughout: { everyMs: 500, checks: [planned] },
        fromMs: Date.now(),
        untilMs: Date.now() + forMs,
        clock: systemClock,
        signal,
        ends: signal,
        resume: null,
        ask: async (either) => [await askUntil(planned, asking(spec, { signal: either }), systemClock)],
        onRound: () => undefined,
      });
    };
    const silent = await watch(await closedUrl(), 600);
    expect(silent).toMatchObject({ failed: false, results: [{ status: 'PENDING' }] });
    expect(silent.unwatchedMs).toBeGreaterThanOrEqual(500);
    const watched = watch(server.url, 20_000);
    for (let id = 100; id < 150; id += 1) shop.state.campaigns.push({ id, tenant: 'shop-a', name: '' });
    expect(await watched).toMatchObject({ failed: true, results: [{ status: 'FAIL' }] });
  });
});

describe('the selectors of a query', () => {
  it.each([
    ['sum by (job) (rate(a{b=~"x|y"}[5m])) / on(job) group_left c', ['a{b=~"x|y"}', 'c']],
    ['max_over_time(rate(a[1m])[1h:1m]) or vector(0)', ['a']],
    ['a offset 1d > b @ 1700000000', []],
    ['absent(a) or absent_over_time(b[5m])', []],
    ['a and sum(', []],
    ['1 + 1', []],
  ])('%s', async (query, selectors) => {
    expect(await selectorsOf(query)).toEqual(selectors);
  });
});
