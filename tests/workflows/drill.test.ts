import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { memoryWorld, writeRows } from '../../src/targets/memory/world.ts';
import { decideUpdate, releaseWorkflowId, statusQuery } from '../../src/workflows/messages.ts';
import type { release } from '../../src/workflows/release.ts';
import { certificateOf, certificatesIn, type StartedDrill, startDrill } from '../support/drill.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';

const bench = benchForFile();
vi.setConfig({ testTimeout: 90_000 });
const watch = { schedule: [{ every: '1h', for: '4h' }], checks: [{ name: 'well', kind: 'command', run: ['true'] }] };

/** What runs, asked of the worlds themselves. */
function versions(application: string): { schema: string | null; backend: string | null; frontend: string | null } {
  const { database, backend, frontend } = worldsOf(application);
  return {
    schema: memoryWorld(database).state.schema,
    backend: memoryWorld(backend).state.version,
    frontend: memoryWorld(frontend).state.version,
  };
}

const before = { schema: 'v1', backend: 'v1', frontend: 'v1' };

function releaseOf(application: string) {
  return bench().client.workflow.getHandle<typeof release>(releaseWorkflowId(application, 'test'));
}

/** Waits until the release of a drill has reached something. */
async function whileReleasing(application: string, isSo: (phase: string, running: string[]) => boolean): Promise<void> {
  await vi.waitFor(
    async () => {
      const { phase, steps } = await releaseOf(application).query(statusQuery);
      const running = steps.filter(({ state }) => state === 'running').map(({ id }) => id);
      expect(isSo(phase, running)).toBe(true);
    },
    { timeout: 20_000, interval: 50 },
  );
}

describe('a drill', () => {
  it('tries every rollback point in every way, and leaves everything as it was', async () => {
    const application = 'drilled';
    const drilled = await startDrill(bench(), memoryPlan({ application, more: { watch } }));
    const certificate = await certificateOf(drilled);
    expect(certificate.failure).toBeNull();
    expect(certificate).toMatchObject({ passed: true, complete: true, untried: [] });
    const ways = (at: string): string[] => ['before', 'after', 'lost'].map((how) => `${at} ${how}`);
    expect(certificate.cases.map(({ at, how }) => `${at} ${how}`)).toEqual([
      ...ways('migrate database'),
      ...ways('deploy backend'),
      ...ways('deploy frontend'),
      'watch watch',
    ]);
    expect(certificate.targets.every(({ same }) => same)).toBe(true);
    expect(versions(application)).toEqual(before);
    const [written] = await certificatesIn(drilled.home, application);
    expect(written?.json).toEqual(certificate);
    expect(written?.md).toContain('deploy backend, with its answer lost after the effect');
  });

  it('says what each way back restored, and brings back what the rules let stay', async () => {
    const application = 'restores';
    const certificate = await certificateOf(
      await startDrill(bench(), memoryPlan({ application }), { at: 'deploy frontend', how: 'after' }),
    );
    expect(certificate).toMatchObject({ passed: true, complete: false });
    const [only] = certificate.cases;
    expect(only).toMatchObject({ outcome: 'rolled-back', point: 3, problem: null });
    expect(only?.restored).toMatchObject([
      { target: 'frontend', state: 'restored', proved: 'version' },
      { target: 'backend', state: 'restored', proved: 'version' },
    ]);
    expect(only?.tidied).toMatchObject([{ target: 'database', state: 'restored', proved: 'content' }]);
    expect(versions(application)).toEqual(before);
  });

  it.each([
    ['a breaking migration takes code and database back', 'breaking', { database: { compatibility: 'breaking' } }],
    ['a target that goes back alone', 'alone', { frontend: { scope: 'self' } }],
    ['targets that were never there', 'first', { database: { initial: null }, backend: { initial: null } }],
  ])('passes for %s', async (_, application, targets) => {
    const plan = memoryPlan({ application, ...targets });
    const certificate = await certificateOf(await startDrill(bench(), plan, { how: 'after' }));
    expect(certificate.failure).toBeNull();
    expect(certificate.cases.map(({ at }) => at)).toEqual(['migrate database', 'deploy backend', 'deploy frontend']);
    const was = application === 'first' ? { ...before, schema: null, backend: null } : before;
    expect(versions(application)).toEqual(was);
    expect(Object.values(worldsOf(application)).filter((world) => memoryWorld(world).held)).toEqual([]);
  });

  it('makes an effect once although its answer is lost', async () => {
    const application = 'lost';
    const plan = memoryPlan({ application });
    const certificate = await certificateOf(await startDrill(bench(), plan, { at: 'deploy backend', how: 'lost' }));
    expect(certificate.passed).toBe(true);
    const { effects } = memoryWorld(worldsOf(application).backend);
    expect(effects.filter(({ change }) => change === 'deploy')).toHaveLength(1);
    expect(effects.filter(({ verb }) => verb === 'restore')).toHaveLength(1);
  });

  it('keeps the rows that users wrote meanwhile where the target can carry them over', async () => {
    const application = 'carries';
    const plan = memoryPlan({ application, backend: { workMs: { apply: '1s' } } });
    const drilled = await startDrill(bench(), plan, { at: 'deploy backend', how: 'after' });
    const { database } = worldsOf(application);
    const { rows } = memoryWorld(database).state;
    await whileReleasing(application, (_, running) => running.includes('deploy backend'));
    writeRows(database, 5);
    const certificate = await certificateOf(drilled);
    expect(certificate).toMatchObject({ passed: true, cases: [{ rowsLost: 0 }] });
    expect(certificate.cases[0]?.tidied).toMatchObject([{ target: 'database', rowsCarried: 5 }]);
    expect(memoryWorld(database).state.rows).toBe(rows + 5);
    expect(versions(application)).toEqual(before);
  });

  it('asks nobody at the gate, waits for no window, and marks what it tells', async () => {
    const told: string[] = [];
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        told.push((JSON.parse(body) as { subject: string }).subject);
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
      const day = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'][
        new Date().getUTCDay()
      ];
      const window = { days: [day], from: '02:00', to: '02:01', timezone: 'UTC' };
      const more = { notify: [{ name: 'hook', kind: 'webhook', url }], window };
      const plan = memoryPlan({ application: 'marked', more });
      const certificate = await certificateOf(
        await startDrill(bench(), plan, { at: 'migrate database', how: 'after' }),
      );
      expect(certificate).toMatchObject({ passed: true });
      expect(told.length).toBeGreaterThan(0);
      expect(told.filter((subject) => !subject.startsWith('[drill] '))).toEqual([]);
    } finally {
      receiver.close();
    }
  });
});

