import { describe, expect, it } from 'vitest';
import { memoryEffects, memoryWorld, writeRows } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';

const bench = benchForFile();

async function decide(handle: Handle, choice: string, more: object = {}): Promise<void> {
  const { question } = await until(handle, (status) => status.question !== null && status.question.kind !== 'go-no-go');
  const body = { by: 'deployment-lead', question: question?.id ?? '', choice, reason: 'seen', ...more };
  await handle.executeUpdate(decideUpdate, { args: [body] });
}

const failsTo = (times: number) => ({ faults: [{ verb: 'apply', change: 'deploy', kind: 'failed', times }] });
const versionOf = (world: string): string | null => memoryWorld(world).state.version;

describe('a step whose failure the plan guides', () => {
  it('is tried again as often as the plan says, and then counts', async () => {
    const application = 'tried-in-vain';
    const backend = { ...failsTo(3), onFailure: { deploy: [{ retry: 2, every: '50ms' }] } };
    const handle = await bench().start(memoryPlan({ application, backend }));
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy backend' });
    expect(memoryWorld(worldsOf(application).backend).faults['0 apply']).toBe(3);
  });

  it('goes live when one of the tries succeeds', async () => {
    const application = 'tried-again';
    const backend = { ...failsTo(2), onFailure: { deploy: [{ retry: 2, every: '50ms' }] } };
    const handle = await bench().start(memoryPlan({ application, backend }));
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'released', failedStep: null });
    expect(versionOf(worldsOf(application).backend)).toBe('v2');
  });

  it('goes back by itself when nobody answers in time and nothing is lost', async () => {
    const application = 'silent';
    const backend = { ...failsTo(9), onFailure: { deploy: [{ ask: '1s', silence: 'rollback' }] } };
    const handle = await bench().start(memoryPlan({ application, backend }));
    await approve(handle);
    const { question } = await until(handle, (status) => status.question?.kind === 'failure');
    expect(question).toMatchObject({ onSilence: 'go-back' });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', decidedBy: { by: 'silence', choice: 'go-back' } });
    expect(versionOf(worldsOf(application).backend)).toBe('v1');
  });

  it('goes on when somebody did it by hand and the target agrees', async () => {
    const application = 'by-hand-agreed';
    const faults = [{ verb: 'apply', change: 'deploy', kind: 'failed', when: 'after' }];
    const backend = { faults, onFailure: { deploy: [{ ask: '5m' }] } };
    const handle = await bench().start(memoryPlan({ application, backend }));
    await approve(handle);
    await decide(handle, 'done-by-hand');
    expect(await handle.result()).toMatchObject({ outcome: 'released', failedStep: null });
    expect(memoryEffects([worldsOf(application).backend]).filter(({ change }) => change === 'deploy')).toHaveLength(1);
  });

  it('is asked about again when the target does not agree that it was done by hand', async () => {
    const application = 'by-hand-doubted';
    const backend = { ...failsTo(9), onFailure: { deploy: [{ ask: '5m' }] } };
    const handle = await bench().start(memoryPlan({ application, backend }));
    await approve(handle);
    await decide(handle, 'done-by-hand');
    const { question } = await until(handle, (status) => status.question?.id === 'after deploy backend #2');
    expect(question?.why).toMatch(/deployment-lead said that it is done, but backend says: it runs v1/);
    await decide(handle, 'go-back');
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(versionOf(worldsOf(application).backend)).toBe('v1');
  });

  it('fails when a person says that what only people can do cannot be done', async () => {
    const application = 'cannot';
    const backend = { ask: { verb: 'apply', question: 'switch the load balancer' } };
    const handle = await bench().start(memoryPlan({ application, backend }));
    await approve(handle);
    await until(handle, ({ question }) => question?.kind === 'by-hand');
    await decide(handle, 'cannot');
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy backend' });
    expect(result.failure?.message).toContain('deployment-lead said that it cannot be done');
  });
});

async function released(application: string, more: object = {}, version = 'v2'): Promise<Handle> {
  const handle = await bench().start(memoryPlan({ application, ...more }), { version });
  await approve(handle);
  expect(await handle.result()).toMatchObject({ outcome: 'released' });
  return handle;
}

function bringBack(from: Handle, targets: string[]) {
  return { continuation: { as: 'bring-back', reason: 'complaints', from: from.firstExecutionRunId, targets } } as const;
}

