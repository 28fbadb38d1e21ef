import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import { releaseWorkflowId } from '../../src/workflows/messages.ts';
import type { release } from '../../src/workflows/release.ts';
import { type Handle, statusOf } from '../support/release.ts';
import { startTimeSkipping } from '../support/temporal.ts';
import { findTestServer } from '../support/test-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process-control.ts';

const found = await findTestServer();
const missing = 'missing' in found ? found.missing : null;
const taskQueue = 'savepoint';
const host = 'test';
const minute = 60_000;
const hour = 60 * minute;
/** How long nobody watches after the worker was killed. */
const away = 10 * minute;

const cases = [
  { hours: 24, failsAt: 20, killedAt: 5.5 },
  { hours: 48, failsAt: 30, killedAt: 12.5 },
];

let bundle: string;
let shared: string;
/** Started before anything else runs: a Java that starts needs a processor of its own. */
const ready: TestWorkflowEnvironment[] = [];
beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'savepoint-killed-'));
  bundle = join(shared, 'workflows.js');
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  await writeFile(bundle, (await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })).code);
  if (missing !== null) return;
  for (const _ of cases) ready.push(await startTimeSkipping());
}, 90_000);
afterAll(async () => {
  for (const unused of ready) await unused.teardown();
  await rm(shared, { recursive: true, force: true });
});

/** FR-17: every 15 minutes for 4 hours, then every hour to 24 or 48 hours; a sample each two minutes. */
function watch(url: string, hours: number): object {
  return {
    schedule: [
      { every: '15m', for: '4h' },
      { every: '1h', for: `${hours - 4}h` },
    ],
    probe: { url, every: '2m' },
    criteria: { errors: { rollBack: '10 %', consult: '5 %' } },
    minimumSamples: 10,
  };
}

/** The time as the workers see it, in a file beside the plan. */
function timeIn(folder: string): number {
  return Number(readFileSync(join(folder, 'clock'), 'utf8'));
}

type Stage = { folder: string; environment: TestWorkflowEnvironment; worker: WorkerProcess };

async function startWorkerIn({ environment, folder }: Omit<Stage, 'worker'>, cached: number): Promise<WorkerProcess> {
  const { address = '' } = environment.connection.options;
  const script = new URL('./jumping-worker.ts', import.meta.url);
  const words = { address, host, taskQueue, bundle, script };
  return await startWorkerProcess(words, { CLOCK: join(folder, 'clock'), CACHED: String(cached) });
}

/** The time-skipping server, a worker in a process of its own, and a folder with both versions of a site. */
async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-killed-'));
  const environment = ready.pop();
  if (environment === undefined) throw new Error('there are more tests than servers');
  let stage: Stage | null = null;
  try {
    for (const version of ['v1', 'v2']) {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'index.html'), version);
    }
    await writeFile(join(folder, 'clock'), String(await environment.currentTimeMs()));
    stage = { folder, environment, worker: await startWorkerIn({ folder, environment }, 0) };
    await work(stage);
  } finally {
    await stage?.worker.kill();
    await environment.teardown();
    await rm(folder, { recursive: true, force: true });
  }
}

async function start(client: Client, folder: string, given: { version: string; more: object }): Promise<Handle> {
  const { version, more } = given;
  const file = join(folder, 'release.yaml');
  const site = { kind: 'site', root: './www', source: './${version}' };
  const people = { lead: { name: 'Deployment lead' } };
  const questions = { deciders: ['lead'] };
  const plan = { application: 'site', environment: 'test', people, questions, targets: { site }, ...more };
  await writeFile(file, stringify(plan));
  const loaded = await loadPlan(file, version, { host });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const from = { requester: 'lead', preApproved: null, windowOverride: null, previousRunId: null } as const;
  return await client.workflow.start<typeof release>('release', {
    workflowId: releaseWorkflowId('site', 'test'),
    taskQueue,
    args: [{ plan: loaded.plan, planDigest: loaded.digest, continuation: { as: 'fresh' }, ...from }],
  });
}

