import { describe, expect, it } from 'vitest';
import { memoryWorld, writeRows } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';

const bench = benchForFile();

async function decide(handle: Handle, choice: string): Promise<void> {
  const { question } = await until(handle, (status) => status.question !== null && status.question.kind !== 'go-no-go');
  const body = { by: 'deployment-lead', question: question?.id ?? '', choice, reason: 'test' };
  await handle.executeUpdate(decideUpdate, { args: [body] });
}

function nobodyIsHeld(application: string): void {
  for (const world of Object.values(worldsOf(application))) expect(memoryWorld(world).held).toBe(false);
}

describe('writers that are held', () => {
  it('are let in again when the hold took effect and its answer was lost', async () => {
    const application = 'lost-hold';
    const faults = [{ verb: 'hold', kind: 'failed', when: 'after' }];
    const handle = await bench().start(memoryPlan({ application, database: { compatibility: 'breaking', faults } }));
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'stopped', failedStep: 'hold database' });
    nobodyIsHeld(application);
  });

  it('lose nothing by a restore when the migration had nothing to do and the seed stopped half way', async () => {
    const application = 'half-seed';
    const faults = [{ verb: 'apply', change: 'seed', kind: 'failed', when: 'half' }];
    const database = { compatibility: 'breaking', initial: 'v2', faults };
    const handle = await bench().start(memoryPlan({ application, database }));
    await approve(handle);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'seed database', stays: [] });
    expect(result.restored).toMatchObject([{ target: 'database', proved: 'content' }]);
    expect(memoryWorld(worldsOf(application).database).state.seeds).toEqual([]);
    nobodyIsHeld(application);
  });

  it('keep a proved restore proved when letting them in needs a second try', async () => {
    const application = 'late-resume';
    const faults = [
      { verb: 'apply', change: 'migrate', kind: 'failed', when: 'half' },
      { verb: 'resume', kind: 'failed', message: 'the server is full' },
    ];
    const handle = await bench().start(memoryPlan({ application, database: { compatibility: 'breaking', faults } }));
    await approve(handle);
    const { question } = await until(handle, (status) => status.question?.kind === 'blocked');
    expect(question?.why).toContain('resume database: the server is full');
    await decide(handle, 'retry');
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', restored: [{ target: 'database', proved: 'content' }] });
    nobodyIsHeld(application);
  });

  it('are asked about after a resumed release, because they wrote between the two runs', async () => {
    const application = 'wrote-between';
    const breaking = { compatibility: 'breaking' };
    const slow = { workMs: { apply: '2s' } };
    const first = await bench().start(memoryPlan({ application, database: breaking, backend: slow }));
    await approve(first);
    await until(first, ({ steps }) => steps.some(({ id, state }) => id === 'deploy backend' && state === 'running'));
    await first.terminate('somebody pressed the wrong button');
    writeRows(worldsOf(application).database, 5);
    const verify = [{ name: 'rows', kind: 'command', run: ['false'] }];
    const continuation = { as: 'resume', reason: 'it was a slip' } as const;
    const plan = memoryPlan({ application, database: { ...breaking, verify }, backend: slow });
    const next = await bench().start(plan, { continuation });
    await approve(next);
    const asked = await until(next, ({ question, outcome }) => question?.kind === 'failure' || outcome !== null);
    expect(asked.question?.id).toBe('after verify database');
    expect(memoryWorld(worldsOf(application).database).state.rows).toBe(5);
    await decide(next, 'restore-full');
    expect(await next.result()).toMatchObject({ outcome: 'rolled-back' });
    nobodyIsHeld(application);
  });
});
