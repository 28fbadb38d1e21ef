import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../src/dev/cache.ts';

const run = promisify(execFile);

/** Where a program from a Debian package is found that was unpacked without root. */
export function unpackedProgram(name: string): string {
  return join(cacheDirectory(), 'unpacked', name, 'run');
}

/** Libraries that a package itself needs; those of the base system are there, and those of web pages are not needed. */
async function librariesOf(name: string): Promise<string[]> {
  const { stdout } = await run('apt-cache', ['depends', '--no-recommends', '--no-suggests', name]);
  return [...stdout.matchAll(/^ +Depends: (lib\S+)$/gm)]
    .map(([, library]) => library ?? '')
    .filter((one) => one !== 'libc6' && !one.startsWith('libjs-'));
}

async function folderOfLibraries(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const base of ['usr/lib', 'lib']) {
    const triplets = await readdir(join(root, base)).catch(() => []);
    folders.push(...triplets.filter((one) => one.includes('-linux-gnu')).map((one) => join(root, base, one)));
  }
  return folders;
}

/** Not every program knows `--version`; one that lacks a library ends with 127. */
function mustHaveStarted(error: { code?: unknown }): void {
  if (typeof error.code !== 'number' || error.code === 127) throw error;
}

/**
 * Fetches a package of Debian or Ubuntu and the libraries that it needs with apt, and unpacks them into the cache: the way
 * to a program for somebody who is not root. `program`: its path inside the package.
 * @throws Error without apt, without a network, or where the program does not run
 */
export async function unpackPackage(name: string, program: string): Promise<string> {
  const draft = await mkdtemp(join(tmpdir(), 'savepoint-package-'));
  try {
    const root = join(draft, 'root');
    await mkdir(root);
    await run('apt-get', ['download', '-q', name, ...(await librariesOf(name))], { cwd: draft, timeout: 120_000 });
    for (const file of await readdir(draft)) {
      if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(draft, file), root]);
    }
    const place = join(unpackedProgram(name), '..');
    await mkdir(join(place, '..'), { recursive: true });
    await rm(place, { recursive: true, force: true });
    const folders = (await folderOfLibraries(root)).map((one) => one.replace(root, place)).join(':');
    const start = `#!/bin/sh\nLD_LIBRARY_PATH='${folders}' exec '${join(place, program)}' "$@"\n`;
    await writeFile(join(root, 'run'), start);
    await chmod(join(root, 'run'), 0o755);
    await run('cp', ['-a', root, place]);
    await run(unpackedProgram(name), ['--version'], { timeout: 15_000 }).catch(mustHaveStarted);
    return unpackedProgram(name);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
