import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { k6Schema } from '../../src/performance/k6/k6.schema.ts';
import { k6 } from '../../src/performance/k6/k6.ts';
import { readSummary } from '../../src/performance/k6/k6-summary.ts';
import { findK6 } from '../support/k6-tool.ts';
import { isMissing } from '../support/tools.ts';
import { measuring } from './measuring.ts';

const found = await findK6();
const skip = isMissing(found) ? found.missing : undefined;
if (skip !== undefined) console.warn(skip);

const home = mkdtempSync(join(tmpdir(), 'savepoint-k6-test-'));
let base = '';
/** What the server was sent. */
const tokens = new Set<string>();
const server = createServer((request, response) => {
  tokens.add(request.headers.authorization ?? '');
  if (request.url === '/broken') return void response.writeHead(500).end();
  setTimeout(() => response.writeHead(200).end('{}'), request.url === '/slow' ? 60 : 0);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (!isMissing(found)) vi.stubEnv('K6', found.path);
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  rmSync(home, { recursive: true, force: true });
});

/** A script of 30 iterations that asks `path` with a token; `options`: of k6, as JavaScript. */
function script(path: string, options = ''): string {
  const name = `script-${Math.random().toString(36).slice(2)}.js`;
  writeFileSync(
    join(home, name),
    `import http from 'k6/http';
export const options = { vus: 3, iterations: 30, ${options} };
export default function () {
  if (${JSON.stringify(path)} === '/throws') throw new Error('the token is ' + __ENV.TOKEN);
  http.get(__ENV.BASE + ${JSON.stringify(path)}, { headers: { authorization: __ENV.TOKEN } });
}
`,
  );
  return name;
}

async function judged(path: string, more: object = {}, options = '') {
  const written = { script: script(path, options), env: { BASE: base, TOKEN: 'letmein-4711' }, ...more };
  const redact = <T>(value: T): T =>
    typeof value === 'string' ? (value.replaceAll('letmein-4711', '[secret]') as T & string) : value;
  const order = measuring({ name: 'checkout', spec: k6Schema.parse(written), home, records: './records' });
  const { judgements } = await k6.measure({ ...order, redact });
  return judgements;
}

