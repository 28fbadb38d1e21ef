import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call, Step } from '../../../src/release/target.ts';
import { type CommandSpec, commandSchema } from '../../../src/targets/command/command.schema.ts';
import { type CommandState, command } from '../../../src/targets/command/command.ts';
import { endAll, findMarked } from '../../../src/targets/shell/processes.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';

/** A world of two files: `thing` is what users see, `log` is written by every command that acts. */
const sh = (script: string) => ['sh', '-c', script];
const verbs = {
  apply: { deploy: sh('echo "deploy $SAVEPOINT_VERSION" >> log; echo "$SAVEPOINT_VERSION" > thing') },
  save: sh(`if [ -f thing ]; then printf '{"version":"%s"}\\n' "$(cat thing)"; else echo '{"absent":true}'; fi`),
  restore: sh('echo restore >> log; [ "$SAVEPOINT_ABSENT" = 1 ] && rm -f thing || echo "$SAVEPOINT_VERSION" > thing'),
  fingerprint: sh('cat thing 2>/dev/null || echo nothing'),
  check: sh('[ "$(cat thing 2>/dev/null)" = "$SAVEPOINT_VERSION" ] || exit 3'),
  survey: sh('[ -n "$PASSWORD" ]'),
  hold: sh('echo hold >> log; cat thing'),
  resume: sh('echo resume >> log'),
  env: { PASSWORD: 'hunter2-secret' },
};

const makeWorld: MakeWorld<CommandSpec, CommandState, 'migrate' | 'seed' | 'deploy' | 'invalidate'> = async (first) => {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-command-'));
  if (first === 'running') await writeFile(join(home, 'thing'), 'v1\n');
  const lines = async (name: string) => (await readFile(join(home, name), 'utf8').catch(() => '')).split('\n');
  const half = { deploy: sh('echo "half of $SAVEPOINT_VERSION" > thing; exit 4') };
  return {
    kind: command,
    spec: commandSchema.parse(verbs),
    home,
    version: 'v2',
    changes: ['deploy'],
    observe: async () => (await lines('thing')).join(' '),
    effects: () => lines('log'),
    half: { spec: commandSchema.parse({ ...verbs, apply: half }), change: 'deploy', version: 'v3' },
    secrets: ['hunter2-secret'],
    close: () => rm(home, { recursive: true }),
  };
};

conformance('command', makeWorld);