describe('targets that go back after their release has ended', () => {
  it('are refused where that would leave a pair that the plan does not allow', async () => {
    const application = 'single-refused';
    const breaking = { database: { compatibility: 'breaking' } };
    const first = await released(application, breaking);
    const handle = await bench().start(memoryPlan({ application, ...breaking }), bringBack(first, ['database']));
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'stopped', failure: { kind: 'refused' } });
    expect(result.failure?.message).toContain('new backend on the old database');
    expect(result.failure?.remedy).toBe(
      'bring back all of it: savepoint restore database backend frontend --reason <why>',
    );
    expect(memoryWorld(worldsOf(application).database).state.schema).toBe('v2');
  });

  it('go back one by one', async () => {
    const application = 'single-backend';
    const first = await released(application);
    const handle = await bench().start(memoryPlan({ application }), bringBack(first, ['backend']));
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', restored: [{ target: 'backend' }] });
    const { database, backend, frontend } = worldsOf(application);
    expect([memoryWorld(database).state.schema, versionOf(backend), versionOf(frontend)]).toEqual(['v2', 'v1', 'v2']);
  });

  it('are known to be back when the next ones are asked for, and when they are asked for again', async () => {
    const application = 'single-by-single';
    const first = await released(application);
    const restore = async (...targets: string[]) =>
      await (await bench().start(memoryPlan({ application }), bringBack(first, targets))).result();
    expect(await restore('database')).toMatchObject({ outcome: 'stopped', failure: { kind: 'refused' } });
    expect(await restore('backend', 'frontend')).toMatchObject({ outcome: 'rolled-back' });
    // Its code is old again, so nothing is left that would not run on the old schema.
    expect(await restore('database')).toMatchObject({ outcome: 'rolled-back', restored: [{ target: 'database' }] });
    const { database, backend, frontend } = worldsOf(application);
    expect([memoryWorld(database).state.schema, versionOf(backend), versionOf(frontend)]).toEqual(['v1', 'v1', 'v1']);
    memoryWorld(database).state.rows += 2;
    const again = await restore('database');
    expect(again).toMatchObject({ outcome: 'stopped', failure: { kind: 'not-found' } });
    expect(again.failure?.message).toMatch(
      /^database went back to before release .+ of v2 already; it left changed: no/,
    );
    expect((await restore()).failure?.message).toMatch(/^nothing is changed any more by release .+ of v2; it left/);
  });

  it('ask about rows that users wrote since, and keep them', async () => {
    const application = 'single-rows';
    const compatible = { database: { compatibility: 'both' } };
    const first = await released(application, compatible);
    writeRows(worldsOf(application).database, 5);
    const handle = await bench().start(memoryPlan({ application, ...compatible }), bringBack(first, ['database']));
    const { question } = await until(handle, (status) => status.question?.kind === 'failure');
    expect(question?.losses?.[0]?.loss.rows).toBe(5);
    await decide(handle, 'carry-over-and-restore');
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 0 });
    expect(memoryWorld(worldsOf(application).database).state).toMatchObject({ schema: 'v1', rows: 5 });
  });

  it('are refused when that release did not change them', async () => {
    const application = 'single-unknown';
    const first = await released(application);
    const again = await bench().start(memoryPlan({ application }), bringBack(first, ['backend']));
    expect(await again.result()).toMatchObject({ outcome: 'rolled-back' });
    const handle = await bench().start(memoryPlan({ application }), bringBack(again, ['frontend']));
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'stopped', failure: { kind: 'not-found' } });
    expect(result.failure?.message).toContain('frontend did not change');
  });

  it('go back to before an older release', async () => {
    const application = 'single-older';
    const first = await released(application);
    await released(application, {}, 'v3');
    const handle = await bench().start(memoryPlan({ application }), bringBack(first, ['frontend']));
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(versionOf(worldsOf(application).frontend)).toBe('v1');
  });
});

describe('a version that was rolled back', () => {
  it('is not released again until a person says so', async () => {
    const application = 'held-version';
    const first = await bench().start(memoryPlan({ application, backend: failsTo(1) }));
    await approve(first);
    expect(await first.result()).toMatchObject({ outcome: 'rolled-back', heldVersion: 'v2' });
    for (let tries = 0; tries < 2; tries += 1) {
      const refused = await bench().start(memoryPlan({ application }));
      const result = await refused.result();
      expect(result).toMatchObject({ outcome: 'stopped', heldVersion: 'v2' });
      expect(result.failure?.remedy).toContain('--again');
    }
    const again = { by: 'deployment-lead', reason: 'the disk was full' };
    const handle = await bench().start(memoryPlan({ application }), { again });
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'released', heldVersion: null });
  });

  it('does not hold back another one', async () => {
    const application = 'next-version';
    const first = await bench().start(memoryPlan({ application, backend: failsTo(1) }));
    await approve(first);
    expect(await first.result()).toMatchObject({ outcome: 'rolled-back' });
    await released(application, {}, 'v3');
  });
});
