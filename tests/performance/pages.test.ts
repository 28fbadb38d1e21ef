import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keepReport } from '../../src/performance/keeping.ts';
import { type PagesSpec, pagesSchema } from '../../src/performance/pages/pages.schema.ts';
import { pages } from '../../src/performance/pages/pages.ts';
import { problemOf } from '../../src/performance/pages/pages-problems.ts';
import { findChromium, isMissing } from '../support/tools.ts';
import { measuring } from './measuring.ts';

const found = await findChromium();
const skip = isMissing(found) ? found.missing : undefined;
if (skip !== undefined) console.warn(skip);

const folder = mkdtempSync(join(tmpdir(), 'savepoint-pages-test-'));
const head =
  '<!doctype html><html lang="en"><head><title>Shop</title><meta name="viewport" content="width=device-width">';

const html = (response: ServerResponse, body: string): void =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end(`${head}</head><body>${body}</body></html>`);

/** Paths of a small application; members see their page only with a session. */
const routes: Record<string, (response: ServerResponse, cookie: string) => void> = {
  '/members': (response, cookie) =>
    cookie === 'session=letmein-4711'
      ? html(response, '<h1>Your orders</h1><p>for letmein-4711</p>')
      : void response.writeHead(302, { location: '/login' }).end(),
  '/login': (response) => html(response, '<h1>Log in</h1>'),
  '/slow': (response) => void setTimeout(() => html(response, '<h1>At last</h1>'), 2_500),
  '/broken': (response) => void response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>'),
};

const server = createServer((request, response) => {
  const route = routes[request.url ?? ''];
  if (route === undefined) return void response.writeHead(404).end();
  route(response, request.headers.cookie ?? '');
});
let base = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page is opened once, as fast as this machine is. */
function page(path: string, more: object): PagesSpec {
  return pagesSchema.parse({ url: `${base}${path}`, runs: 1, throttling: 'none', ...more });
}

async function judged(path: string, more: object) {
  const { judgements } = await pages.measure(measuring({ name: 'front', spec: page(path, more), records: folder }));
  return judgements;
}

describe.skipIf(skip !== undefined)('FR-10 a page that Lighthouse opens', () => {
  it.concurrent('is never good when it answers 500 or is another page', { timeout: 120_000 }, async () => {
    const limits = { score: { consult: 1 } };
    const said = await Promise.all(['/broken', '/members'].map((path) => judged(path, limits)));
    expect(said).toMatchObject([
      [{ verdict: 'unknown', explanation: expect.stringMatching(/it answered 500; see the log of the application$/) }],
      [
        {
          verdict: 'unknown',
          explanation: expect.stringMatching(/it led to \S+\/login, so that another page was measured; .*cookies/),
        },
      ],
    ]);
  });

  it.concurrent('asks when it is slow or loads too much, and says where the report is', {
    timeout: 120_000,
  }, async () => {
    const limits = {
      fcp: { consult: '2s', rollBack: '1m' },
      lcp: { rollBack: '2s' },
      budget: { total: '100 B', requests: 9 },
    };
    const judgements = await judged('/slow', limits);
    expect(judgements.map(({ criterion, verdict }) => [criterion, verdict])).toEqual([
      ['fcp of front', 'consult'],
      ['lcp of front', 'roll back'],
      ['total transferred of front', 'consult'],
      ['total made of front', 'proceed'],
    ]);
    const [fcp] = judgements;
    expect(fcp?.value).toBeGreaterThan(2_400);
    expect(fcp?.explanation).toMatch(
      /^fcp \d+ ms \(one run\) is above the limit of 2000 ms for asking.*; report: lighthouse\//,
    );
  });

  it('is good when it is fast, over the median of its runs, also behind a login', { timeout: 180_000 }, async () => {
    const redact = <T>(value: T): T =>
      typeof value === 'string' ? (value.replaceAll('letmein-4711', '[secret]') as T & string) : value;
    const spec = page('/members', {
      runs: 2,
      formFactor: 'desktop',
      cookies: { session: 'letmein-4711' },
      score: { consult: 80, rollBack: 50 },
      fcp: { consult: '2s' },
      tti: { consult: '3s' },
      cls: { consult: 0.1 },
      budget: { total: '1 MB' },
    });
    const records = join(folder, 'members');
    const { judgements } = await pages.measure({ ...measuring({ name: 'orders', spec, records }), redact });
    expect(judgements.filter(({ verdict }) => verdict !== 'proceed')).toEqual([]);
    expect(judgements.map(({ unit }) => unit)).toEqual(['points', 'ms', 'ms', '', 'kB']);
    expect(judgements[0]?.explanation).toMatch(
      /^score \d+ points \(median of 2 runs, \d+ to \d+\) is within the limit of 80 points$/,
    );
    const [report] = readdirSync(join(records, 'lighthouse'));
    const kept = readFileSync(join(records, 'lighthouse', report ?? ''), 'utf8');
    expect(kept).toContain('Lighthouse');
    expect(kept).not.toContain('letmein-4711');
  });

  it('leaves no Chromium behind when the release is aborted', { timeout: 60_000 }, async () => {
    const abort = new AbortController();
    const spec = page('/slow', { runs: 3, score: { consult: 1 } });
    const running = pages.measure({ ...measuring({ name: 'front', spec, records: folder }), signal: abort.signal });
    await vi.waitFor(async () => expect(await chromiumsOfMine()).not.toEqual([]), { timeout: 20_000, interval: 200 });
    await sleep(1_000);
    abort.abort(new Error('the release was aborted'));
    await expect(running).rejects.toThrow('the release was aborted');
    await vi.waitFor(async () => expect(await chromiumsOfMine()).toEqual([]), { timeout: 5_000 });
  });
});

