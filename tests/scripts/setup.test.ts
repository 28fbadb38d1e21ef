import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '../..');
const clone = mkdtempSync(join(tmpdir(), 'savepoint-setup-'));
afterAll(() => rmSync(clone, { recursive: true, force: true }));

/** What a shell without npm around it has; npm's own settings would hide what the project's .npmrc does. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^CI$/i.test(name)));

async function setup(extra: NodeJS.ProcessEnv = {}): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['scripts/setup.mjs'], { cwd: clone, env: { ...env, ...extra } });
}

beforeAll(() => {
  for (const name of [
    'scripts',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    '.npmrc',
    'bin',
  ]) {
    cpSync(join(project, name), join(clone, name), { recursive: true });
  }
  mkdirSync(join(clone, 'src/cli'), { recursive: true });
  writeFileSync(join(clone, 'src/cli/main.ts'), `process.stdout.write('{"schemaVersion":1}\\n');\n`);
  symlinkSync(join(project, 'node_modules'), join(clone, 'node_modules'));
});

describe('setting up a clone', { timeout: 120_000 }, () => {
  it('builds once, even when two commands need it at the same time, and says so on stderr only', async () => {
    const [one, other] = await Promise.all([setup(), setup()]);
    expect(one.stdout + other.stdout).toBe('');
    expect((one.stderr + other.stderr).match(/setup: building/g)).toHaveLength(1);
    expect(existsSync(join(clone, 'dist/cli/main.js'))).toBe(true);
    expect(await setup()).toEqual({ stdout: '', stderr: '' });
  });

  it('builds again when a source changed, and runs what was just written', async () => {
    writeFileSync(join(clone, 'src/cli/main.ts'), `process.stdout.write('{"schemaVersion":2}\\n');\n`);
    const run = execFileSync(process.execPath, ['bin/savepoint.js'], {
      cwd: clone,
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(run).toBe('{"schemaVersion":2}\n');
    rmSync(join(clone, 'dist'), { recursive: true });
    expect((await setup()).stderr).toContain('building');
  });

  it('installs with npm ci when the lockfile wants something else, and stops when that fails', async () => {
    const lock = join(clone, 'package-lock.json');
    const before = readFileSync(lock, 'utf8');
    const npm = join(clone, 'fake-npm.js');
    writeFileSync(npm, `process.stderr.write('npm ' + process.argv.slice(2).join(' ')); process.exit(3);\n`);
    rmSync(join(clone, 'node_modules'));
    const failed = await setup({ npm_execpath: npm }).catch((error: unknown) => error);
    expect(String((failed as { stderr: string }).stderr)).toMatch(
      /installing dependencies.*\nnpm ci .*--loglevel=error.*ended with 3/s,
    );
    symlinkSync(join(project, 'node_modules'), join(clone, 'node_modules'));
    writeFileSync(lock, before.replace(/("node_modules\/zod": \{\s+"version": ")[^"]+/, '$10.0.1'));
    await expect(setup({ npm_execpath: npm })).rejects.toThrow('installing dependencies');
    writeFileSync(lock, before);
    expect((await setup()).stderr).toMatch(/^setup: building\n/);
  });

  it('leaves stdout to the program: npm run prints one JSON document and no banner', () => {
    const run = execFileSync('npm', ['run', 'savepoint', '--', '--json'], {
      cwd: clone,
      env,
      stdio: 'pipe',
    });
    expect(JSON.parse(run.toString())).toEqual({ schemaVersion: 2 });
  });

  it('says what it knows when it is asked for something else', async () => {
    const words = ['scripts/setup.mjs', 'everything'];
    const failed = await promisify(execFile)(process.execPath, words, { cwd: clone, env }).catch(
      (error: unknown) => error,
    );
    expect((failed as { stderr: string }).stderr).toBe('setup: everything: known are demo, temporal, test\n');
  });
});

describe('the lockfile', () => {
  it('names the packages of every platform, so that npm ci accepts it everywhere', () => {
    execFileSync(process.execPath, ['scripts/complete-lockfile.mjs', '--check', project], {
      cwd: project,
      stdio: 'pipe',
    });
  });

  it('that npm made incomplete is refused with the remedy, and completed', () => {
    const directory = join(clone, 'lock');
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'package-lock.json');
    const packages = {
      '': {},
      'node_modules/a': {
        version: '1.0.0',
        dev: true,
        optionalDependencies: { '@a/linux-arm64-musl': '1.0.0', '@a/win32-x64': '^1.0.0' },
      },
    };
    writeFileSync(file, JSON.stringify({ packages }));
    const run = (...words: string[]) =>
      execFileSync(process.execPath, ['scripts/complete-lockfile.mjs', ...words, directory], {
        cwd: project,
        stdio: 'pipe',
      });
    expect(() => run('--check')).toThrow('lacks @a/linux-arm64-musl, @a/win32-x64');
    run();
    run('--check');
    const completed = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, unknown> };
    expect(completed.packages['node_modules/@a/linux-arm64-musl']).toEqual({
      version: '1.0.0',
      cpu: ['arm64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    });
    expect(completed.packages['node_modules/@a/win32-x64']).toMatchObject({
      version: '1.0.0',
      cpu: ['x64'],
      os: ['win32'],
    });
  });
});
