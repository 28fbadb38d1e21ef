import { describe, expect, it } from 'vitest';
import { memoryEffects, memoryWorld } from '../../src/targets/memory/world.ts';
import {
  abortSignal,
  abortUpdate,
  approveSignal,
  approveUpdate,
  decideUpdate,
  finishUpdate,
  pauseSignal,
  pauseUpdate,
  rejectSignal,
  rejectUpdate,
  resumeSignal,
  rollbackUpdate,
  supersedeUpdate,
  takeOverUpdate,
} from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, statusOf, until } from '../support/release.ts';

const bench = benchForFile();

async function atGate(application: string, more: object = {}): Promise<{ handle: Handle; digest: string }> {
  const handle = await bench().start(memoryPlan({ application, more }));
  const { question } = await until(handle, ({ question: asked }) => asked !== null);
  return { handle, digest: question?.digest ?? '' };
}

/** What the sender of an update is told when it is refused. */
async function refusal(update: Promise<unknown>): Promise<string> {
  try {
    await update;
  } catch (error) {
    if (error instanceof Error && error.cause instanceof Error) return error.cause.message;
    throw error;
  }
  throw new Error('it was accepted');
}

function changedNothing(application: string): void {
  const verbs = memoryEffects(Object.values(worldsOf(application))).map(({ verb }) => verb);
  expect(verbs.filter((verb) => verb === 'apply')).toEqual([]);
}

const both = ['update', 'signal'] as const;

describe.each(both)('go/no-go by %s', (how) => {
  const name = (test: string): string => `${test}-${how}`;

  async function sendApproval(handle: Handle, body: { by: string; digest: string }): Promise<string | null> {
    if (how === 'update') return await refusal(handle.executeUpdate(approveUpdate, { args: [body] }));
    const before = (await statusOf(handle)).refusals.length;
    await handle.signal(approveSignal, body);
    const { refusals } = await until(handle, (status) => status.refusals.length > before);
    return refusals.at(-1)?.reason ?? null;
  }

  it('no-go ends with nothing changed and keeps the reason', async () => {
    const application = name('no-go');
    const { handle } = await atGate(application);
    const body = { by: 'product-owner', reason: 'the invoices are wrong' };
    if (how === 'update') await handle.executeUpdate(rejectUpdate, { args: [body] });
    else await handle.signal(rejectSignal, body);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rejected', decidedBy: { by: 'product-owner', reason: body.reason } });
    changedNothing(application);
  });

  it('go releases', async () => {
    const { handle, digest } = await atGate(name('go'));
    const body = { by: 'product-owner', digest };
    if (how === 'update') await handle.executeUpdate(approveUpdate, { args: [body] });
    else await handle.signal(approveSignal, body);
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
  });

  it('refuses who may not decide, and nothing changes', async () => {
    const { handle, digest } = await atGate(name('stranger'));
    expect(await sendApproval(handle, { by: 'engineering-lead', digest })).toBe(
      'engineering-lead may not answer this; it is for product-owner',
    );
    expect((await statusOf(handle)).question?.answers).toEqual([]);
    await handle.executeUpdate(rejectUpdate, { args: [{ by: 'product-owner', reason: 'test' }] });
  });

  it('refuses the requester', async () => {
    const gates = {
      'go-no-go': { deciders: ['product-owner', 'deployment-lead'], notRequester: true, deadline: '1h' },
    };
    const { handle, digest } = await atGate(name('requester'), { gates });
    expect(await sendApproval(handle, { by: 'deployment-lead', digest })).toBe(
      'deployment-lead asked for this release and may not approve it',
    );
    await handle.executeUpdate(rejectUpdate, { args: [{ by: 'product-owner', reason: 'test' }] });
  });

  it('refuses an approval of something else', async () => {
    const { handle, digest } = await atGate(name('stale'));
    expect(await sendApproval(handle, { by: 'product-owner', digest: 'f'.repeat(64) })).toBe(
      `digest ${'f'.repeat(64)} is not what waits here; it is ${digest}: read the plan again and approve that`,
    );
    await handle.executeUpdate(rejectUpdate, { args: [{ by: 'product-owner', reason: 'test' }] });
  });

  it('counts one approval a person where two are needed, and a later no of the same person ends it', async () => {
    const gates = { 'go-no-go': { deciders: ['product-owner', 'engineering-lead'], needs: 2, deadline: '1h' } };
    const application = name('changed-mind');
    const { handle, digest } = await atGate(application, { gates });
    await handle.executeUpdate(approveUpdate, { args: [{ by: 'product-owner', digest }] });
    expect(await sendApproval(handle, { by: 'product-owner', digest })).toBe('product-owner has answered already');
    const no = { by: 'product-owner', reason: 'I was wrong' };
    if (how === 'update') await handle.executeUpdate(rejectUpdate, { args: [no] });
    else await handle.signal(rejectSignal, no);
    expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
    changedNothing(application);
  });

  it('refuses a no after the go', async () => {
    const application = name('too-late');
    const slow = { workMs: { prepare: '1ms', save: '1500ms' } };
    const handle = await bench().start(memoryPlan({ application, database: slow }));
    await approve(handle);
    const no = { by: 'product-owner', reason: 'I was wrong' };
    if (how === 'update') {
      expect(await refusal(handle.executeUpdate(rejectUpdate, { args: [no] }))).toBe(
        'this go/no-go is closed: product-owner said approve; to stop the release, abort it',
      );
    } else {
      await handle.signal(rejectSignal, no);
      const { refusals } = await until(handle, (status) => status.refusals.length > 0);
      expect(refusals[0]).toMatchObject({ message: 'reject', by: 'product-owner' });
    }
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
  });
});