describe('what Lighthouse says about a page that it could not measure', () => {
  const result = (more: object) => ({
    requestedUrl: 'http://shop/',
    finalDisplayedUrl: 'http://shop/?a=1#top',
    ...more,
  });
  const error = (code: string, message: string) => result({ runtimeError: { code, message } });

  it.each([
    [error('NOT_HTML', 'The page provided is not HTML'), true, 'it is no HTML page'],
    [error('ERRORED_DOCUMENT_REQUEST', 'Unable to load. (Status code: 404)'), true, 'it answered 404'],
    [error('PAGE_HUNG', 'It hangs'), false, 'Lighthouse could not measure it: PAGE_HUNG, It hangs'],
    [result({ finalDisplayedUrl: 'http://shop/login?next=/' }), true, 'it led to http://shop/login, so that another'],
  ])('is told in words that help: %#', (given, isFinal, what) => {
    expect(problemOf(given)).toMatchObject({ isFinal, what: expect.stringContaining(what) });
  });

  it('is nothing where the page only added a query and a fragment of its own', () => {
    expect(problemOf(result({}))).toBeNull();
  });
});

describe('the report of a tool', () => {
  it('is kept without the secrets of the plan, and says so where it cannot be kept', async () => {
    const records = join(folder, 'kept');
    const redact = <T>(value: T): T =>
      typeof value === 'string' ? (value.replaceAll('hunter2', '…') as T & string) : value;
    const order = { ...measuring({ name: '../a page', spec: null, records }), redact };
    expect(await keepReport(order, 'k6', { extension: 'json', content: '{"a":"hunter2"}' })).toMatch(
      /^report: k6\/[\w-]+-v2-_.+\.json in the records$/,
    );
    const [file = ''] = readdirSync(join(records, 'k6'));
    expect(readFileSync(join(records, 'k6', file), 'utf8')).toBe('{"a":"…"}');
    expect(readdirSync(records)).toEqual(['k6']);
    const nowhere = { ...measuring({ name: 'a', spec: null, records: join(records, 'k6', file) }), redact };
    expect(await keepReport(nowhere, 'k6', { extension: 'json', content: '' })).toBe(
      'no report is kept: the records folder cannot be written',
    );
  });
});

describe('a page on a worker without Chromium', () => {
  it('is not known to be good, and says what to install', async () => {
    vi.stubEnv('CHROMIUM', join(folder, 'no-chromium'));
    try {
      const [judgement, ...more] = await judged('/login', { score: { consult: 1 } });
      expect(judgement).toMatchObject({ verdict: 'unknown', value: null, n: 0 });
      expect(judgement?.explanation).toMatch(/there is no Chromium on this worker; install Chromium .* as CHROMIUM$/);
      expect(more).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

/** Chromiums that this process started for Lighthouse. */
async function chromiumsOfMine(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'ppid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('savepoint-lighthouse-'));
}
