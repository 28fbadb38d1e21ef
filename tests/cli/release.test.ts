import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import type { ReleaseStatus } from '../../src/release/status.ts';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { releaseWorkflowId, statusQuery } from '../../src/workflows/messages.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { type Bench, openBench } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';
import { launch, type Ran, savepoint } from './command.ts';

// Every command is a program of its own.
vi.setConfig({ testTimeout: 90_000 });

let temporal: TemporalForTests;
let bench: Bench;
let cwd: string;

beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-cli-'));
});

afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
  await rm(cwd, { recursive: true, force: true });
});

const surroundings = () => ({ cwd, env: { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_UI_URL: 'http://ui.test' } });

function run(...words: string[]): Promise<Ran> {
  return savepoint(words, surroundings());
}

/** Each test releases an application of its own. */
async function planFor(application: string, parts: object = {}): Promise<string> {
  const file = join(cwd, `${application}.yaml`);
  await writeFile(file, stringify(memoryPlan({ application, ...parts })));
  return file;
}

async function startDetached(application: string, plan: string): Promise<void> {
  const started = await run('start', 'v2', '--plan', plan, '--by', 'deployment-lead', '--detach', '--json');
  expect(started.code, started.stderr).toBe(5);
  const url = `http://ui.test/namespaces/default/workflows/release%2F${application}%2Ftest/`;
  expect(JSON.parse(started.stdout).url).toContain(url);
  await untilAsked(application);
}

/** Asked of the workflow itself: a program per look would take longer than the release. */
async function untilAsked(application: string): Promise<ReleaseStatus> {
  const handle = temporal.client.workflow.getHandle(releaseWorkflowId(application, 'test'));
  for (let tries = 0; tries < 200; tries += 1) {
    const status = await handle.query(statusQuery).catch(() => null);
    if (status?.question) return status;
    await sleep(50);
  }
  throw new Error('nothing was asked');
}

