import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Clock } from '../../src/checks/clock.ts';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Bench, openBench, statusOf } from '../support/release.ts';
import { startTimeSkipping } from '../support/temporal.ts';
import { findTestServer } from '../support/test-server.ts';

const hour = 3_600_000;
const found = await findTestServer();
const missing = 'missing' in found ? found.missing : null;

/** A clock that jumps: samplers wait without waiting, in step with the time-skipping server. */
class JumpingClock implements Clock {
  time = Date.now();
  now(): number {
    return this.time;
  }
  async sleep(ms: number): Promise<void> {
    this.time += ms;
    await new Promise(setImmediate);
  }
  stopwatch(): number {
    return performance.now();
  }
}

let server: Server;
let url: string;
let clock: JumpingClock;
let breaksAt = Number.POSITIVE_INFINITY;
let answered = 0;

beforeAll(async () => {
  server = createServer((_, response) => {
    answered += 1;
    response.writeHead(clock.time >= breaksAt ? 500 : 200).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(() => {
  server?.close();
});

/** FR-17: every 15 minutes for 4 hours on high alert, then every hour; here to 48 hours. */
const watch = (): object => ({
  schedule: [
    { every: '15m', for: '4h' },
    { every: '1h', for: '44h' },
  ],
  probe: { url, every: '1m' },
  criteria: { errors: { rollBack: '10 %', consult: '5 %' } },
  minimumSamples: 10,
});

async function withBench<T>(work: (bench: Bench, environment: TestWorkflowEnvironment) => Promise<T>): Promise<T> {
  const environment = await startTimeSkipping();
  clock = new JumpingClock();
  clock.time = await environment.currentTimeMs();
  const address = environment.connection.options.address;
  let bench: Bench | null = null;
  try {
    bench = await openBench({ address, client: environment.client, clock });
    return await work(bench, environment);
  } finally {
    await bench?.stop();
    await environment.teardown();
  }
}

async function linesIn(records: string, record = ''): Promise<string[]> {
  return (await readFile(join(records, record), 'utf8')).trim().split('\n');
}

it.skipIf(missing !== null)(
  `FR-17 a watch of 48 hours finds a failure at hour 30 and goes back${missing === null ? '' : ` (skipped: ${missing})`}`,
  async () => {
    await withBench(async (bench) => {
      const application = 'long-watch';
      answered = 0;
      breaksAt = Number.POSITIVE_INFINITY;
      // Without a migration there is no claim that the previous code runs on the new schema.
      const service = { kind: 'memory', world: worldsOf(application).backend, initial: 'v1' };
      const more = { watch: watch(), targets: { backend: service } };
      const handle = await bench.start(memoryPlan({ application, more }));
      await approve(handle);
      breaksAt = clock.time + 30 * hour;
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
      const status = await statusOf(handle);
      // 16 quarters of an hour, then 25 whole hours; the one in which it broke ends early.
      expect(status.watch?.points.length).toBe(16 + 26 + 1);
      const lastPoint = status.watch?.points.at(-1);
      expect(Date.parse(lastPoint?.at ?? '')).toBeGreaterThanOrEqual(breaksAt);
      expect(Date.parse(lastPoint?.at ?? '')).toBeLessThan(breaksAt + hour);
      expect(answered).toBeGreaterThan(30 * 60);
      const records = join(bench.folder, 'plan-1', 'records');
      const kept = await Promise.all((status.watch?.points ?? []).map(({ record }) => linesIn(records, record)));
      // A head, the samples and a summary with what was judged.
      expect(kept.map((lines) => lines.length - 2)).toEqual(status.watch?.points.map(({ samples }) => samples));
      const { summary } = JSON.parse(kept.at(-1)?.at(-1) ?? '');
      expect(summary.judgements).toMatchObject([{ verdict: 'roll back', criterion: 'errors', limit: 10 }]);
      expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v1');
    });
  },
  60_000,
);

it.skipIf(missing !== null)(
  'FR-17 a failure at hour 30 asks where nobody has seen the previous code run on the new schema',
  async () => {
    await withBench(async (bench) => {
      const application = 'claimed-watch';
      breaksAt = Number.POSITIVE_INFINITY;
      const handle = await bench.start(memoryPlan({ application, more: { watch: watch() } }));
      await approve(handle);
      breaksAt = clock.time + 30 * hour;
      // Nobody answers while time is skipped, and silence takes nothing back.
      expect(await handle.result()).toMatchObject({ outcome: 'released-by-decision', restored: [] });
      const status = await statusOf(handle);
      const asked = status.answered.filter(({ kind }) => kind === 'failure');
      expect(asked.length).toBeGreaterThan(0);
      expect(asked[0]?.why).toContain('is claimed and was never tried');
      expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v2');
    });
  },
  60_000,
);

it.skipIf(missing !== null)(
  'FR-17 a quiet watch of 48 hours ends as released after all its points, also where nothing can be kept, which it says once',
  async () => {
    await withBench(async (bench) => {
      breaksAt = Number.POSITIVE_INFINITY;
      const home = join(bench.folder, 'quiet');
      await mkdir(home);
      await writeFile(join(home, 'records'), 'a file where a folder should be');
      const plan = memoryPlan({ application: 'quiet-watch', more: { watch: watch() } });
      const handle = await bench.start(plan, { home });
      await approve(handle);
      expect(await handle.result()).toMatchObject({ outcome: 'released' });
      const status = await statusOf(handle);
      expect(status.watch?.points.length).toBe(16 + 44);
      expect(status.watch?.unwatchedMs).toBe(0);
      expect(status.notes.filter((text) => text.includes('not kept'))).toEqual([
        'what was measured is not kept: the records folder cannot be written: ENOTDIR',
      ]);
    });
  },
  60_000,
);

it.skipIf(missing !== null)(
  'FR-03 waits durably for the release window of Saturday 02:00 in New York and starts only then',
  async () => {
    await withBench(async (bench, environment) => {
      const window = { days: ['saturday'], from: '02:00', to: '06:00', timezone: 'America/New_York' };
      const handle = await bench.start(memoryPlan({ application: 'window', more: { window } }));
      await approve(handle);
      expect(await handle.result()).toMatchObject({ outcome: 'released' });
      const { savepoints } = await statusOf(handle);
      expect(savepoints.length).toBe(3);
      const ended = new Date(await environment.currentTimeMs());
      const newYork = new Intl.DateTimeFormat('en-US', {
        timeZone: 'America/New_York',
        weekday: 'long',
        hour: 'numeric',
        hourCycle: 'h23',
      }).formatToParts(ended);
      const part = (type: string): string => newYork.find((each) => each.type === type)?.value ?? '';
      expect([part('weekday'), Number(part('hour')) >= 2 && Number(part('hour')) < 6]).toEqual(['Saturday', true]);
    });
  },
  60_000,
);
