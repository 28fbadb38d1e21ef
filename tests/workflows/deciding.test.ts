import { describe, expect, it } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { decideUpdate, rejectUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';

const bench = benchForFile();

async function decide(handle: Handle, choice: string, by = 'deployment-lead'): Promise<void> {
  const { question } = await until(handle, (status) => status.question !== null && status.question.kind !== 'go-no-go');
  const body = { by, question: question?.id ?? '', choice, reason: 'test' };
  await handle.executeUpdate(decideUpdate, { args: [body] });
}

describe('a person who decides', () => {
  it.each([
    ['backward', 'backward'],
    ['both', 'backward and forward'],
    ['breaking', 'breaking'],
  ])('is told of every target what will run, and that a migration is %s', async (compatibility, word) => {
    const application = `told-${word.replaceAll(' ', '-')}`;
    const handle = await bench().start(memoryPlan({ application, database: { compatibility } }));
    const { question, digest } = await until(handle, (status) => status.question !== null);
    expect(question).toMatchObject({ kind: 'go-no-go', text: `Release ${application} v2 to test?`, digest });
    expect(question?.why.split('\n')).toEqual([
      `- database (memory-database) → v2, migration ${word} (claimed)`,
      '- backend (memory) → v2',
      '- frontend (memory) → v2',
    ]);
    await handle.executeUpdate(rejectUpdate, { args: [{ by: 'product-owner', reason: 'test' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
  });

  it('is heard after a step that only people can do, however often it was tried before', async () => {
    const application = 'by-hand';
    const backend = {
      faults: [{ verb: 'apply', kind: 'unreachable', times: 2 }],
      ask: { verb: 'apply', question: 'switch the load balancer' },
    };
    const handle = await bench().start(memoryPlan({ application, backend }));
    await approve(handle);
    const { question } = await until(handle, (status) => status.question?.kind === 'by-hand');
    expect(question?.text).toBe('switch the load balancer');
    await decide(handle, 'done');
    await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'deploy backend' && state === 'done'));
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v2');
    await decide(handle, 'done');
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
  });

  it('is named in the ending when the release stays although its watch found something', async () => {
    const checks = [{ name: 'quiet', kind: 'command', run: ['false'], critical: false }];
    const watch = { schedule: [{ every: '500ms', for: '500ms' }], checks };
    const handle = await bench().start(memoryPlan({ application: 'stays-in-watch', more: { watch } }));
    await approve(handle);
    await decide(handle, 'stay');
    expect(await handle.result()).toMatchObject({
      outcome: 'released-by-decision',
      failedStep: 'watch',
      decidedBy: { by: 'deployment-lead', choice: 'stay', reason: 'test' },
    });
  });

  it('may be the one to whom a question went up', async () => {
    const questions = {
      deciders: ['deployment-lead'],
      deadline: '30m',
      escalate: [{ after: '300ms', to: 'engineering-lead' }],
    };
    const smoke = [{ name: 'smoke', kind: 'command', run: ['false'], critical: false }];
    const handle = await bench().start(memoryPlan({ application: 'goes-up', more: { questions, smoke } }));
    await approve(handle);
    await until(handle, ({ question }) => question?.deciders.includes('engineering-lead') ?? false);
    await decide(handle, 'stay', 'engineering-lead');
    expect(await handle.result()).toMatchObject({ decidedBy: { by: 'engineering-lead' } });
  });
});
