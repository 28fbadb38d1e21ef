import { describe, expect, it } from 'vitest';
import type { ReleaseStatus } from '../../src/release/status.ts';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { abortUpdate, decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';

const bench = benchForFile();

/** Which verb of its target makes a step long enough to be hit in the middle. */
const verbs: Record<string, string> = { snapshot: 'save', migrate: 'apply', deploy: 'apply' };

/** Writers are held from before the savepoint until the database is migrated. */
function slowPlan(application: string, stage: string): object {
  const [step = '', target = ''] = stage.split(' ');
  const slowly = (name: string): object => (name === target ? { workMs: { [verbs[step] ?? step]: '1500ms' } } : {});
  const smoke = [{ name: 'smoke', kind: 'command', run: ['sleep', stage === 'smoke' ? '1.5' : '0'] }];
  const watch = {
    schedule: [{ every: '20s', for: '1m' }],
    checks: [{ name: 'there', kind: 'command', run: ['true'] }],
  };
  const database = { compatibility: 'breaking', ...slowly('database') };
  const code = { backend: slowly('backend'), frontend: slowly('frontend') };
  return memoryPlan({ application, database, ...code, more: { smoke, watch } });
}

/** Steps of `slowPlan`, and what runs in the three worlds after an abort in each of them. */
const stages = [
  'prepare database',
  'prepare backend',
  'hold backend',
  'hold database',
  'snapshot database',
  'migrate database',
  'resume database',
  'snapshot backend',
  'deploy backend',
  'snapshot frontend',
  'deploy frontend',
  'smoke',
  'watch',
];

async function reach(handle: Handle, stage: string): Promise<void> {
  if (!stage.startsWith('prepare')) await approve(handle);
  await until(handle, ({ steps, phase }) =>
    stage === 'watch' ? phase === 'watch' : steps.some(({ id, state }) => id === stage && state === 'running'),
  );
}

async function answerIfAsked(handle: Handle): Promise<void> {
  const { question } = await until(handle, (status) => status.outcome !== null || status.question !== null);
  if (question === null) return;
  // Writers were let in again, so a restore of the database might lose rows: it asks, and never decides by itself.
  const choice = question.choices.find(({ id }) => id === 'restore-full' || id === 'restore-database')?.id;
  await handle.executeUpdate('decide', {
    args: [{ by: 'deployment-lead', question: question.id, choice, reason: 'test' }],
  });
}

describe.each(['abort', 'cancel'] as const)('%s in the middle of', (how) => {
  it.each(stages)('%s leaves the world as it was, with nobody held', async (stage) => {
    const application = `${how}-${stage.replaceAll(' ', '-')}`;
    const handle = await bench().start(slowPlan(application, stage));
    await reach(handle, stage);
    if (how === 'cancel') await handle.cancel();
    else {
      const body = { by: 'deployment-lead', reason: 'test', goBack: true };
      await handle.executeUpdate(abortUpdate, { args: [body] });
    }
    await answerIfAsked(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
    const worlds = worldsOf(application);
    expect(memoryWorld(worlds.database).state.schema ?? 'v1').toBe('v1');
    // A world that nobody looked at yet does not even know its first version.
    expect(memoryWorld(worlds.backend).state.version ?? 'v1').toBe('v1');
    expect(memoryWorld(worlds.frontend).state.version ?? 'v1').toBe('v1');
    for (const world of Object.values(worlds)) {
      expect(memoryWorld(world).held).toBe(false);
      // The step that was cut off came to its end, or was refused, before its undo.
      const { effects } = memoryWorld(world);
      const restores = effects.filter(({ verb }) => verb === 'restore');
      expect(restores.length).toBeLessThanOrEqual(1);
      if (restores.length === 1) expect(effects.at(-1)?.verb).toMatch(/restore|resume/);
    }
  });
});

describe('an abort that was accepted', () => {
  const body = { by: 'deployment-lead', reason: 'test', goBack: true };

  it('holds even when the last step is too short to be cut off', async () => {
    const application = 'abort-at-the-end';
    // No heartbeat fits into it, so the cancellation never reaches it.
    const handle = await bench().start(memoryPlan({ application, frontend: { workMs: { apply: '600ms' } } }));
    await reach(handle, 'invalidate frontend');
    await handle.executeUpdate(abortUpdate, { args: [body] });
    expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
    expect(memoryWorld(worldsOf(application).frontend).state.version).toBe('v1');
  });

  it('goes back although nobody can tell how the database stands', async () => {
    const application = 'abort-in-the-dark';
    const faults = [{ verb: 'compare', kind: 'permission' }];
    const database = { compatibility: 'breaking', workMs: { apply: '1500ms' }, faults };
    const handle = await bench().start(memoryPlan({ application, database }));
    await reach(handle, 'migrate database');
    await handle.executeUpdate(abortUpdate, { args: [body] });
    expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
    expect(memoryWorld(worldsOf(application).database).state.schema).toBe('v1');
    for (const world of Object.values(worldsOf(application))) expect(memoryWorld(world).held).toBe(false);
  });
});

describe('a cancel while the way back is blocked', () => {
  it('is no halt: the way back goes on and the ending says why it began', async () => {
    const application = 'cancel-on-the-way-back';
    const faults = [
      { verb: 'apply', kind: 'failed', when: 'after' },
      { verb: 'restore', kind: 'failed' },
    ];
    const handle = await bench().start(memoryPlan({ application, frontend: { faults } }));
    await approve(handle);
    await until(handle, ({ question }) => question?.kind === 'blocked');
    await handle.cancel();
    await handle.executeUpdate(decideUpdate, {
      args: [{ by: 'deployment-lead', question: 'blocked', choice: 'retry' }],
    });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy frontend' });
    expect((await handle.query<ReleaseStatus>('status')).halt).toBeNull();
  });
});