describe('a release from the command line', () => {
  it('is not overtaken: a second start is told who holds it, and never starts', async () => {
    const plan = await planFor('held');
    await startDetached('held', plan);
    const second = await run('start', 'v3', '--plan', plan, '--by', 'engineering-lead');
    expect(second).toMatchObject({ code: 3, stdout: '' });
    expect(second.stderr).toContain('release/held/test is held by the release of v2 by deployment-lead, since ');
    expect(second.stderr).toContain('in phase go/no-go');
    expect(second.stderr).toContain('http://ui.test/namespaces/default/workflows/release%2Fheld%2Ftest/');
    const taken = await run('start', 'v3', '--plan', plan, '--by', 'engineering-lead', '--take-over', 'mine');
    expect(taken.code).toBe(4);
    expect(taken.stderr).toContain('only a watch can be taken over; this release is in go/no-go');
  });

  it('gives way at its gate to one that supersedes it', async () => {
    const plan = await planFor('superseded');
    const first = launch(['start', 'v2', '--plan', plan, '--by', 'deployment-lead', '--json'], surroundings());
    await untilAsked('superseded');
    const words = ['start', 'v3', '--plan', plan, '--by', 'deployment-lead', '--supersede', 'v2 is broken', '--detach'];
    const second = await run(...words);
    expect(second.code, second.stderr).toBe(5);
    expect(second.stderr).toContain('v2 made room: superseded');
    const ended = await first.ended;
    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'superseded', version: 'v2' });
    expect(await untilAsked('superseded')).toMatchObject({ version: 'v3' });
  });

  it('refuses whom the plan does not name and what was not read, in the words of the release', async () => {
    const plan = await planFor('refused');
    await startDetached('refused', plan);
    const wrong = await run('approve', '--plan', plan, '--by', 'engineering-lead');
    expect(wrong).toMatchObject({ code: 4, stdout: '' });
    expect(wrong.stderr).toContain('engineering-lead may not answer this; it is for product-owner');
    const stale = await run('approve', '--plan', plan, '--by', 'product-owner', '--digest', '0123456789ab');
    expect(stale.code).toBe(4);
    expect(stale.stderr).toContain('is not what waits here');
    const choice = await run('decide', 'stay', '--plan', plan, '--by', 'deployment-lead');
    expect(choice.code).toBe(2);
    expect(choice.stderr).toContain('savepoint reject release/refused/test --by product-owner');
    const rejected = await run('reject', '--plan', plan, '--by', 'product-owner', '--reason', 'not today');
    expect(rejected.code, rejected.stderr).toBe(0);
    const followed = await run('follow', '--plan', plan);
    expect(followed.code).toBe(3);
    expect(followed.stdout).toContain('! product-owner said reject (not today)');
  });

  it('is approved by the first characters of its digest and ends with 0', async () => {
    const plan = await planFor('good');
    const following = launch(['start', 'v2', '--plan', plan, '--by', 'deployment-lead'], surroundings());
    const status = await untilAsked('good');
    const digest = status.digest ?? '';
    expect((await run('status', '--plan', plan)).code).toBe(4);
    const approved = await run('approve', '--plan', plan, '--by', 'product-owner', '--digest', digest.slice(0, 12));
    expect(approved.code, approved.stderr).toBe(0);
    const { code, stdout } = await following.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('? Release good v2 to test?');
    expect(stdout).toMatch(/✔ migrate database {2}\d/);
    expect(stdout).toContain('■ good test v2: released');
    expect(stdout).not.toContain('\u001b');
    expect(memoryWorld(worldsOf('good').database).state.schema).toBe('v2');
    expect((await run('status', '--plan', plan)).code).toBe(0);
  });

  it('answered by --yes goes back with 3 when a step fails, and says what was restored at which level', async () => {
    const plan = await planFor('bad', {
      frontend: { faults: [{ verb: 'apply', change: 'deploy', message: 'no room' }] },
    });
    const words = ['start', 'v2', '--plan', plan, '--by', 'deployment-lead', '--yes', '--approver', 'product-owner'];
    const { code, stdout, stderr } = await run(...words);
    expect(code, stderr).toBe(3);
    expect(stdout).toContain('✘ deploy frontend');
    expect(stdout).toContain('no room');
    expect(stdout).toMatch(/↩ restored: backend {2}proved by (version|digest)/);
    expect(stdout).toContain('■ bad test v2: rolled-back');
    expect(memoryWorld(worldsOf('bad').backend).state.version).toBe('v1');
    const listed = await run('list', '--application', 'bad', '--json');
    expect(JSON.parse(listed.stdout).releases).toMatchObject([{ version: 'v2', state: 'completed' }]);
    const report = await run('report', '--plan', plan, '--format', 'html');
    expect(report.stdout).toContain('rolled-back');
  });

  it('goes on when its follower is interrupted, and says how to come back', async () => {
    const plan = await planFor('detached');
    await startDetached('detached', plan);
    const { child, ended } = launch(['follow', '--plan', plan], surroundings());
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const { code, stderr } = await ended;
    expect(code).toBe(5);
    expect(stderr).toContain('savepoint follow release/detached/test');
    const aborted = await run('abort', '--plan', plan, '--by', 'deployment-lead', '--reason', 'enough');
    expect(aborted.code, aborted.stderr).toBe(0);
    expect((await run('follow', '--plan', plan, '--json')).code).toBe(6);
  });
});

describe('a release that was terminated', () => {
  it('does not look as if it still went on, and says how to start again', async () => {
    const plan = await planFor('cut-off');
    await startDetached('cut-off', plan);
    await temporal.client.workflow.getHandle(releaseWorkflowId('cut-off', 'test')).terminate('test');
    const status = await run('status', '--plan', plan);
    expect(status.code).toBe(4);
    expect(status.stdout).toMatch(/■ terminated 20.* before it came to an end\n {4}→ nothing was changed yet: start/);
    expect(status.stdout).not.toContain('savepoint approve');
  });
});

describe('without a worker', () => {
  it('nothing starts and nothing hangs; what Temporal knows is still told', async () => {
    const plan = await planFor('alone');
    await startDetached('alone', plan);
    await bench.worker.stop();
    const status = await run('status', '--plan', plan);
    expect(status.code).toBe(7);
    expect(status.stderr).toContain('release/alone/test v2 runs since ');
    expect(status.stderr).toContain('savepoint worker');
    const began = Date.now();
    const approved = await run('approve', '--plan', plan, '--by', 'product-owner', '--digest', '0123456789ab');
    expect(approved.code).toBe(7);
    expect(Date.now() - began).toBeLessThan(28_000);
    await bench.restartWorker().catch(() => {});
  });
});
