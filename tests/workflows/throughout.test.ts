import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { decideUpdate, finishUpdate } from '../../src/workflows/messages.ts';
import { openWatched, type Watched } from '../checks/cloudwatch-world.ts';
import { findMoto } from '../support/aws/moto.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';
import { isMissing } from '../support/tools.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

const bench = benchForFile();
let watched: Watched;
beforeAll(async () => {
  if (skip === undefined) watched = await openWatched();
});
afterAll(() => watched?.stop());

/** What runs of the backend now. */
function backendVersion(application: string): string | null {
  return memoryWorld(worldsOf(application).backend).state.version;
}

/** A release whose watch reports after ten minutes, and asks an alarm of its own every second. */
function watchedPlan(application: string, check: object = {}): object {
  const alarms = { name: 'alarms', kind: 'cloudwatch-alarms', alarms: [application], ...check };
  return memoryPlan({
    application,
    more: { watch: { schedule: [{ every: '10m', for: '10m' }], throughout: { every: '1s', checks: [alarms] } } },
  });
}

async function watching(application: string, check: object = {}): Promise<Handle> {
  await watched.world.setAlarm(application, 'OK');
  const handle = await bench().start(watchedPlan(application, check));
  await approve(handle);
  await until(handle, ({ phase }) => phase === 'watch');
  expect(backendVersion(application)).toBe('v2');
  return handle;
}

describe.skipIf(skip !== undefined)('An alarm of CloudWatch during the watch', () => {
  it('FR-12 brings the code back by itself long before the next report', async () => {
    const handle = await watching('alarm-fires');
    await watched.world.setAlarm('alarm-fires', 'ALARM');
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
    expect(result.failure?.message).toMatch(/^alarms: alarm alarm-fires fires since /);
    expect(backendVersion('alarm-fires')).toBe('v1');
  });

  it('FR-12 asks a person where it is not critical, and stays when told so', async () => {
    const handle = await watching('alarm-asks', { critical: false });
    await watched.world.setAlarm('alarm-asks', 'ALARM');
    const { question } = await until(handle, (status) => status.question !== null);
    expect(question?.why).toContain('alarm alarm-asks fires');
    expect(backendVersion('alarm-asks')).toBe('v2');
    const decided = {
      by: 'deployment-lead',
      question: question?.id ?? '',
      choice: 'stay',
      reason: 'known and harmless',
    };
    await handle.executeUpdate(decideUpdate, { args: [decided] });
    await handle.executeUpdate(finishUpdate, { args: [{ by: 'deployment-lead', reason: 'seen' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'released-by-decision' });
    expect(backendVersion('alarm-asks')).toBe('v2');
  });

  it('goes nowhere while it cannot be asked: that time is not watched, and nothing goes back', async () => {
    const handle = await watching('alarm-unseen', { timeout: '1s' });
    watched.world.faults.expireCredentials();
    await watched.world.setAlarm('alarm-unseen', 'ALARM');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(backendVersion('alarm-unseen')).toBe('v2');
    // As soon as it can be asked again, it counts.
    watched.world.faults.calm();
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
  });

  it('keeps a release from starting when it fires, has no data or does not exist before anything was changed', async () => {
    for (const [application, state] of [
      ['alarm-before', 'ALARM'],
      ['alarm-silent', 'INSUFFICIENT_DATA'],
      ['alarm-missing', null],
    ] as const) {
      if (state !== null) await watched.world.setAlarm(application, state);
      const handle = await bench().start(watchedPlan(application));
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'stopped', failedStep: 'preflight' });
      expect(result.failure?.message).toContain(application);
      expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v1');
    }
  });
});

describe('FR-07 the logs of a target that was deployed', () => {
  const logs = (text: string): object => ({
    logs: [
      {
        name: 'start line',
        kind: 'command',
        run: ['node', '-e', `console.log(${JSON.stringify(text)})`],
        expect: { text: 'Server started' },
      },
    ],
  });

  it('go on with the release when they are good', async () => {
    const application = 'logs-good';
    const handle = await bench().start(memoryPlan({ application, backend: logs('Server started on port 3000') }));
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
  });

  it('go back to rollback point 2 when they are not', async () => {
    const application = 'logs-bad';
    const handle = await bench().start(memoryPlan({ application, backend: logs('Error: no database') }));
    await approve(handle);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'logs backend' });
    expect(result.restored.map(({ target }) => target)).toEqual(['backend']);
    expect(backendVersion(application)).toBe('v1');
    // The frontend was never touched, and the migration stays: the previous code runs on it.
    expect(memoryWorld(worldsOf(application).frontend).state.version).toBe('v1');
  });
});
