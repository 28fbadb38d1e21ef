import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { listQuery } from '../../src/client/reading.ts';
import type { StartInput } from '../../src/client/starting.ts';
import { connect, type ReleaseClient, releaseIdOf } from '../../src/client.ts';
import { loadPlan } from '../../src/plan/load.ts';
import { memoryPlan } from '../support/plans.ts';
import { type Bench, openBench } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';

let temporal: TemporalForTests;
let bench: Bench;
let client: ReleaseClient;
let home: string;

beforeAll(async () => {
  temporal = await startTemporal();
  client = await connect({ address: temporal.address });
  home = await mkdtemp(join(tmpdir(), 'savepoint-client-'));
});

afterAll(async () => {
  await bench?.stop();
  await client?.close();
  await temporal?.stop();
  await rm(home, { recursive: true, force: true });
});

async function inputFor(application: string, parts: Partial<StartInput> = {}): Promise<StartInput> {
  const file = join(home, `${application}.yaml`);
  await writeFile(file, stringify(memoryPlan({ application })));
  const loaded = await loadPlan(file, 'v2', { host: 'test' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return {
    plan: loaded.plan,
    planDigest: loaded.digest,
    requester: 'deployment-lead',
    preApproved: { by: 'product-owner', reason: 'test' },
    windowOverride: null,
    continuation: { as: 'fresh' },
    ...parts,
  };
}

describe('without a worker', () => {
  it('nothing is started', async () => {
    const input = await inputFor('lonely', { workerWaitMs: 300 });
    const failure = { kind: 'no-worker', remedy: 'Start one with: savepoint worker' };
    await expect(client.start(input)).rejects.toMatchObject(failure);
    expect(await client.find(releaseIdOf('lonely', 'test'))).toBeNull();
  });
});

describe('with a worker', () => {
  beforeAll(async () => {
    bench = await openBench(temporal);
  });

  it('a message to nobody and to a release that ended is refused in words', async () => {
    const nobody = client.pause('release/no/where', { by: 'deployment-lead' });
    await expect(nobody).rejects.toMatchObject({ kind: 'not-found' });
    const { workflowId, runId } = await client.start(await inputFor('done'));
    expect(await client.result(workflowId, runId)).toMatchObject({ outcome: 'released' });
    const late = client.abort(workflowId, { by: 'deployment-lead', reason: 'too late' });
    await expect(late).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining('does not run') });
  });

  it('the next start sees the run before it, and the list shows both with version and requester', async () => {
    const first = await client.start(await inputFor('twice'));
    await client.result(first.workflowId, first.runId);
    const second = await client.start(await inputFor('twice'));
    await client.result(second.workflowId, second.runId);
    const handle = temporal.client.workflow.getHandle(second.workflowId, second.runId);
    const description = await handle.describe();
    expect(await description.staticSummary()).toBe('twice test v2');
    expect(await description.staticDetails()).toContain(first.runId);
    await expect
      .poll(async () => (await client.list({ application: 'twice', limit: 10 })).map(({ runId }) => runId))
      .toEqual([second.runId, first.runId]);
    const [newest] = await client.list({ application: 'twice', limit: 1 });
    expect(newest).toMatchObject({ version: 'v2', requester: 'deployment-lead', running: false });
  });

  it('a terminated release has no result, and says what to do', async () => {
    const { workflowId, runId } = await client.start(await inputFor('killed', { preApproved: null }));
    await temporal.client.workflow.getHandle(workflowId, runId).terminate('test');
    await expect(client.result(workflowId, runId)).rejects.toMatchObject({
      kind: 'no-result',
      remedy: expect.stringContaining('--restore'),
    });
  });

  it('of two starts at once one runs and the other is told who holds it', async () => {
    const input = await inputFor('race', { preApproved: null });
    const both = await Promise.allSettled([client.start(input), client.start(input)]);
    const refused = both.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ kind: 'held', message: expect.stringContaining('by deployment-lead') });
  });
});

describe('what is listed', () => {
  it('cannot be widened by a name', () => {
    expect(listQuery({ application: "x' OR WorkflowType != '", running: false })).toBe(
      "WorkflowType = 'release' AND SavepointApplication = 'x\\' OR WorkflowType != \\'' AND ExecutionStatus != 'Running'",
    );
  });
});

describe('an address where nothing listens', () => {
  it('is told at once', async () => {
    const failure = { kind: 'unreachable', message: 'Temporal at 127.0.0.1:1 is not reachable' };
    await expect(connect({ address: '127.0.0.1:1' })).rejects.toMatchObject(failure);
  });
});
