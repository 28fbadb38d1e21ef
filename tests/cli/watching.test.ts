import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { finishUpdate, handsOffSignal, raiseSignal, rollbackUpdate } from '../../src/workflows/messages.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Bench, type Handle, openBench, until } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';
import { type Ran, savepoint } from './command.ts';

let temporal: TemporalForTests;
let bench: Bench;
beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
});
afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
});

const by = 'deployment-lead';

function run(...words: string[]): Promise<Ran> {
  return savepoint(words, { cwd: bench.folder, env: { TEMPORAL_ADDRESS: temporal.address } });
}

/** Watched for ten minutes by a check that always passes; people may raise two things. */
async function start(application: string): Promise<Handle> {
  const service = { kind: 'memory', world: worldsOf(application).backend, initial: 'v1' };
  const fine = { name: 'fine', kind: 'command', run: ['true'] };
  const watch = {
    schedule: [{ every: '10m', for: '10m' }],
    checks: [fine],
    raised: { security: 'rollBack', complaints: 'consult' },
  };
  return await bench.start(memoryPlan({ application, more: { targets: { backend: service }, watch } }));
}

async function inWatch(application: string): Promise<Handle> {
  const handle = await start(application);
  await approve(handle);
  await until(handle, ({ phase }) => phase === 'watch');
  return handle;
}

async function end(handle: Handle): Promise<void> {
  await handle.executeUpdate(finishUpdate, { args: [{ by, reason: 'seen enough' }] });
  await handle.result();
}

const version = (application: string) => memoryWorld(worldsOf(application).backend).state.version;

describe('savepoint raise', () => {
  it('goes back at once for what the plan says so of', async () => {
    const handle = await inWatch('raises');
    const note = ['--note', 'tokens in a public page'];
    const ran = await run('raise', 'security', 'release/raises/test', '--by', by, ...note);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toBe('✔ release/raises/test: security is raised: the rules for going back decide now\n');
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
    expect(version('raises')).toBe('v1');

    const late = await run('raise', 'security', 'release/raises/test', '--by', by, ...note);
    expect(late.code).not.toBe(0);
    expect(late.stdout).toBe('');
  });

  it('says how it was accepted in JSON', async () => {
    const handle = await inWatch('raises-json');
    const ran = await run(
      'raise',
      'complaints',
      'release/raises-json/test',
      '--by',
      by,
      '--note',
      'ten mails',
      '--json',
    );
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual({
      schemaVersion: 1,
      workflowId: 'release/raises-json/test',
      by,
      accepted: 'complaints is raised: people are asked',
    });
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
    expect(question?.why).toContain(`complaints: raised by ${by}: ten mails`);
    await handle.executeUpdate(rollbackUpdate, { args: [{ by, reason: 'they are right' }] });
    await handle.result();
  });

  describe('refuses', () => {
    let handle: Handle;
    beforeAll(async () => {
      handle = await inWatch('raises-wrong');
    });
    afterAll(() => end(handle));

    it.concurrent.each([
      {
        what: 'what the plan does not name, and suggests what it does',
        words: ['raise', 'securty', 'release/raises-wrong/test', '--by', by, '--note', 'seen'],
        code: 4,
        says: '"securty" is not in the plan; it names security, complaints',
      },
      {
        what: 'nobody named',
        words: ['raise', 'security', 'release/raises-wrong/test', '--note', 'seen'],
        code: 2,
        says: '--by',
      },
      {
        what: 'what nobody has seen',
        words: ['raise', 'security', 'release/raises-wrong/test', '--by', by],
        code: 2,
        says: '--note',
      },
      {
        what: 'a release that is not there',
        words: ['raise', 'security', 'release/nothing/test', '--by', by, '--note', 'seen'],
        code: 2,
        says: 'release/nothing/test',
      },
    ])('$what', async ({ words, code, says }) => {
      const ran = await run(...words);
      expect(ran.stderr).toContain(says);
      expect(ran).toMatchObject({ code, stdout: '' });
      expect(version('raises-wrong')).toBe('v2');
    });
  });

  it('is refused while nothing is watched, with what else would do', async () => {
    const handle = await start('raises-early');
    await until(handle, ({ question }) => question?.kind === 'go-no-go');
    const ran = await run('raise', 'security', 'release/raises-early/test', '--by', by, '--note', 'seen');
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(
      /only during the watch can something be raised; this release is in .*: abort it instead/,
    );
    await handle.terminate();
  });
});

describe('savepoint hands-off', () => {
  let handle: Handle;
  beforeAll(async () => {
    handle = await inWatch('looks');
  });
  afterAll(() => end(handle));

  const handsOff = (...words: string[]): Promise<Ran> => run('hands-off', 'release/looks/test', ...words);

  it('holds for the time that is asked for, and ends by itself', async () => {
    const ran = await handsOff('--by', by, '--reason', 'I am looking', '--for', '8s');
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/^✔ release\/looks\/test: nothing goes back by itself until \d{4}-/);
    const second = await handsOff('--by', 'engineering-lead', '--reason', 'so am I');
    if (second.code === 0) throw new Error('two people look at the same time');
    expect(second.stderr).toMatch(/deployment-lead is looking already, until/);
    const { timeline } = await until(handle, (status) => !status.handsOff);
    expect(timeline.at(-1)?.what).toBe(
      'the watch may go back by itself again: deployment-lead is not looking any more',
    );
  });

  it('holds for half an hour where no time is named, until somebody resumes', async () => {
    const before = Date.now();
    expect((await handsOff('--by', by, '--reason', 'I am looking')).code).toBe(0);
    const { handsOff: held } = await until(handle, (status) => Boolean(status.handsOff));
    expect((Date.parse(held?.until ?? '') - before) / 60_000).toBeCloseTo(30, 0);
    expect((await run('resume', 'release/looks/test', '--by', by)).code).toBe(0);
    await until(handle, (status) => !status.handsOff);
  });

  it.concurrent.each([
    { what: 'nobody named', words: ['--reason', 'I am looking'], code: 2, says: '--by' },
    { what: 'no reason', words: ['--by', by], code: 2, says: '--reason' },
    { what: 'a whole day', words: ['--by', by, '--reason', 'x', '--for', '24h'], code: 4, says: 'longer than 4 hours' },
    { what: 'what is no time', words: ['--by', by, '--reason', 'x', '--for', 'soon'], code: 2, says: 'soon' },
  ])('refuses $what', async ({ words, code, says }) => {
    const ran = await handsOff(...words);
    expect(ran.stderr).toContain(says);
    expect(ran).toMatchObject({ code, stdout: '' });
  });
});

it('an empty body sent from the Temporal UI changes nothing, and is shown as refused', async () => {
  const handle = await inWatch('empty-body');
  const empty: unknown[] = [];
  await handle.signal(handsOffSignal.name, ...empty);
  await handle.signal(raiseSignal.name, ...empty);
  const { refusals, handsOff, phase } = await until(handle, (status) => status.refusals.length === 2);
  expect({ handsOff: handsOff ?? null, phase }).toEqual({ handsOff: null, phase: 'watch' });
  expect(refusals).toMatchObject([
    {
      message: 'hands-off',
      by: 'nobody named',
      reason: expect.stringContaining('this needs a named person and a reason'),
    },
    { message: 'raise', by: 'nobody named', reason: expect.stringContaining('this needs a named person, what it is') },
  ]);
  await end(handle);
});