describe('silence', () => {
  it('ends as expired at the deadline, with nothing changed', async () => {
    const application = 'silence';
    const gates = { 'go-no-go': { deciders: ['product-owner'], deadline: '1s' } };
    const { handle } = await atGate(application, { gates });
    expect(await handle.result()).toMatchObject({ outcome: 'expired', decidedBy: { by: 'silence' } });
    changedNothing(application);
  });
});

describe('an empty or malformed signal', () => {
  it('changes nothing and says what is missing', async () => {
    const { handle } = await atGate('malformed');
    const send = bench().client.workflow.getHandle(handle.workflowId);
    await send.signal('approve');
    await send.signal('approve', 'yes');
    await send.signal('reject', { by: 7 });
    await send.signal('abort');
    const { refusals, question } = await until(handle, (status) => status.refusals.length === 4);
    expect(refusals.map(({ message }) => message)).toEqual(['approve', 'approve', 'reject', 'abort']);
    expect(question?.answers).toEqual([]);
    await handle.executeUpdate(rejectUpdate, { args: [{ by: 'product-owner', reason: 'test' }] });
  });

  it('is enough for pause and resume', async () => {
    const { handle, digest } = await atGate('paused');
    await handle.signal(pauseSignal, undefined as never);
    await until(handle, ({ pausedUntil }) => pausedUntil !== null);
    await handle.executeUpdate(approveUpdate, { args: [{ by: 'product-owner', digest }] });
    await until(handle, ({ waitingFor }) => waitingFor?.startsWith('the end of the pause') === true);
    changedNothing('paused');
    await handle.signal(resumeSignal, undefined as never);
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
  });

  it('a pause expires by itself', async () => {
    const { handle, digest } = await atGate('short-pause');
    await handle.executeUpdate(pauseUpdate, { args: [{ forMs: 300 }] });
    await handle.executeUpdate(approveUpdate, { args: [{ by: 'product-owner', digest }] });
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
  });
});

describe('abort', () => {
  it('before any change ends as aborted', async () => {
    const { handle } = await atGate('abort-early');
    await handle.executeUpdate(abortUpdate, { args: [{ by: 'deployment-lead', reason: 'wrong night' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'aborted', restored: [] });
    changedNothing('abort-early');
  });

  it('in the middle of a deploy goes back within ten seconds when told to', async () => {
    const application = 'abort-deploy';
    const handle = await bench().start(memoryPlan({ application, backend: { workMs: { apply: '60s' } } }));
    await approve(handle);
    await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'deploy backend' && state === 'running'));
    const asked = Date.now();
    await handle.signal(abortSignal, { by: 'deployment-lead', reason: 'customers call', goBack: true });
    expect(await handle.result()).toMatchObject({ outcome: 'aborted', restored: [{ target: 'backend' }] });
    expect(Date.now() - asked).toBeLessThan(10_000);
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v1');
  });

  it('asks where to when the message does not say', async () => {
    const application = 'abort-asks';
    const handle = await bench().start(memoryPlan({ application, frontend: { workMs: { apply: '60s' } } }));
    await approve(handle);
    await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'deploy frontend' && state === 'running'));
    await handle.executeUpdate(abortUpdate, { args: [{ by: 'deployment-lead', reason: 'customers call' }] });
    const { question } = await until(handle, (status) => status.question?.kind === 'abort');
    expect(question?.choices.map(({ id }) => id)).toEqual([
      'go-back',
      'restore-code',
      'carry-over-and-restore',
      'export-and-restore',
      'restore-full',
      'stay',
    ]);
    await handle.executeUpdate(decideUpdate, {
      args: [{ by: 'deployment-lead', question: question?.id ?? '', choice: 'stay', reason: 'backend is fine' }],
    });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'aborted', restored: [], stays: ['database', 'backend', 'frontend'] });
  });

  it('a cancel from the Temporal UI undoes what was done', async () => {
    const application = 'cancelled';
    const handle = await bench().start(memoryPlan({ application, frontend: { workMs: { apply: '60s' } } }));
    await approve(handle);
    await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'deploy frontend' && state === 'running'));
    await handle.cancel();
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'aborted', restored: [{ target: 'frontend' }, { target: 'backend' }] });
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v1');
  });
});

