import { describe, expect, it } from 'vitest';
import { forgetMemoryWorld, memoryEffects, memoryWorld } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';

const bench = benchForFile();

/** A release that was terminated while its migration ran. Its activity goes on for as long as it likes. */
async function terminatedInMigrate(application: string, database: object = {}): Promise<Handle> {
  const handle = await bench().start(memoryPlan({ application, database: { workMs: { apply: '2s' }, ...database } }));
  await approve(handle);
  await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'migrate database' && state === 'running'));
  await handle.terminate('somebody pressed the wrong button');
  return handle;
}

/** The same once its database was migrated. */
async function terminatedInDeploy(application: string): Promise<void> {
  const first = await bench().start(memoryPlan({ application, backend: { workMs: { apply: '3s' } } }));
  await approve(first);
  await until(first, ({ steps }) => steps.some(({ id, state }) => id === 'deploy backend' && state === 'running'));
  await first.terminate('somebody pressed the wrong button');
}

describe('after a release was terminated half way', () => {
  it('a start is refused, names what is changed and how to go on', async () => {
    const application = 'dirty';
    await terminatedInMigrate(application);
    for (const version of ['v2', 'v3']) {
      const next = await bench().start(memoryPlan({ application }), { version });
      const result = await next.result();
      expect(result).toMatchObject({ outcome: 'stopped', dirty: { version: 'v2', changed: ['database'] } });
      expect(result.failure?.message).toMatch(/of v2 ended terminated half way: it had changed database/);
      expect(result.failure?.remedy).toContain('--resume');
    }
  });

  it('--resume finishes it, and each effect happens once', async () => {
    const application = 'resumed';
    const first = await terminatedInMigrate(application);
    const continuation = { as: 'resume', reason: 'it was a slip' } as const;
    const next = await bench().start(memoryPlan({ application, database: { workMs: { apply: '2s' } } }), {
      continuation,
    });
    await approve(next);
    const result = await next.result();
    expect(result).toMatchObject({ outcome: 'released', release: first.firstExecutionRunId });
    const effects = memoryEffects(Object.values(worldsOf(application)));
    expect(effects.filter(({ change }) => change === 'migrate')).toHaveLength(1);
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v2');
    const after = await bench().start(memoryPlan({ application }), { version: 'v3' });
    await approve(after);
    expect(await after.result()).toMatchObject({ outcome: 'released', dirty: null });
  });

  it('--resume is refused when what was done is not found any more', async () => {
    const application = 'resumed-in-vain';
    await terminatedInDeploy(application);
    const { database } = worldsOf(application);
    // Somebody restored the database by hand meanwhile.
    forgetMemoryWorld(database);
    const continuation = { as: 'resume', reason: 'it was a slip' } as const;
    const next = await bench().start(memoryPlan({ application }), { continuation });
    const result = await next.result();
    expect(result).toMatchObject({ outcome: 'stopped', failure: { kind: 'changed' }, dirty: { version: 'v2' } });
    expect(result.failure?.message).toContain('migrate database');
    expect(memoryWorld(database).state.schema).toBe('v1');
  });

  it('--resume is refused with a remedy where a target cannot be asked, and goes on once it can', async () => {
    const application = 'resumed-deaf';
    await terminatedInDeploy(application);
    const continuation = { as: 'resume', reason: 'it was a slip' } as const;
    const deaf = { faults: [{ verb: 'confirm', kind: 'permission', times: 99 }] };
    const next = await bench().start(memoryPlan({ application, database: deaf }), { continuation });
    expect(await next.result()).toMatchObject({
      outcome: 'stopped',
      dirty: { version: 'v2' },
      failure: {
        kind: 'permission',
        message: expect.stringMatching(
          /^database could not be asked whether migrate database of the earlier release is/,
        ),
        remedy: 'see that database answers, then start again with --resume <reason>',
      },
    });
    const again = await bench().start(memoryPlan({ application }), { continuation });
    await approve(again);
    expect(await again.result()).toMatchObject({ outcome: 'released', dirty: null });
    const effects = memoryEffects(Object.values(worldsOf(application)));
    expect(effects.filter(({ change }) => change === 'migrate')).toHaveLength(1);
  });

  it('--resume looks for what somebody did by hand, too', async () => {
    const application = 'resumed-by-hand';
    const faults = [{ verb: 'apply', change: 'migrate', kind: 'failed', when: 'after' }];
    const database = { faults, onFailure: { migrate: [{ ask: '5m' }] } };
    const first = await bench().start(memoryPlan({ application, database, backend: { workMs: { apply: '3s' } } }));
    await approve(first);
    const { question } = await until(first, (status) => status.question?.kind === 'failure');
    const body = { by: 'deployment-lead', question: question?.id ?? '', choice: 'done-by-hand', reason: 'psql' };
    await first.executeUpdate(decideUpdate, { args: [body] });
    await until(first, ({ steps }) => steps.some(({ id, state }) => id === 'deploy backend' && state === 'running'));
    await first.terminate('somebody pressed the wrong button');
    forgetMemoryWorld(worldsOf(application).database);
    const continuation = { as: 'resume', reason: 'it was a slip' } as const;
    const next = await bench().start(memoryPlan({ application }), { continuation });
    const result = await next.result();
    expect(result).toMatchObject({ outcome: 'stopped', failure: { kind: 'changed' } });
    expect(result.failure?.message).toContain('migrate database');
  });

  it.each([
    ['after the database went back', 'backend'],
    ['before the database went back', 'database'],
  ])('a release that was abandoned on its way back is finished by --resume, %s', async (_when, stuck) => {
    const application = `abandoned-${stuck}`;
    const compatibility = { compatibility: 'breaking' };
    const wedged = { faults: [{ verb: 'restore', kind: 'failed', times: 99 }] };
    const smoke = [{ name: 'smoke', kind: 'command', run: ['false'] }];
    const first = await bench().start(
      memoryPlan({
        application,
        database: { ...compatibility, ...(stuck === 'database' ? wedged : {}) },
        backend: stuck === 'backend' ? wedged : {},
        more: { smoke },
      }),
    );
    await approve(first);
    const { question, restored } = await until(first, (status) => status.question?.kind === 'blocked');
    const stateOf = (name: string) => restored.find(({ target }) => target === name)?.state;
    expect(stateOf(stuck)).toBe('failed');
    expect(stateOf('database') === 'restored').toBe(stuck === 'backend');
    const body = { by: 'deployment-lead', question: question?.id ?? '', choice: 'abandon', reason: 'tomorrow' };
    await first.executeUpdate(decideUpdate, { args: [body] });
    await expect(first.result()).rejects.toThrow();
    const continuation = { as: 'resume', reason: 'the smoke test was wrong' } as const;
    const next = await bench().start(memoryPlan({ application, database: compatibility }), { continuation });
    await approve(next);
    expect(await next.result()).toMatchObject({ outcome: 'released', dirty: null });
    const { database, ...code } = worldsOf(application);
    expect(memoryWorld(database).state.schema).toBe('v2');
    for (const world of Object.values(code)) expect(memoryWorld(world).state.version).toBe('v2');
    const held = [database, ...Object.values(code)].filter((world) => memoryWorld(world).held);
    expect(held).toEqual([]);
  });

  it('--restore brings it back to what was observed before', async () => {
    const application = 'restored';
    const breaking = { compatibility: 'breaking' };
    await terminatedInMigrate(application, breaking);
    const continuation = { as: 'restore', reason: 'not tonight' } as const;
    const next = await bench().start(memoryPlan({ application, database: breaking }), { version: 'v3', continuation });
    const result = await next.result();
    expect(result).toMatchObject({ outcome: 'rolled-back' });
    expect(memoryWorld(worldsOf(application).database).state.schema).toBe('v1');
    for (const world of Object.values(worldsOf(application))) expect(memoryWorld(world).held).toBe(false);
  });

  it('--accept-dirty goes on after somebody looked, and keeps the reason', async () => {
    const application = 'accepted';
    await terminatedInMigrate(application);
    const continuation = { as: 'accept-dirty', reason: 'repaired by hand' } as const;
    const next = await bench().start(memoryPlan({ application }), { version: 'v3', continuation });
    await approve(next);
    const result = await next.result();
    expect(result.outcome).toBe('released');
    expect(result.notes[0]).toContain('repaired by hand');
  });

  it('a version other than the one that was left cannot be resumed', async () => {
    const application = 'other-version';
    await terminatedInMigrate(application);
    const continuation = { as: 'resume', reason: 'it was a slip' } as const;
    const next = await bench().start(memoryPlan({ application }), { version: 'v3', continuation });
    const result = await next.result();
    expect(result).toMatchObject({ outcome: 'stopped', dirty: { version: 'v2' } });
    expect(result.failure?.message).toBe('the release to resume was of v2, not of v3');
  });
});

describe('after a start that was terminated before it looked back', () => {
  it('the environment is still dirty from the release before', async () => {
    const application = 'dirty-through';
    await terminatedInMigrate(application);
    await bench().worker.stop();
    const never = await bench().start(memoryPlan({ application }), { version: 'v3' });
    await never.terminate('no worker came');
    await bench().restartWorker();
    const next = await bench().start(memoryPlan({ application }), { version: 'v3' });
    expect(await next.result()).toMatchObject({ outcome: 'stopped', dirty: { version: 'v2', changed: ['database'] } });
  });
});

describe('after a release that ended cleanly', () => {
  it('there is nothing to resume', async () => {
    const application = 'clean';
    const first = await bench().start(memoryPlan({ application }));
    await approve(first);
    await first.result();
    const continuation = { as: 'resume', reason: 'habit' } as const;
    const next = await bench().start(memoryPlan({ application }), { continuation });
    expect((await next.result()).failure?.message).toBe('the previous release ended cleanly');
  });
});
