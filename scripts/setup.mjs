#!/usr/bin/env node
/**
 * `node scripts/setup.mjs [demo | temporal | test]`: brings a fresh clone to the point where it runs. Plain JavaScript on
 * Node alone, because it runs before anything is installed. Whatever is up to date is left alone. All it says goes to
 * stderr, so that the command after it has stdout for itself.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const oldest = [20, 20];

/** A problem with the machine or its network, not with the program: its message is enough. */
export class SetupError extends Error {
  name = 'SetupError';
}

function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Runs a program with its output on stderr. Rejects when it does not end with 0. */
function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new SetupError(`${[command, ...args].join(' ')} ended with ${code ?? signal}`));
    });
  });
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new SetupError(`Node ${oldest.join('.')} or newer is needed; this is ${process.versions.node}`);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Two commands started at once do not install or build into each other. */
async function alone(work) {
  const lock = at('.savepoint', 'setup.lock');
  mkdirSync(dirname(lock), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(lock, { encoding: 'utf8', flag: 'a+' }));
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
    else if (!waited) say('another command sets things up; waiting for it');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Compares what the lockfile wants with what npm says it installed; times of files say nothing after a checkout. */
function modulesAreCurrent() {
  const wanted = readJson(at('package-lock.json'))?.packages;
  const installed = readJson(at('node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    return path === '' || (found === undefined ? entry.optional === true : found.version === entry.version);
  });
}

async function ensureModules() {
  if (modulesAreCurrent()) return;
  say('installing dependencies (npm ci)');
  // The project's .npmrc silences npm so that `npm run demo -- --json` has stdout for itself; here errors must be seen.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  await (npm?.endsWith('.js') ? run(process.execPath, [npm, ...args]) : run('npm', args));
}

function filesBelow(directory) {
  return readdirSync(at(directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Changes when a source file is added, removed or written. */
function sourceState() {
  const single = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/bundle.ts'];
  const hash = createHash('sha256');
  for (const file of [...filesBelow('src'), ...single.map((name) => at(name))].sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Builds beside and exchanges, so that a program that starts meanwhile never sees half of it. */
async function build(state) {
  const fresh = `dist-${process.pid}`;
  try {
    // Types are checked by `npm run check`; a build only leaves them out.
    await run(process.execPath, [
      at('node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
      '--noCheck',
      '--outDir',
      fresh,
    ]);
    await run(process.execPath, ['--import', 'tsx', 'scripts/bundle.ts', fresh]);
    writeFileSync(at(fresh, '.built'), state);
    const old = at(`dist-${process.pid}-old`);
    if (existsSync(at('dist'))) renameSync(at('dist'), old);
    renameSync(at(fresh), at('dist'));
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(at(fresh), { recursive: true, force: true });
  }
}

function builtState() {
  const file = at('dist', '.built');
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** Is the build of the source as it is now? */
export function isBuilt() {
  return builtState() === sourceState();
}

/** Dependencies and build, each only when it is not up to date. Cheap enough to stand before every command. */
export async function prepare() {
  checkNode();
  if (modulesAreCurrent() && isBuilt()) return;
  await alone(async () => {
    await ensureModules();
    const state = sourceState();
    if (builtState() === state) return;
    say('building');
    await build(state);
  });
}

async function ensureTemporal() {
  const { ensureTemporalCli } = await import(pathToFileURL(at('dist/dev/temporal-cli.js')).href);
  const { path, version } = await ensureTemporalCli(say).catch((error) => {
    throw error.name === 'ToolMissing' ? new SetupError(error.message) : error;
  });
  if (process.env.CI) say(`Temporal CLI: ${path}, ${version}`);
}

/** What each word on the command line makes sure of, after `prepare`. */
const parts = {
  demo: [ensureTemporal],
  temporal: [ensureTemporal],
  test: [ensureTemporal, () => run(process.execPath, ['--import', 'tsx', 'tests/support/prepare.ts'])],
};

async function main(words) {
  const unknown = words.filter((word) => !(word in parts));
  if (unknown.length > 0) throw new SetupError(`${unknown.join(', ')}: known are ${Object.keys(parts).join(', ')}`);
  await prepare();
  for (const step of new Set(words.flatMap((word) => parts[word]))) await step();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // Exit by hand: a download that was given up may still hold a handle.
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(error.name === 'SetupError' ? `setup: ${error.message}\n` : `${error.stack}\n`);
      process.exit(1);
    },
  );
}
