import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Io, openIo, painter } from '../../src/cli/io.ts';
import { mustBe, whoAmI } from '../../src/cli/who.ts';

const people = {
  'product-owner': { name: 'Product owner', contact: 'owner@example.org' },
  'deployment-lead': { name: 'Deployment lead', contact: null },
};

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-who-'));
  execFileSync('git', ['init', '-q', cwd]);
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function ioWith(env: NodeJS.ProcessEnv, tty = false): Io {
  const stdout = Object.assign(new PassThrough(), { isTTY: tty });
  return openIo({ json: false, env, stdin: { isTTY: tty }, stdout, stderr: new PassThrough(), cwd });
}

describe('who acts', () => {
  it('nobody whom the plan does not know is guessed', async () => {
    execFileSync('git', ['-C', cwd, 'config', 'user.email', 'stranger@example.org']);
    execFileSync('git', ['-C', cwd, 'config', 'user.name', 'Stranger']);
    await expect(mustBe(ioWith({}), undefined, people)).rejects.toMatchObject({
      name: 'UsageError',
      remedy: 'Use --by with one of: product-owner, deployment-lead. SAVEPOINT_USER works too.',
    });
  });

  it('--by wins over SAVEPOINT_USER, which wins over git', async () => {
    execFileSync('git', ['-C', cwd, 'config', 'user.email', 'Owner@example.org']);
    const io = ioWith({ SAVEPOINT_USER: 'deployment-lead' });
    expect(await whoAmI(io, 'somebody', people)).toEqual({ person: 'somebody', rule: '--by' });
    expect(await whoAmI(io, undefined, people)).toEqual({ person: 'deployment-lead', rule: 'SAVEPOINT_USER' });
    const git = { person: 'product-owner', rule: 'git config user.email' };
    expect(await whoAmI(ioWith({}), undefined, people)).toEqual(git);
  });
});

describe('a terminal', () => {
  it('is asked nothing by CI, by scripts and with --json', () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true });
    const common = { stdout, stderr: new PassThrough(), cwd };
    expect(ioWith({}).interactive).toBe(false);
    expect(openIo({ ...common, json: true, env: {}, stdin: { isTTY: true } }).interactive).toBe(false);
    expect(openIo({ ...common, json: false, env: { CI: '1' }, stdin: { isTTY: true } }).interactive).toBe(false);
    expect(openIo({ ...common, json: false, env: {}, stdin: { isTTY: true } }).interactive).toBe(true);
  });

  it('has colour, unless NO_COLOR is set', () => {
    const line = { tone: 'bad', text: 'no' } as const;
    expect(painter({}, { isTTY: true })(line)).toContain('\u001b[31m');
    expect(painter({ NO_COLOR: '1' }, { isTTY: true })(line)).toBe('no');
    expect(painter({ FORCE_COLOR: '1' }, {})(line)).toBe('no');
  });
});
