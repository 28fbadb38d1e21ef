import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ran, savepoint } from './command.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-cli-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** Nothing listens on port 1 of this machine. */
const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };

const run = (...words: string[]): Promise<Ran> => savepoint(words, { cwd, env: nowhere });

describe('wrong use ends with exit code 2, an explanation on stderr and nothing on stdout', () => {
  it.each([
    ['no verb at all', [], 'Usage: savepoint'],
    ['an unknown verb', ['frobnicate'], "savepoint: unknown command 'frobnicate'"],
    ['a misspelled verb', ['aprove'], '(Did you mean approve?)'],
    ['an unknown option', ['status', '--frob'], "savepoint: unknown option '--frob'"],
    ['a missing argument', ['start'], "savepoint: missing required argument 'version'"],
    ['a missing reason', ['abort', '--by', 'lead'], "savepoint: required option '--reason <why>' not specified"],
    [
      'two ways to treat a dirty environment',
      ['start', 'v2', '--resume', 'a', '--restore', 'b'],
      'cannot be used with',
    ],
    ['a missing plan', ['validate'], 'savepoint: there is no release.yaml here\nsavepoint init writes one'],
    ['a named plan that is missing', ['status', '--plan', 'other.yaml'], 'savepoint: there is no plan at other.yaml'],
    ['no hint which release is meant', ['status'], 'savepoint: it is not clear which release is meant'],
    ['a digest too short to mean one', ['approve', 'release/a/b', '--by', 'x', '--digest', 'abc'], 'is too short'],
    ['a pause without a unit', ['pause', 'release/a/b', '--by', 'x', '--for', '10'], 'savepoint: "10" is no duration'],
  ])('%s', async (_, words, says) => {
    const ran = await run(...words);
    expect(ran.stderr).toContain(says);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  });

  it('a version where a plan file belongs: how versions are given', async () => {
    await run('init');
    const ran = await run('plan', 'v2');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('savepoint: there is no plan at v2\nA version is given with --version v2.');
  });

  it('no verb, with --json: one document that says so', async () => {
    const { code, stdout } = await run('--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ kind: 'usage', message: 'a verb is missing' });
  });

  it('a statement that no check of the plan asks for, and the nearest that one does', async () => {
    await writeFile(
      join(cwd, 'release.yaml'),
      "preflight: [{ name: backup, kind: attest, statement: 'the backup was restored', by: [deployment-lead] }]\n",
    );
    const ran = await run('attest', 'the backup was restord', '--version', 'v2', '--by', 'deployment-lead');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('no check of release.yaml asks for "the backup was restord"');
    expect(ran.stderr).toContain('the backup was restored');
  });

  it('a plan with mistakes: every problem with file, line and column', async () => {
    await writeFile(join(cwd, 'release.yaml'), 'application: Shop\nenvironment: production\ntargts: {}\n');
    const ran = await run('validate');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('release.yaml:1:14: application:');
    expect(ran.stderr).toContain('release.yaml:3:1: targts: unknown key');
    const { error } = JSON.parse((await run('validate', '--json')).stdout);
    expect(error).toMatchObject({ kind: 'plan', exitCode: 2 });
    const places = error.problems.map(({ place }: { place: object }) => place);
    expect(places).toContainEqual({ line: 1, column: 14 });
  });
});

describe('without a Temporal server', () => {
  it.each([
    ['status', ['status', 'release/shop/production']],
    ['follow', ['follow', 'release/shop/production']],
    ['approve', ['approve', 'release/shop/production', '--by', 'product-owner']],
    ['list', ['list']],
    ['worker', ['worker']],
  ])('%s ends with exit code 7, names the address and says how to start one', async (_, words) => {
    const ran = await run(...words);
    expect(ran).toMatchObject({ code: 7, stdout: '' });
    expect(ran.stderr).toBe(
      'savepoint: Temporal at 127.0.0.1:1 is not reachable\n' +
        'Start one with: savepoint dev --port 1, or correct TEMPORAL_ADDRESS.\n',
    );
  });

  it('with --json scripts get the failure as one document on stdout', async () => {
    const ran = await run('status', 'release/shop/production', '--json');
    const message = 'Temporal at 127.0.0.1:1 is not reachable';
    const remedy = 'Start one with: savepoint dev --port 1, or correct TEMPORAL_ADDRESS.';
    const error = { kind: 'unreachable', message, remedy, exitCode: 7 };
    expect(JSON.parse(ran.stdout)).toEqual({ schemaVersion: 1, error });
    expect(ran.code).toBe(7);
  });

  it('doctor says what is there and what is missing', async () => {
    await run('init');
    const ran = await run('doctor');
    expect(ran.code).toBe(7);
    expect(ran.stdout).toContain(`✔ Node.js ${process.versions.node}`);
    expect(ran.stdout).toContain('✔ the plan is valid');
    expect(ran.stdout).toContain(`! no value here for \${env:ADMIN_DATABASE_URL}`);
    expect(ran.stdout).toContain('✘ Temporal at 127.0.0.1:1 is not reachable');
  });
});

describe('init', () => {
  it('never overwrites a plan', async () => {
    await writeFile(join(cwd, 'release.yaml'), 'mine');
    const ran = await run('init');
    expect(ran.code).toBe(2);
    expect(await readFile(join(cwd, 'release.yaml'), 'utf8')).toBe('mine');
  });

  it('writes a plan that validates and that plan can explain', async () => {
    expect((await run('init', '--application', 'My Shop!')).code).toBe(0);
    const valid = await run('validate', '--json');
    expect(valid.code).toBe(0);
    expect(JSON.parse(valid.stdout)).toMatchObject({ valid: true, application: 'my-shop', warnings: [] });
    const plan = await run('plan', '--all');
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(/it fails and database differs from its savepoint or cannot be compared.* → asks: /);
  });
});

describe('what people and scripts see', () => {
  it('has no colour without a terminal', async () => {
    await run('init');
    const { stdout, stderr } = await run('validate');
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stdout).toMatch(/^✔ .*: 3 targets, \d+ steps, no problems\n$/);
  });

  it('help and version end well and go to stdout', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: '0.3.0\n', stderr: '' });
    const help = await run('start', '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('--accept-dirty <reason>');
  });

  it('attest writes a statement into the records of the plan', async () => {
    await writeFile(
      join(cwd, 'release.yaml'),
      "preflight: [{ name: backup, kind: attest, statement: 'the backup was restored', by: [deployment-lead] }]\n",
    );
    const words = ['attest', 'the backup was restored', '--version', 'v2', '--by', 'deployment-lead', '--json'];
    const { code, stdout } = await run(...words);
    expect(code).toBe(0);
    const { file } = JSON.parse(stdout);
    expect(file.startsWith(join(cwd, 'records', 'attestations'))).toBe(true);
    const kept = JSON.parse(await readFile(file, 'utf8'));
    expect(kept).toMatchObject({
      statement: 'the backup was restored',
      by: 'deployment-lead',
      version: 'v2',
      holds: true,
    });
  });
});
