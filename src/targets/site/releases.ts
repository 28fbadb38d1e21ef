import { copyFile, link, lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import { claimFence, type Fence, fenced, hasCode, pathFrom, takeFile } from '../shell/files.ts';
import { installedAt, keepManifest, type Manifest, readManifest } from '../shell/install.ts';
import { digestOf, type Tree, treeOf } from '../shell/tree.ts';
import { isPage } from './pages.ts';
import type { SiteSpec } from './site.schema.ts';

export type SiteCall = Call<SiteSpec>;
export type Attempt = { call: SiteCall; root: string; fence: Fence };

export const releasesFolder = 'releases';

export function rootOf({ spec, home }: SiteCall): string {
  return pathFrom(home, spec.root);
}

export async function begin(call: SiteCall): Promise<Attempt> {
  call.signal.throwIfAborted();
  const root = rootOf(call);
  return { call, root, fence: await claimFence(root, call.fence) };
}

/** A version of the site on disk; `tree` is what was pinned, files carried over from other versions are not in it. */
export type Release = { install: string; version: string; digest: string; directory: string; tree: Tree };

/** A directory that was put there by hand is described by what is in it now. */
export async function releaseOf(root: string, install: string): Promise<Release> {
  const directory = installedAt(root, releasesFolder, install);
  const manifest: Manifest | undefined = await readManifest(root, install);
  if (manifest !== undefined) return { ...manifest, directory };
  const tree = await treeOf(directory).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new TargetFailure('not-found', `the release ${install} is no longer kept`);
  });
  return { install, version: install, digest: digestOf(tree), directory, tree };
}

/**
 * What users get; null when nothing is served.
 * @throws TargetFailure `refused` when `current` is no link into `releases`
 */
export async function currentOf(root: string): Promise<Release | null> {
  const at = join(root, 'current');
  const found = await lstat(at).catch(() => null);
  if (found === null) return null;
  const target = found.isSymbolicLink() ? await readlink(at) : '';
  if (basename(dirname(target)) !== releasesFolder) {
    throw new TargetFailure('refused', `${at} is no link into ${releasesFolder}/`, {
      remedy: `move what is served to ${releasesFolder}/<name> and make \`current\` a link to it`,
    });
  }
  return releaseOf(root, basename(target));
}

/** From now on a directory that was put there by hand is what it is now; files carried into it do not count. */
export async function adopt(root: string, { install, version, digest, tree }: Release): Promise<void> {
  if ((await readManifest(root, install)) !== undefined) return;
  await keepManifest(root, { install, version, digest, tree, commit: null, also: null });
}

/** One rename; a web server that opens a file sees the old site or the new one. */
export async function switchTo({ root, fence }: Attempt, install: string): Promise<void> {
  const draft = join(fence.directory, 'current');
  const at = join(root, 'current');
  await fenced(fence, at, async () => {
    await rm(draft, { force: true });
    await symlink(join(releasesFolder, install), draft);
    await rename(draft, at);
  });
}

export async function serveNothing({ root, fence }: Attempt): Promise<void> {
  await takeFile(fence, join(root, 'current'));
}

/**
 * Gives `to` the files of `from` that it lacks, so that a page which was loaded before a switch still finds its own.
 * Pages are not carried: a page that was removed is to be gone.
 */
export async function carryAssets(from: Release, to: Release): Promise<void> {
  for (const path of Object.keys(from.tree)) {
    if (isPage(path) || path in to.tree) continue;
    const target = join(to.directory, path);
    await mkdir(dirname(target), { recursive: true });
    await link(join(from.directory, path), target).catch(async (error: unknown) => {
      if (hasCode(error, 'EEXIST', 'ENOENT')) return;
      await copyFile(join(from.directory, path), target);
    });
  }
}
