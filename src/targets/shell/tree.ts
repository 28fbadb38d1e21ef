import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hasCode } from './files.ts';

/** Relative path → hash of what is there: content and whether it can be run, or where a link points. */
export type Tree = Record<string, string>;

/** Reads a whole directory. Names of ignored entries count at any depth. */
export async function treeOf(directory: string, ignored: readonly string[] = []): Promise<Tree> {
  const tree: Tree = {};
  for (const path of (await pathsIn(directory, '', ignored)).sort()) tree[path] = await hashOf(join(directory, path));
  return tree;
}

async function pathsIn(directory: string, under: string, ignored: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(join(directory, under), { withFileTypes: true })) {
    if (ignored.includes(entry.name)) continue;
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await pathsIn(directory, path, ignored)));
    else if (entry.isFile() || entry.isSymbolicLink()) paths.push(path);
  }
  return paths;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    hash.update(`link ${await readlink(path)}`);
  } catch {
    const { mode } = await stat(path);
    hash.update((mode & 0o100) === 0 ? 'file ' : 'program ');
    await pipeline(createReadStream(path), hash, { end: false });
  }
  return hash.digest('hex');
}

/** One hash over a tree and whatever else makes it what it is. */
export function digestOf(tree: Tree, ...more: string[]): string {
  const hash = createHash('sha256');
  for (const path of Object.keys(tree).sort()) hash.update(`${path}\0${tree[path]}\0`);
  for (const text of more) hash.update(`${text}\0`);
  return `sha256:${hash.digest('hex')}`;
}

/** One hash for each file or directory at the top: what people approve, in a size that people can read. */
export function topOf(tree: Tree): { name: string; digest: string }[] {
  const tops = new Map<string, Tree>();
  for (const [path, hash] of Object.entries(tree)) {
    const top = path.split('/')[0] ?? path;
    tops.set(top, { ...tops.get(top), [path]: hash });
  }
  return [...tops].map(([name, part]) => ({ name, digest: digestOf(part) }));
}

/** Pinned files that are missing or not what they were. Files that a program added beside them do not count. */
export async function changedFiles(directory: string, pinned: Tree): Promise<string[]> {
  const changed: string[] = [];
  for (const [path, hash] of Object.entries(pinned)) {
    const actual = await hashOf(join(directory, path)).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'missing';
      throw error;
    });
    if (actual !== hash) changed.push(path);
  }
  return changed;
}