/** `answer` returns null to keep an answer back. */
async function serve(answer: () => number | null): Promise<{ server: Server; url: string }> {
  const server = createServer((_, response) => {
    const status = answer();
    if (status !== null) response.writeHead(status).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** How often each activity was scheduled. */
async function scheduledBy(handle: Handle): Promise<Record<string, number>> {
  const { events } = await handle.fetchHistory();
  const counts: Record<string, number> = {};
  for (const { activityTaskScheduledEventAttributes: scheduled } of events ?? []) {
    const name = scheduled?.activityType?.name;
    if (name) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** What is kept of a stretch by one of its attempts. */
async function linesOf(folder: string, record: string | undefined, attempt: number): Promise<string[]> {
  const file = (record ?? '').replace(/\d+\.ndjson$/, `${attempt}.ndjson`);
  return (await readFile(join(folder, 'records', file), 'utf8')).trim().split('\n');
}

it.skipIf(missing !== null).each(cases)(
  'FR-17 a watch of $hours hours whose worker is killed at hour $killedAt finds the failure at hour $failsAt and goes back',
  { concurrent: true, timeout: 180_000 },
  async ({ hours, failsAt, killedAt }) => {
    await onStage(async (stage) => {
      const { folder, environment } = stage;
      const slow = join(folder, 'clock.slow');
      let began = Number.POSITIVE_INFINITY;
      let replaced: Promise<void> | null = null;
      const replace = async (): Promise<void> => {
        await stage.worker.kill();
        await rm(slow);
        await writeFile(join(folder, 'clock'), String(timeIn(folder) + away));
        stage.worker = await startWorkerIn(stage, 10);
      };
      const { server, url } = await serve(() => {
        const atHour = (timeIn(folder) - began) / hour;
        if (replaced !== null || atHour < killedAt - 0.5) return atHour < failsAt ? 200 : 500;
        if (!existsSync(slow)) writeFileSync(slow, '');
        if (atHour < killedAt) return 200;
        replaced = replace();
        return null;
      });
      try {
        const { client } = environment;
        const first = await start(client, folder, { version: 'v1', more: {} });
        expect((await first.result()).outcome).toBe('released');
        began = await environment.currentTimeMs();
        const handle = await start(client, folder, { version: 'v2', more: { watch: watch(url, hours) } });
        expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
        expect(replaced).not.toBeNull();

        const { watch: seen } = await statusOf(handle);
        const foundAt = Date.parse(seen?.points.at(-1)?.at ?? '') - began;
        expect(foundAt).toBeGreaterThan(failsAt * hour);
        expect(foundAt).toBeLessThan((failsAt + 1) * hour);

        const killedIn = seen?.points.find(({ at }) => Date.parse(at) - began > killedAt * hour);
        const { samples = 0, unwatchedMs = 0 } = killedIn ?? {};
        // While no worker was there nobody watched, and what the dead one had not told yet is gone; it had told before.
        expect(unwatchedMs).toBeGreaterThanOrEqual(away);
        expect(unwatchedMs).toBeLessThan(away + 25 * minute);
        expect(samples * 2 * minute + unwatchedMs).toBe(hour);
        const [dead, next] = await Promise.all([1, 2].map((attempt) => linesOf(folder, killedIn?.record, attempt)));
        expect(dead?.length).toBeGreaterThan(5);
        expect([dead, next].map((lines) => lines?.some((line) => line.startsWith('{"summary"')))).toEqual([
          false,
          true,
        ]);
        const otherwise = seen?.points.filter((point) => point !== killedIn).slice(0, -1) ?? [];
        expect(otherwise.map((point) => point.unwatchedMs)).toEqual(otherwise.map(() => 0));

        expect(await scheduledBy(handle)).toMatchObject({ snapshot: 1, deploy: 1, restore: 1 });
        expect(await readFile(join(folder, 'www', 'current', 'index.html'), 'utf8')).toBe('v1');
      } finally {
        server.close();
      }
    });
  },
);