describe.skipIf(skip !== undefined)('a script that k6 runs', () => {
  it('goes back above a limit and where a threshold of its own is crossed, which asks where the plan says so', async () => {
    const options = `thresholds: { http_req_duration: ['p(95)<20', 'p(95)<60000'], http_req_failed: ['rate<0.5'] }`;
    const limits = { p50: { consult: '30ms' }, p95: { rollBack: '30ms' }, errors: { rollBack: '10 %' } };
    const judgements = await judged('/slow', limits, options);
    expect(judgements.map(({ criterion, verdict, n }) => [criterion, verdict, n])).toEqual([
      ['errors of checkout', 'proceed', 30],
      ['p50 of checkout', 'consult', 30],
      ['p95 of checkout', 'roll back', 30],
      ['thresholds of checkout', 'roll back', 30],
    ]);
    expect(judgements[2]?.value).toBeGreaterThan(59);
    expect(judgements[3]?.explanation).toMatch(
      /^1 of 3 thresholds of the script were crossed: http_req_duration p\(95\)<20; report: k6\/.*\.json in the records$/,
    );
    const [asked] = await judged('/slow', { thresholds: 'consult' }, options);
    expect(asked).toMatchObject({ criterion: 'thresholds of checkout', verdict: 'consult', value: 1 });
  });

  it('counts wrong answers', async () => {
    const [errors] = await judged('/broken', { errors: { rollBack: '10 %' } });
    expect(errors).toMatchObject({ verdict: 'roll back', value: 100, unit: '%', n: 30 });
  });

  it('is good within its limits and thresholds, and got its variables', async () => {
    tokens.clear();
    const judgements = await judged(
      '/',
      { p95: { rollBack: '20s' }, errors: { rollBack: '10 %' } },
      "thresholds: { http_req_failed: ['rate<0.5'] }",
    );
    expect(judgements.map(({ verdict }) => verdict)).toEqual(['proceed', 'proceed', 'proceed']);
    expect([...tokens]).toEqual(['letmein-4711']);
    const kept = readdirSync(join(home, 'records', 'k6'));
    expect(kept.length).toBeGreaterThan(0);
    expect(readFileSync(join(home, 'records', 'k6', kept[0] ?? ''), 'utf8')).toContain('http_req_duration');
  });

  it('says nothing of percentiles that its few requests do not have', async () => {
    const [p95] = await judged('/', { p95: { rollBack: '20s' }, minimumSamples: 31 });
    expect(p95).toMatchObject({
      verdict: 'unknown',
      explanation: expect.stringMatching(/^30 samples, 31 needed: could not be judged/),
    });
  });

  it('is never good when it does not run, is cut off, or nothing judges it', async () => {
    const limit = { errors: { rollBack: '10 %' } };
    const missing = await judged('/', { ...limit, script: './nowhere.js' });
    expect(missing).toMatchObject([{ verdict: 'unknown', explanation: expect.stringContaining('nowhere.js') }]);
    const dying = script('/');
    writeFileSync(
      join(home, dying),
      `throw new Error('\${__ENV.TOKEN} is not valid');\nexport default () => {};`.replaceAll("'", '`'),
    );
    const [died] = await judged('/', { ...limit, script: dying });
    expect(died).toMatchObject({ verdict: 'unknown', explanation: expect.stringContaining('[secret] is not valid') });
    expect(died?.explanation).not.toContain('letmein');
    const cutOff = await judged('/', { ...limit, timeout: '1ms' });
    expect(cutOff).toMatchObject([{ verdict: 'unknown', explanation: expect.stringContaining('after 1 ms') }]);
    const unjudged = await judged('/');
    expect(unjudged).toMatchObject([{ verdict: 'unknown', explanation: expect.stringContaining('nothing judges it') }]);
    const throwing = await judged('/throws', limit);
    expect(throwing).toMatchObject([
      { verdict: 'unknown', explanation: expect.stringMatching(/^the script sent no HTTP request/) },
    ]);
  });

  it('is void where k6 had too few virtual users for the rate that it should send', async () => {
    const rate = `scenarios: { all: { executor: 'constant-arrival-rate', rate: 200, duration: '1s', preAllocatedVUs: 2, maxVUs: 2 } },`;
    const file = script('/slow', '');
    const text = readFileSync(join(home, file), 'utf8').replace('vus: 3, iterations: 30,', rate);
    writeFileSync(join(home, file), text);
    const judgements = await judged('/slow', { script: file, errors: { rollBack: '10 %' } });
    expect(judgements.find(({ criterion }) => criterion === 'rate of checkout')).toMatchObject({
      verdict: 'unknown',
      explanation: expect.stringMatching(/^k6 dropped \d+ of \d+ iterations, so less was asked than the script says/),
    });
  });
});

describe('a script on a worker without k6', () => {
  it('is not known to be good, and says what to install', async () => {
    vi.stubEnv('K6', join(home, 'no-k6'));
    const judgements = await judged('/', { errors: { rollBack: '10 %' } });
    expect(judgements).toMatchObject([
      { verdict: 'unknown', explanation: expect.stringMatching(/^k6 could not be run: .*; install k6 on the worker/) },
    ]);
    if (!isMissing(found)) vi.stubEnv('K6', found.path);
  });
});

it('a file that is no summary is none', () => {
  expect([readSummary(''), readSummary('{}'), readSummary('[1]'), readSummary('{"metrics":{}}')]).toEqual([
    null,
    null,
    null,
    { measured: null, dropped: 0, iterations: 0, thresholds: 0, crossed: [] },
  ]);
});
