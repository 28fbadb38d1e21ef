import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../src/dev/cache.ts';
import { onPath, shortly } from '../../src/dev/temporal-cli.ts';
import { findCompose, isMissing, type Tool } from './tools.ts';

/** `go install` refuses it because of its exclude lines; a module that requires it builds it. */
const version = 'v2.40.3';

function cached(): string {
  return join(cacheDirectory(), 'bin', `docker-compose-${version}`);
}

/** Compose as a program of its own: no Docker engine and no Docker client is needed to check a file. */
export async function findStandaloneCompose(): Promise<Tool> {
  const runs = await promisify(execFile)(cached(), ['version'], { timeout: 15_000 }).catch(() => null);
  return runs === null ? { missing: 'Docker Compose was not built' } : { path: cached() };
}

/** The plugin of the Docker client, else the cached program, which is built with Go when it is missing. */
export async function ensureCompose(): Promise<Tool> {
  const plugin = await findCompose();
  if (!isMissing(plugin)) return plugin;
  const standalone = await findStandaloneCompose();
  if (!isMissing(standalone)) return standalone;
  const problem = await buildWithGo().then(() => null, shortly);
  if (problem === null) return await findStandaloneCompose();
  return { missing: `${plugin.missing}, and Docker Compose could not be built: ${problem}` };
}

async function buildWithGo(): Promise<void> {
  const go = await onPath('go');
  if (go === null) throw new Error('there is no Go');
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-compose-'));
  try {
    const tools = '//go:build tools\n\npackage tools\n\nimport _ "github.com/docker/compose/v2/cmd"\n';
    await writeFile(join(directory, 'tools.go'), tools);
    await run(go, directory, ['mod', 'init', 'compose']);
    await run(go, directory, ['get', `github.com/docker/compose/v2@${version}`]);
    await run(go, directory, ['mod', 'tidy']);
    await run(go, directory, ['build', '-o', 'docker-compose', 'github.com/docker/compose/v2/cmd']);
    await mkdir(join(cacheDirectory(), 'bin'), { recursive: true });
    // The cache may lie on another file system than the temporary directory.
    await copyFile(join(directory, 'docker-compose'), cached());
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function run(command: string, cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 2] });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`go ${args[0]} ended with ${code}`))));
  });
}
