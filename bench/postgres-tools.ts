import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../src/dev/cache.ts';
import { findPostgresPrograms, isMissing } from '../tests/support/tools.ts';

const run = promisify(execFile);

function cached(): string {
  return join(cacheDirectory(), 'postgresql');
}

/** Directory with postgres, initdb, pg_dump and pg_restore below a directory that packages were unpacked into. */
async function programsBelow(home: string): Promise<string | null> {
  const base = join(home, 'usr/lib/postgresql');
  const [version] = existsSync(base) ? await readdir(base) : [];
  return version === undefined ? null : join(base, version, 'bin');
}

/** Packages that bring `postgresql` here, such as postgresql-15: the server and what it cannot do without. */
async function packages(): Promise<string[]> {
  const depends = async (name: string): Promise<string[]> => {
    const { stdout } = await run('apt-cache', ['depends', '--important', name]);
    return [...stdout.matchAll(/^\s+Depends: ([a-z][a-z0-9.+-]*)$/gm)].map(([, found]) => found ?? '');
  };
  const [server] = (await depends('postgresql')).filter((name) => /^postgresql-\d+$/.test(name));
  if (server === undefined) throw new Error('this system has no package postgresql-<version>');
  const needed = await depends(server);
  return [server, ...needed.filter((name) => /^(postgresql-client-\d+|lib(?!c6))/.test(name))];
}

/** Without root's rights: downloads the system's own packages and unpacks them into the cache. */
async function unpack(): Promise<void> {
  const fresh = await mkdtemp(`${cached()}-`);
  try {
    await run('apt-get', ['download', '-q', ...(await packages())], { cwd: fresh });
    for (const file of (await readdir(fresh)).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(fresh, file), fresh]);
      await rm(join(fresh, file));
    }
    await rm(cached(), { recursive: true, force: true });
    await rename(fresh, cached());
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** `libraries`: for LD_LIBRARY_PATH, null where the system's own are used. */
export type PostgresTools = { bin: string; libraries: string | null };

/**
 * A PostgreSQL with pg_dump and pg_restore of the same version: the one that is installed (`scripts/setup.mjs test`
 * installs it for root), else the system's packages unpacked into the cache.
 *
 * @throws Error saying what was tried
 */
export async function ensurePostgresTools(): Promise<PostgresTools> {
  const installed = findPostgresPrograms();
  if (!isMissing(installed)) return { bin: installed.path, libraries: null };
  await mkdir(dirname(cached()), { recursive: true });
  if ((await programsBelow(cached())) === null) {
    await unpack().catch((error: Error) => {
      throw new Error(`${installed.missing}, and unpacking the system's packages failed: ${error.message}`);
    });
  }
  const bin = await programsBelow(cached());
  if (bin === null) throw new Error(`${installed.missing}, and its packages brought none`);
  const libraries = (await readdir(join(cached(), 'usr/lib'))).filter((name) => name.endsWith('-linux-gnu'));
  return { bin, libraries: libraries.map((name) => join(cached(), 'usr/lib', name)).join(':') };
}
