import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { memoryEffects, memoryWorld, writeRows } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';

const bench = benchForFile();

/** What runs in each of the three worlds now. */
function versions(application: string): (string | null)[] {
  const worlds = worldsOf(application);
  const { schema } = memoryWorld(worlds.database).state;
  return [schema, memoryWorld(worlds.backend).state.version, memoryWorld(worlds.frontend).state.version];
}

async function decide(handle: Handle, choice: string, reason = 'because'): Promise<void> {
  const { question } = await until(handle, (status) => status.question !== null && status.question.kind !== 'go-no-go');
  await handle.executeUpdate(decideUpdate, {
    args: [{ by: 'deployment-lead', question: question?.id ?? '', choice, reason }],
  });
}

const failed = (verb: string, more: object = {}): object => ({ faults: [{ verb, kind: 'failed', ...more }] });

describe('a broken release', () => {
  it('stops without a trace when an artefact cannot be built', async () => {
    const application = 'no-build';
    const handle = await bench().start(memoryPlan({ application, backend: failed('prepare') }));
    expect(await handle.result()).toMatchObject({ outcome: 'stopped', failedStep: 'prepare backend', restored: [] });
    const verbs = memoryEffects(Object.values(worldsOf(application))).map(({ verb }) => verb);
    expect(new Set(verbs)).toEqual(new Set(['prepare']));
  });

  it('stops without a trace when an undo would not be possible', async () => {
    const application = 'no-undo';
    const findings = [{ status: 'FAIL', what: 'no room for a copy', remedy: 'free 3 GB' }];
    const handle = await bench().start(memoryPlan({ application, database: { findings } }));
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'stopped', failedStep: 'survey database' });
    expect(result.failure).toMatchObject({ message: 'no room for a copy', remedy: 'free 3 GB' });
    expect(versions(application)).toEqual(['v1', 'v1', 'v1']);
  });

  it('stops and starts again what was held when the savepoint cannot be taken', async () => {
    const application = 'no-savepoint';
    const handle = await bench().start(
      memoryPlan({ application, database: { compatibility: 'breaking', ...failed('save') } }),
    );
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'stopped', failedStep: 'snapshot database' });
    for (const world of Object.values(worldsOf(application))) expect(memoryWorld(world).held).toBe(false);
  });

  it('proves that nothing changed when a transactional migration fails', async () => {
    const application = 'clean-failure';
    const handle = await bench().start(memoryPlan({ application, database: failed('apply', { change: 'migrate' }) }));
    await approve(handle);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'migrate database', restored: [] });
    expect(versions(application)).toEqual(['v1', 'v1', 'v1']);
  });

  it('restores the database by itself when writers were held and a migration failed half way', async () => {
    const application = 'half-way';
    const database = { compatibility: 'breaking', ...failed('apply', { change: 'migrate', when: 'half' }) };
    const handle = await bench().start(memoryPlan({ application, database }));
    await approve(handle);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'migrate database' });
    expect(result.restored).toMatchObject([{ target: 'database', proved: 'content' }]);
    expect(versions(application)).toEqual(['v1', 'v1', 'v1']);
    for (const world of Object.values(worldsOf(application))) expect(memoryWorld(world).held).toBe(false);
  });

  it('asks before it restores a database that users wrote to, and restores it with a reason', async () => {
    const application = 'asks-first';
    const handle = await bench().start(
      memoryPlan({
        application,
        database: { ...failed('apply', { change: 'migrate', when: 'half' }), workMs: { apply: '400ms' } },
      }),
    );
    await approve(handle);
    await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'migrate database' && state === 'running'));
    writeRows(worldsOf(application).database, 2);
    const { question } = await until(handle, (status) => status.question?.losses?.[0]?.loss.rows === 2);
    expect(question?.choices.map(({ id }) => id)).toEqual([
      'carry-over-and-restore',
      'export-and-restore',
      'restore-database',
      'stay',
      'done-by-hand',
    ]);
    expect(question?.onSilence).toBeNull();
    await decide(handle, 'restore-database', 'the new column is half filled');
    expect(await handle.result()).toMatchObject({
      outcome: 'rolled-back',
      restored: [{ target: 'database' }],
      rowsLost: 2,
    });
    expect(versions(application)).toEqual(['v1', 'v1', 'v1']);
  });

  it('restores the code, newest first, when the backend does not come up', async () => {
    const application = 'no-backend';
    const handle = await bench().start(memoryPlan({ application, backend: failed('apply', { when: 'after' }) }));
    await approve(handle);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy backend', stays: ['database'] });
    expect(result.restored.map(({ target }) => target)).toEqual(['backend']);
    expect(versions(application)).toEqual(['v2', 'v1', 'v1']);
  });

  it('restores backend and frontend when the frontend fails', async () => {
    const application = 'no-frontend';
    const handle = await bench().start(memoryPlan({ application, frontend: failed('apply', { when: 'half' }) }));
    await approve(handle);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy frontend' });
    expect(result.restored.map(({ target }) => target)).toEqual(['frontend', 'backend']);
    expect(versions(application)).toEqual(['v2', 'v1', 'v1']);
  });

  it('waits in blocked when a restore fails, and goes on with retry', async () => {
    const application = 'blocked';
    const faults = [
      { verb: 'apply', kind: 'failed', when: 'after' },
      { verb: 'restore', kind: 'failed', times: 2 },
    ];
    const handle = await bench().start(memoryPlan({ application, frontend: { faults } }));
    await approve(handle);
    await decide(handle, 'retry');
    const again = await until(handle, ({ question }) => question?.id === 'blocked #2');
    expect(again.restored.find(({ target }) => target === 'backend')?.state).toBe('restored');
    expect(again.question?.why).toContain('restore frontend');
    await decide(handle, 'retry');
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back' });
    expect(versions(application)).toEqual(['v2', 'v1', 'v1']);
  });

  it('ends red and dirty when the way back is abandoned', async () => {
    const application = 'abandoned';
    const faults = [
      { verb: 'apply', kind: 'failed', when: 'after' },
      { verb: 'restore', kind: 'failed', times: 9 },
    ];
    const handle = await bench().start(memoryPlan({ application, frontend: { faults } }));
    await approve(handle);
    await decide(handle, 'abandon', 'the host is gone');
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    const next = await bench().start(memoryPlan({ application }), { version: 'v3' });
    const refused = await next.result();
    expect(refused).toMatchObject({ outcome: 'stopped', dirty: { version: 'v2' } });
    expect(refused.failure?.message).toContain('it had changed database, backend, frontend');
    const once = await bench().start(memoryPlan({ application }), { version: 'v3' });
    expect(await once.result()).toMatchObject({ outcome: 'stopped', dirty: { version: 'v2' } });
  });
});

describe('a good release', () => {
  it('goes live', async () => {
    const application = 'good';
    const handle = await bench().start(memoryPlan({ application }));
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'released', version: 'v2', restored: [], rowsLost: null });
    expect(versions(application)).toEqual(['v2', 'v2', 'v2']);
  });

  it('goes live where nothing was before, and takes back to nothing', async () => {
    const application = 'first';
    const none = { initial: undefined };
    const handle = await bench().start(
      memoryPlan({
        application,
        database: none,
        backend: none,
        frontend: { ...none, ...failed('apply', { when: 'after' }) },
      }),
    );
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy frontend' });
    expect(versions(application).slice(1)).toEqual([null, null]);
  });
});