const checks = [{ name: 'still there', kind: 'command', run: ['true'] }];
const watching = { watch: { schedule: [{ every: '20s', for: '1m' }], checks } };

describe('during the watch', () => {
  async function inWatch(application: string): Promise<Handle> {
    const handle = await bench().start(memoryPlan({ application, more: watching }));
    await approve(handle);
    await until(handle, ({ phase }) => phase === 'watch');
    return handle;
  }

  it('finish ends it as released', async () => {
    const handle = await inWatch('finish');
    await handle.executeUpdate(finishUpdate, { args: [{ by: 'product-owner', reason: 'quiet night' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
  });

  it('rollback brings the code back', async () => {
    const handle = await inWatch('person-rolls-back');
    await handle.executeUpdate(rollbackUpdate, { args: [{ by: 'deployment-lead', reason: 'complaints' }] });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', decidedBy: { choice: 'rollback', reason: 'complaints' } });
    expect(memoryWorld(worldsOf('person-rolls-back').frontend).state.version).toBe('v1');
  });

  it('a newer release takes over, and the lock is free for it', async () => {
    const handle = await inWatch('take-over');
    const by = { by: 'deployment-lead', reason: 'hot fix', version: 'v3' };
    expect(await refusal(handle.executeUpdate(supersedeUpdate, { args: [by] }))).toContain('waits at its go/no-go');
    await handle.executeUpdate(takeOverUpdate, { args: [by] });
    expect(await handle.result()).toMatchObject({ outcome: 'superseded' });
    const next = await bench().start(memoryPlan({ application: 'take-over' }), { version: 'v3' });
    await approve(next);
    expect(await next.result()).toMatchObject({ outcome: 'released', version: 'v3' });
  });
});

describe('a second start', () => {
  it('is refused by the server while one runs, and free after a supersede', async () => {
    const { handle } = await atGate('locked');
    await expect(bench().start(memoryPlan({ application: 'locked' }))).rejects.toThrow(/already started/i);
    await handle.executeUpdate(supersedeUpdate, { args: [{ by: 'deployment-lead', reason: 'newer', version: 'v3' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'superseded' });
  });
});

describe('100 messages at once', () => {
  it('nobody is told something that then does not hold', async () => {
    const application = 'crowd';
    const { handle, digest } = await atGate(application);
    const sent = Array.from({ length: 102 }, (_, index) => {
      if (index % 3 === 0) return handle.executeUpdate(approveUpdate, { args: [{ by: 'product-owner', digest }] });
      const by = { by: 'deployment-lead', reason: `no ${index}` };
      if (index % 3 === 1) return handle.executeUpdate(supersedeUpdate, { args: [{ ...by, version: 'v3' }] });
      return handle.executeUpdate(abortUpdate, { args: [{ ...by, goBack: true }] });
    });
    const answers = await Promise.allSettled(sent);
    const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.accepted] : []));
    const { outcome } = await handle.result();
    const { answered, halt } = await statusOf(handle);
    const approvals = told.filter((text) => text.startsWith('approved'));
    expect(approvals.length).toBeLessThanOrEqual(1);
    expect(told.filter((text) => text === 'aborting' || text === 'superseded').length).toBeLessThanOrEqual(1);
    expect(told.length).toBeGreaterThanOrEqual(1);
    if (told.includes('superseded')) expect([outcome, approvals]).toEqual(['superseded', []]);
    if (told.includes('aborting')) expect(outcome).toBe('aborted');
    if (approvals.length === 1)
      expect(answered[0]?.answers).toMatchObject([{ by: 'product-owner', choice: 'approve' }]);
    if (halt === null) expect(outcome).toBe('released');
  });
});