describe('a drill that finds something', () => {
  it('names a restore that only says that it restored', async () => {
    const application = 'liar';
    const backend = { faults: [{ verb: 'restore', kind: 'lie', times: 99 }] };
    const drilled = await startDrill(bench(), memoryPlan({ application, backend }), { at: 'deploy backend' });
    const certificate = await certificateOf(drilled);
    expect(certificate).toMatchObject({ passed: false, untried: [{ how: 'lost' }] });
    expect(certificate.failure).toContain('deploy backend, after its effect: backend ran v1 before and runs v2 now');
    expect(certificate.targets.filter(({ same }) => !same).map(({ target }) => target)).toEqual(['backend']);
    expect((await drilled.handle.describe()).status.name).toBe('FAILED');
    const [written] = await certificatesIn(drilled.home, application);
    expect(written?.md).toContain('**failed: deploy backend, after its effect');
  });

  it('waits for people where a restore fails, and does not pass although they mend it', async () => {
    const application = 'stuck';
    const backend = { faults: [{ verb: 'restore', times: 1, message: 'the image is gone' }] };
    const plan = memoryPlan({ application, backend });
    const drilled = await startDrill(bench(), plan, { at: 'deploy backend', how: 'after' });
    await whileReleasing(application, (phase) => phase === 'blocked');
    const { question } = await releaseOf(application).query(statusQuery);
    const body = { by: 'deployment-lead', question: question?.id ?? '', choice: 'retry' };
    await releaseOf(application).executeUpdate(decideUpdate, { args: [body] });
    const certificate = await certificateOf(drilled);
    expect(certificate.failure).toContain('people had to help');
    expect(versions(application)).toEqual(before);
  });

  it('does not take another failure for the planted one', async () => {
    const application = 'other-failure';
    const backend = { faults: [{ verb: 'apply', times: 99, message: 'no room' }] };
    const plan = memoryPlan({ application, backend });
    const certificate = await certificateOf(await startDrill(bench(), plan, { at: 'deploy frontend', how: 'after' }));
    expect(certificate.failure).toContain('deploy backend failed by itself');
    expect(versions(application)).toEqual(before);
  });

  it('says so when another release holds the environment', async () => {
    const application = 'held';
    const plan = memoryPlan({ application });
    const holder = await bench().start(plan);
    const certificate = await certificateOf(await startDrill(bench(), plan, { at: 'deploy backend' }));
    expect(certificate.failure).toContain('did not start');
    await holder.terminate();
  });
});

describe('a drill that is ended', () => {
  async function underWay(application: string): Promise<StartedDrill> {
    const plan = memoryPlan({ application, backend: { workMs: { apply: '30s' } } });
    const drilled = await startDrill(bench(), plan, { at: 'deploy frontend' });
    await whileReleasing(application, (_, running) => running.includes('deploy backend'));
    return drilled;
  }

  it('by a cancel: the release that runs goes back, and the certificate says why it ends there', async () => {
    const drilled = await underWay('cancelled');
    await drilled.handle.cancel();
    const certificate = await certificateOf(drilled);
    expect(certificate.failure).toContain('it was cancelled');
    expect(certificate.untried).toHaveLength(2);
    expect(versions('cancelled')).toEqual(before);
  });

  it('by force: the release that runs goes back all the same', async () => {
    const drilled = await underWay('terminated');
    await drilled.handle.terminate();
    await vi.waitFor(async () => expect((await releaseOf('terminated').describe()).status.name).toBe('COMPLETED'), {
      timeout: 30_000,
    });
    expect(versions('terminated')).toEqual(before);
  });
});
