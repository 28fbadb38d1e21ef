import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import { prove } from '../../release/fingerprint.ts';
import type { Json } from '../../release/json.ts';
import type { Kept, Savepoint, Step } from '../../release/target.ts';
import { exists, readJson } from './files.ts';
import { forgetManifest, installedAt, manifestFile, readManifest } from './install.ts';

/** Installed versions below a root. `used`: those that users get, or that are kept ready for them. */
export type Versions = { root: string; folder: string; used: ReadonlySet<string> };

type Saved = Savepoint<{ install?: Json }>;

/** The newest savepoint of each installed version. */
async function savedVersions(root: string): Promise<Map<string, Saved>> {
  const folder = join(root, '.savepoint', 'saves');
  const saved = new Map<string, Saved>();
  for (const name of await readdir(folder).catch(() => [])) {
    const one = (await readJson(join(folder, name))) as Saved | undefined;
    const install = one?.state?.install;
    if (one === undefined || typeof install !== 'string') continue;
    const known = saved.get(install);
    if (known === undefined || known.takenAt < one.takenAt) saved.set(install, one);
  }
  return saved;
}

async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => ({ size: 0 }))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Versions that nobody gets any more. One that a release set out from is its savepoint. */
export async function keptVersions({ root, folder, used }: Versions): Promise<Kept[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const unused = entries.filter((entry) => entry.isDirectory() && !used.has(entry.name)).map(({ name }) => name);
  const saved = await savedVersions(root);
  return Promise.all(unused.sort().map((install) => keptVersion({ root, folder, install }, saved.get(install))));
}

async function keptVersion(
  { root, folder, install }: { root: string; folder: string; install: string },
  saved: Saved | undefined,
): Promise<Kept> {
  const directory = installedAt(root, folder, install);
  const manifest = await readManifest(root, install);
  const made = await stat(manifest === undefined ? directory : manifestFile(root, install));
  return {
    name: install,
    what: saved === undefined ? 'version' : 'savepoint',
    release: saved?.release ?? null,
    since: saved?.takenAt ?? made.mtime.toISOString(),
    bytes: await bytesIn(directory),
    owner: null,
    level: saved === undefined ? 'unproved' : prove(saved.fingerprint, saved.fingerprint).level,
    obstacle:
      manifest === undefined && saved === undefined
        ? 'nothing says that Savepoint installed it: look at it, and remove it by hand'
        : null,
  };
}

/**
 * Removes one version that `keptVersions` lists: it is gone by one rename, whatever happens afterwards.
 * @throws TargetFailure `not-found` for any other name, `refused` for what Savepoint did not install
 */
export async function discardVersion(versions: Versions, target: string, install: string): Promise<Step<Json>> {
  const found = (await keptVersions(versions)).find(({ name }) => name === install);
  if (found === undefined) {
    throw new TargetFailure('not-found', `${install} is nothing that releases of ${target} left behind`, {
      remedy: 'savepoint superseded list shows what there is; nothing else is ever discarded',
    });
  }
  if (found.obstacle !== null) throw new TargetFailure('refused', `${install} is not discarded: ${found.obstacle}`);
  const { root, folder } = versions;
  const aside = join(root, '.savepoint', 'discarded', `${install}-${Date.now()}`);
  await mkdir(join(root, '.savepoint', 'discarded'), { recursive: true, mode: 0o700 });
  await rename(installedAt(root, folder, install), aside);
  await forgetManifest(root, install);
  await rm(aside, { recursive: true, force: true });
  if (await exists(aside))
    throw new TargetFailure('failed', `${install} is out of use, but not all of it could be removed`);
  return { state: 'done', value: { ...found } };
}
