import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { decideUpdate, rollbackUpdate } from '../../src/workflows/messages.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Bench, type Handle, openBench, statusOf, until } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';

type Told = { event: string; subject: string; body: string; to: string[] };

let temporal: TemporalForTests;
let bench: Bench;
let server: Server;
let url: string;
let told: Told[] = [];
/** What the service answers. */
let status = (): number => 200;

beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      if (request.url === '/told') told.push(JSON.parse(body) as Told);
      response.writeHead(request.url === '/told' ? 200 : status()).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
  server?.close();
});

beforeEach(() => {
  told = [];
  status = () => 200;
});

const by = 'deployment-lead';
const version = (application: string) => memoryWorld(worldsOf(application).backend).state.version;
const check = (more: object = {}): object => ({ name: 'tenants', kind: 'http', url, ...more });
const urgent = { priority: 'P1', incident: 'leak' };

type More = { watch?: object; smoke?: object[]; checks?: object; performance?: object };

/** One service that goes back by itself, with people for P1 and a checklist. */
async function start(application: string, more: More): Promise<Handle> {
  const service = { kind: 'memory', world: worldsOf(application).backend, initial: 'v1' };
  const plan = memoryPlan({
    application,
    more: {
      targets: { backend: service },
      notify: [{ name: 'hook', kind: 'webhook', url: `${url}/told`, on: ['watch', 'failed'] }],
      incidents: { leak: ['Rotate the secrets', 'Tell those whose data it is'] },
      ...more,
      watch: {
        schedule: [{ every: '2s', for: '2s' }],
        priorities: { P1: ['product-owner', 'engineering-lead'] },
        ...more.watch,
      },
    },
  });
  const home = join(bench.folder, application);
  const handle = await bench.start(plan, { home });
  await approve(handle);
  return handle;
}

async function inWatch(application: string, more: More): Promise<Handle> {
  const handle = await start(application, more);
  await until(handle, ({ phase }) => phase === 'watch');
  return handle;
}

/** What is kept below the records folder of an application. */
async function linesOf(application: string, record = ''): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(bench.folder, application, 'records', record), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function expectAlert(subject: string): void {
  const alert = told.find(({ subject: each }) => each.startsWith(subject));
  expect(alert?.to).toEqual(['product-owner', 'engineering-lead']);
  expect(alert?.body).toContain('What to do (leak):\n1. Rotate the secrets\n2. Tell those');
}

it('MB-09 MB-10 a smoke check that fails tells whom its priority names, and shows its checklist', async () => {
  status = () => 500;
  const handle = await start('alarm-smoke', { smoke: [check(urgent)], watch: { checks: [check({ name: 'later' })] } });
  const result = await handle.result();
  expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'smoke' });
  expect(result.failure?.evidence).toContain('What to do (leak):\n1. Rotate the secrets');
  expectAlert('P1: tenants: ');
  expect(version('alarm-smoke')).toBe('v1');
});

describe('a group that is asked in the watch', () => {
  const group = (more: object): More => ({ checks: { safety: { at: ['watch'], checks: [check(more)] } } });

  it('MB-09 MB-10 goes back when it fails, tells whom its priority names, and shows its checklist', async () => {
    const handle = await inWatch('group-fails', group(urgent));
    status = () => 500;
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
    expect(result.failure?.message).toMatch(/^tenants: /);
    expectAlert('P1: tenants: ');
    expect(version('group-fails')).toBe('v1');
    const { watch } = await statusOf(handle);
    expect(watch?.points.at(-1)?.checks).toMatchObject([{ group: 'safety', status: 'FAIL', priority: 'P1' }]);
  });

  it('asks where it is not critical, and stays when told so', async () => {
    const handle = await inWatch('group-asks', group({ critical: false, incident: 'leak' }));
    status = () => 500;
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
    expect(question?.why).toContain('What to do (leak)');
    expect(version('group-asks')).toBe('v2');
    const given = { by, question: question?.id ?? '', choice: 'stay', reason: 'known' };
    await handle.executeUpdate(decideUpdate, { args: [given] });
    expect(await handle.result()).toMatchObject({ outcome: 'released-by-decision' });
    expect(version('group-asks')).toBe('v2');
  });

  it('asks where it could not be asked, because nobody knows', async () => {
    const handle = await inWatch('group-pending', group({ url: 'http://nowhere.invalid/' }));
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
    expect(question?.why).toContain('tenants: ');
    expect(version('group-pending')).toBe('v2');
    await handle.executeUpdate(rollbackUpdate, { args: [{ by, reason: 'not known' }] });
    await handle.result();
  });

  it('ends as released while it passes', async () => {
    const handle = await inWatch('group-passes', group(urgent));
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
    expect(told.filter(({ subject }) => subject.startsWith('P1'))).toEqual([]);
  });
});

it('keeps each request that the performance step was judged by', async () => {
  const requests = [{ name: 'orders', url, samples: 20, every: '20ms', errors: { rollBack: '10 %' } }];
  const handle = await start('kept-performance', { performance: { requests }, watch: { checks: [check()] } });
  expect(await handle.result()).toMatchObject({ outcome: 'released' });
  const { steps } = await statusOf(handle);
  const [judged] = steps.find(({ id }) => id === 'performance')?.judgements ?? [];
  const lines = await linesOf('kept-performance', judged?.record);
  expect(lines.filter(({ request }) => request === 'orders').length).toBe(judged?.n);
  expect(lines.at(-1)).toMatchObject({
    summary: { judgements: [{ criterion: judged?.criterion, verdict: 'proceed' }] },
  });
});

describe('smoke checks as traffic where users make none', () => {
  const quiet = (): More => ({
    smoke: [check({ repeatable: true }), check({ name: 'once only' })],
    watch: {
      schedule: [{ every: '30s', for: '30s' }],
      synthetic: { every: '100ms' },
      criteria: { errors: { rollBack: '10 %' } },
      minimumSamples: 5,
    },
  });

  it('find a broken release long before the report, tell apart what they are, and are kept', async () => {
    const handle = await inWatch('synthetic', quiet());
    const began = Date.now();
    status = () => (version('synthetic') === 'v2' ? 500 : 200);
    const result = await handle.result();
    expect(Date.now() - began).toBeLessThan(25_000);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
    expect(result.failure?.message).toMatch(/^errors \(synthetic\): \d+ of \d+ requests/);
    expect(version('synthetic')).toBe('v1');
    const { watch } = await statusOf(handle);
    const point = watch?.points[0];
    expect(point?.samples).toBe(0);
    expect(point?.synthetic).toBeGreaterThanOrEqual(5);
    const asked = (await linesOf('synthetic', point?.record)).filter(({ synthetic }) => synthetic === true);
    expect(asked.length).toBe(point?.synthetic);
    expect(new Set(asked.map(({ check: name }) => name))).toEqual(new Set(['tenants']));
  });
});