describe('a command target', () => {
  let home = '';
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'savepoint-command-'));
  });
  afterEach(async () => {
    await endAll(() => findMarked({ SAVEPOINT_TARGET: 'cache', SAVEPOINT_ROLE: 'command' }), 500);
    await rm(home, { recursive: true });
  });

  let fence = 0;
  function callOf(spec: CommandSpec, verb: string, signal = new AbortController().signal): Call<CommandSpec> {
    fence += 1;
    return {
      spec,
      application: 'shop',
      environment: 'test',
      target: 'cache',
      release: 'release-1',
      home,
      // A job that an earlier test left behind must not be found here.
      key: `${basename(home)}/cache/${verb}`,
      fence,
      pinned: null,
      signal,
      log: { info: () => {}, warn: () => {} },
    };
  }
  async function until<T>(look: () => Promise<Step<T>>): Promise<T> {
    for (;;) {
      const step = await look();
      if (step.state === 'done') return step.value;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  const log = () => readFile(join(home, 'log'), 'utf8').catch(() => '');

  /** Cuts a deployment off in its middle, as a worker that was killed would. */
  async function interrupted(spec: CommandSpec): Promise<void> {
    const killed = new AbortController();
    const first = await command.apply(callOf(spec, 'deploy', killed.signal), 'deploy', 'v2');
    expect(first.state).toBe('working');
    killed.abort(new Error('killed'));
    await expect(command.apply(callOf(spec, 'deploy', killed.signal), 'deploy', 'v2')).rejects.toThrow('killed');
  }

  const slow = { ...verbs, apply: { deploy: sh('echo begun >> log; sleep 3; echo ended >> log') } };

  it('says that it does not know what an interrupted command did, and runs it again only for somebody who asks', async () => {
    const spec = commandSchema.parse(slow);
    await interrupted(spec);
    const look = () => command.apply(callOf(spec, 'deploy'), 'deploy', 'v2');
    await expect(until(look)).rejects.toMatchObject({ kind: 'unknown' });
    expect(await log()).toBe('begun\n');
    await until(look);
    expect(await log()).toBe('begun\nbegun\nended\n');
  });

  it('asks `status` what became of an interrupted command', async () => {
    const done = commandSchema.parse({ ...slow, status: sh('exit 0') });
    await interrupted(done);
    await until(() => command.apply(callOf(done, 'deploy'), 'deploy', 'v2'));
    expect(await log()).toBe('begun\n');
  });

  it('runs an interrupted command again when `status` says that it never ran, or when it is repeatable', async () => {
    for (const extra of [{ status: sh('exit 3') }, { repeatable: true }]) {
      const spec = commandSchema.parse({ ...slow, ...extra, records: `./records-${Object.keys(extra)[0]}` });
      await interrupted(spec);
      await until(() => command.apply(callOf(spec, 'deploy'), 'deploy', 'v2'));
      expect(await log()).toBe('begun\nbegun\nended\n');
      await rm(join(home, 'log'));
    }
  });

  it('leaves nothing running after it was cancelled, even what takes no SIGTERM', async () => {
    const spec = commandSchema.parse({ ...slow, apply: { deploy: sh('trap "" TERM; sleep 60 & sleep 60; sleep 60') } });
    await interrupted(spec);
    const left = () => findMarked({ SAVEPOINT_TARGET: 'cache', SAVEPOINT_ROLE: 'command' });
    await expect.poll(left, { timeout: 8_000 }).toEqual([]);
  });

  it('ends a command that takes too long and shows the end of its output', async () => {
    const spec = commandSchema.parse({
      ...slow,
      apply: { deploy: sh('echo stuck at 40 %; sleep 60') },
      timeout: '300ms',
    });
    const failing = until(() => command.apply(callOf(spec, 'deploy'), 'deploy', 'v2'));
    await expect(failing).rejects.toMatchObject({ kind: 'timed-out', details: { evidence: 'stuck at 40 %' } });
  });

  it('names the program that does not exist', async () => {
    const spec = commandSchema.parse({ ...verbs, apply: { deploy: ['no-such-program'] } });
    const failing = until(() => command.apply(callOf(spec, 'deploy'), 'deploy', 'v2'));
    await expect(failing).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('no-such-program'),
    });
  });

  it('does not claim a restore that its own fingerprint contradicts', async () => {
    await writeFile(join(home, 'thing'), 'v1\n');
    const spec = commandSchema.parse({ ...verbs, restore: ['true'] });
    const savepoint = await until(() => command.save(callOf(spec, 'save')));
    await until(() => command.apply(callOf(spec, 'deploy'), 'deploy', 'v2'));
    const restoring = until(() => command.restore(callOf(spec, 'restore'), savepoint));
    await expect(restoring).rejects.toMatchObject({ kind: 'failed', details: { evidence: '"v2" instead of "v1"' } });
  });

  it('stops before anything is changed when its survey says no', async () => {
    const spec = commandSchema.parse({ ...verbs, survey: sh('echo no disk left; exit 1') });
    const { findings } = await command.survey(callOf(spec, 'survey'));
    expect(findings[0]).toMatchObject({ status: 'FAIL', what: 'survey of cache: no disk left' });
  });

  it('makes the conformance suite fail when its restore does nothing', async () => {
    const failed = await failingCases(conformanceCases(withoutRestore(makeWorld)).slice(0, 4));
    expect(failed).toEqual([
      'brings back what users saw after a finished change',
      'brings back what users saw after a change that stopped half way',
      'brings back nothing where there was nothing',
    ]);
  });
});
