import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { rollbackUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, statusOf, until } from '../support/release.ts';
import { findChromium, isMissing } from '../support/tools.ts';

const chromium = await findChromium();
const skip = isMissing(chromium) ? chromium.missing : undefined;
if (skip !== undefined) console.warn(skip);

const bench = benchForFile();

/** How long each version of an application takes for an answer, in milliseconds; null: it does not answer. */
type Speeds = Record<string, number | null>;
const applications = new Map<string, Speeds>();

function runningVersion(application: string): string {
  return memoryWorld(worldsOf(application).backend).state.version ?? '';
}

/** Answers `/<application>` as fast as the version that the backend has now. */
const server = createServer((request, response) => {
  const application = (request.url ?? '').slice(1);
  const delay = applications.get(application)?.[runningVersion(application)];
  if (delay === undefined || delay === null) return void response.writeHead(503).end();
  const body = '<!doctype html><html lang="en"><head><title>Shop</title></head><body><h1>Shop</h1></body></html>';
  setTimeout(() => response.writeHead(200, { 'content-type': 'text/html' }).end(body), delay);
});
let base = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Starts and approves a release from v1 to v2 that measures `performance` of an application that is so fast. */
async function releaseOf(application: string, speeds: Speeds, performance: (url: string) => object): Promise<Handle> {
  applications.set(application, speeds);
  const url = `${base}/${application}`;
  const handle = await bench().start(memoryPlan({ application, more: { performance: performance(url) } }));
  await approve(handle);
  return handle;
}

const compared = (baseline: object) => (url: string) => ({
  requests: [{ name: 'orders', url, samples: 200, every: '10ms', baseline }],
});

describe('FR-12 a release whose performance is compared with the version before', () => {
  it('goes back by itself when it is much slower', { timeout: 60_000 }, async () => {
    const limits = { p95: { consult: '25 %', rollBack: '50 %' } };
    const handle = await releaseOf('much-slower', { v1: 20, v2: 700 }, compared(limits));
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'performance' });
    expect(result.failure?.message).toMatch(/^p95 of orders against before: .* rolling back$/);
    expect(runningVersion('much-slower')).toBe('v1');
  });

  it('asks when it is slower than the limit for asking, and says by how much', async () => {
    const handle = await releaseOf('slower', { v1: 20, v2: 700 }, compared({ p50: { consult: '50 %' } }));
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
    expect(question?.why).toMatch(
      /p50 of orders against before: p50 changed by \d[\d.]+ % .* since before the release/,
    );
    expect(runningVersion('slower')).toBe('v2');
    await handle.executeUpdate(rollbackUpdate, { args: [{ by: 'deployment-lead', reason: 'too slow' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(runningVersion('slower')).toBe('v1');
  });

  it('is released when it is as fast as before', async () => {
    const limits = { p50: { consult: '100 %' }, errors: { consult: '50 %' } };
    const handle = await releaseOf('as-fast', { v1: 60, v2: 60 }, compared(limits));
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
    expect(runningVersion('as-fast')).toBe('v2');
    const { steps, timeline } = await statusOf(handle);
    const judgements = steps.find(({ id }) => id === 'performance')?.judgements ?? [];
    expect(judgements.map(({ criterion, verdict }) => [criterion, verdict])).toEqual([
      ['errors of orders against before', 'proceed'],
      ['p50 of orders against before', 'proceed'],
    ]);
    const seen = timeline.map(({ what }) => what);
    expect(seen.indexOf('measure the performance of the running version')).toBeLessThan(
      seen.findIndex((what) => what.startsWith('deploy')),
    );
  });

  it('is neither good nor bad where the version before did not answer: a person decides', async () => {
    const handle = await releaseOf('silent-before', { v1: null, v2: 5 }, compared({ p95: { consult: '50 %' } }));
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
    expect(question?.why).toMatch(/p95 of orders against before: .*could not be judged/);
    await handle.executeUpdate(rollbackUpdate, { args: [{ by: 'deployment-lead', reason: 'not known' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
  });
});

describe.skipIf(skip !== undefined)('FR-10 a release whose page is slow', () => {
  it('asks, and what was measured is told', { timeout: 120_000 }, async () => {
    const page = { runs: 1, throttling: 'none', fcp: { consult: '1500ms' } };
    const handle = await releaseOf('slow-page', { v1: 5, v2: 1_600 }, (url) => ({
      pages: [{ name: 'front page', url, ...page }],
    }));
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure', 100_000);
    expect(question?.why).toMatch(/fcp of front page: fcp \d+ ms \(one run\) is above the limit of 1500 ms for asking/);
    await handle.executeUpdate(rollbackUpdate, { args: [{ by: 'deployment-lead', reason: 'too slow' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(runningVersion('slow-page')).toBe('v1');
  });
});
