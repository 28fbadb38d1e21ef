import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect, type ReleaseClient } from '../../src/client.ts';
import { startOrders } from '../../src/dev/demo/orders.ts';
import { reconcile } from '../../src/dev/demo/reconcile.ts';
import { openWorkspace, type Workspace } from '../../src/dev/demo/workspace.ts';
import { loadPlan } from '../../src/plan/load.ts';
import type { Certificate } from '../../src/release/certificate.ts';
import { launch, type Ran } from '../cli/command.ts';
import { certificatesIn } from '../support/drill.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process-control.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { eventually } from '../support/world.ts';

/** The demo shop, installed at v1 on a real PostgreSQL; v2 is drilled, and its worker is killed in the middle. */
let temporal: TemporalForTests;
let shop: Workspace;
let client: ReleaseClient;
let folder: string;
const workers: WorkerProcess[] = [];
/** It takes about a minute; other tests run beside this one. */
const patienceMs = 450_000;
vi.setConfig({ testTimeout: 480_000, hookTimeout: 240_000 });

const host = 'drill-test';

async function startWorker(): Promise<void> {
  const words = { address: temporal.address, host, taskQueue: 'savepoint', bundle: await workflowBundle() };
  workers.push(await startWorkerProcess(words, shop.environment));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'savepoint-drill-'));
  temporal = await startTemporal();
  shop = await openWorkspace();
  client = await connect({ address: temporal.address, namespace: 'default', identity: 'deployment-lead' });
  await startWorker();
  await installed('v1');
});

afterAll(async () => {
  await Promise.allSettled(workers.map((worker) => worker.stop()));
  await client?.close();
  await shop?.close(false);
  await temporal?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function installed(version: string): Promise<void> {
  const loaded = await loadPlan(shop.plans.get(version) ?? '', version, { host });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const { workflowId, runId } = await client.start({
    plan: loaded.plan,
    planDigest: loaded.digest,
    requester: 'deployment-lead',
    preApproved: { by: 'product-owner', reason: 'a test' },
    windowOverride: null,
    continuation: { as: 'fresh' },
    workerWaitMs: 30_000,
  });
  expect(await client.result(workflowId, runId)).toMatchObject({ outcome: 'released' });
}

/** Everything that users can see, asked for without Savepoint. */
async function seen() {
  const database = new pg.Client({ connectionString: shop.environment.SHOP_ADMIN_URL });
  await database.connect();
  try {
    const rows = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;
    const { version } = (await (await fetch(`${shop.origin}/api/version`)).json()) as { version: string };
    return {
      version,
      page: await (await fetch(shop.origin)).text(),
      columns: await rows(
        `select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by 1, 2`,
      ),
      products: await rows('select * from products order by id'),
      orders: await rows(`select id, idempotency_key, total_cents from orders where idempotency_key ^@ 'before-'`),
    };
  } finally {
    await database.end();
  }
}

async function ordered(key: string): Promise<void> {
  const order = {
    idempotencyKey: key,
    customer: { email: 'customer1@mail.example', name: 'Customer' },
    lines: [{ product: 401, quantity: 1 }],
  };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${shop.origin}/api/orders`, { method: 'POST', headers, body: JSON.stringify(order) });
  expect(answer.status).toBe(201);
}

const production = ['--production', '--really', 'shop/production', '--yes'];

/** Whoever waits for a drill that never ends hears what it said so far. */
async function drill(...words: string[]): Promise<Ran> {
  const plan = shop.plans.get('v2') ?? '';
  const env = { TEMPORAL_ADDRESS: temporal.address, SAVEPOINT_HOST: host };
  const typed = ['drill', '--plan', plan, '--version', 'v2', '--by', 'deployment-lead', ...words];
  const { child, ended } = launch(typed, { cwd: folder, env });
  const limit = setTimeout(() => child.kill('SIGINT'), patienceMs);
  try {
    return await ended;
  } finally {
    clearTimeout(limit);
  }
}

/** Kills the worker while a drilled release deploys its backend, and starts another one. */
async function killedWhileDeploying(): Promise<void> {
  const deploying = async (): Promise<boolean> => {
    const status = await client.status('release/shop/production').catch(() => null);
    if (status?.drill?.at !== 'deploy backend') return false;
    return status.steps.some(({ id, state }) => id === 'deploy backend' && state === 'running');
  };
  await eventually(deploying, 'the backend to be deployed', patienceMs);
  await workers[0]?.kill();
  await startWorker();
}

/** Drills so while customers order all the time; fails unless it passed. */
async function passed(...words: string[]): Promise<Certificate> {
  const orders = startOrders({ origin: shop.origin, ledger: shop.ledger, perSecond: 3 });
  const ran = await drill(...production, '--json', ...words).finally(() => orders.stop(20_000));
  if (ran.code !== 0) console.error(ran.stderr);
  expect(ran.stderr).toContain('database (postgres), by env:SHOP_ADMIN_URL');
  const certificate = JSON.parse(ran.stdout) as Certificate;
  expect({ failure: certificate.failure, code: ran.code }).toEqual({ failure: null, code: 0 });
  return certificate;
}

// All ten cases take minutes on a busy machine; the other two ways are drilled on targets in memory.
describe('a drill of the demo shop', () => {
  it('shows the way back from every point, although its worker is killed, and leaves the shop as it was', async () => {
    for (const key of ['before-1', 'before-2', 'before-3']) await ordered(key);
    const before = await seen();
    const [lost] = await Promise.all([passed('--way', 'lost'), killedWhileDeploying()]);
    const watched = await passed('--at', 'watch');
    const cases = [...lost.cases, ...watched.cases];
    expect(cases.map(({ at }) => at)).toEqual(['migrate database', 'deploy backend', 'deploy frontend', 'watch']);
    const targets = cases.flatMap(({ restored, tidied }) => [...restored, ...tidied]);
    const databases = targets.filter(({ target }) => target === 'database');
    expect(databases.map(({ state, proved }) => `${state} ${proved}`)).toEqual(cases.map(() => 'restored content'));
    expect(targets.map(({ proved }) => proved)).not.toContain('unproved');
    expect(await seen()).toEqual(before);
    const home = dirname(shop.plans.get('v2') ?? '');
    const written = await certificatesIn(home, 'shop');
    expect(written.map(({ json }) => json.id)).toEqual([lost.id, watched.id]);
    expect(written[0]?.md).toContain('passed, but only some cases were drilled');
  });

  it('loses no order that customers placed meanwhile', async () => {
    const found = await reconcile(shop.environment.SHOP_ADMIN_URL, shop.ledger);
    expect(found).toMatchObject({ missing: [], wrong: [], doubled: [] });
    expect(found.acknowledged).toBeGreaterThan(20);
  });

  it('is refused where users are, and where another name alone does not make another place', async () => {
    const refused = await drill('--yes');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('production looks like production');
    expect((await drill('--yes', '--production')).code).toBe(2);
    expect((await drill('--yes', '--production', '--really', 'shop/staging')).code).toBe(2);
    const renamed = await drill('--yes', '--environment', 'staging');
    expect(renamed.code).toBe(2);
    expect(renamed.stderr).toContain('frontend would be the same in staging as in production');
  });
});
