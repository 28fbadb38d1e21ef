import { readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import type { Tree } from '../shell/tree.ts';

export function isPage(path: string): boolean {
  return /\.html?$/i.test(path);
}

const elements = /<(script|link|img|source|video|audio|iframe)\b[^>]*>/gi;
const attribute = /\s(?:src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i;
/** Other links name pages, routes or hosts, which need no file. */
const filesByRelation = /\srel\s*=\s*["']?[^"'>]*\b(stylesheet|icon|preload|modulepreload|manifest)\b/i;

/** Files of the site that a page needs, as paths inside the site. Addresses elsewhere are not followed. */
export function assetsOf(html: string, page: string, base: string): string[] {
  const assets = new Set<string>();
  for (const [element, name] of html.matchAll(elements)) {
    if (name?.toLowerCase() === 'link' && !filesByRelation.test(element)) continue;
    const found = attribute.exec(element);
    const address = (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim();
    const asset = pathInside(address, page, base);
    if (asset !== null) assets.add(asset);
  }
  return [...assets];
}

function pathInside(address: string, page: string, base: string): string | null {
  if (address === '' || /^([a-z][a-z0-9+.-]*:|\/\/|#|\?)/i.test(address) || /[{}]/.test(address)) return null;
  const path = decoded(address.replace(/[?#].*$/, ''));
  if (!path.startsWith('/')) return posix.normalize(posix.join(dirname(page), path));
  return posix.normalize(path.startsWith(base) ? path.slice(base.length) : path.slice(1));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * A page that asks for a file which was not built shows nothing to users, although every step looked well.
 * `base`: path under which the site is served, with a slash at both ends.
 *
 * @throws TargetFailure `failed` naming page and file
 */
export async function refuseBroken(directory: string, tree: Tree, base: string): Promise<void> {
  const missing: string[] = [];
  for (const page of Object.keys(tree).filter(isPage)) {
    const html = await readFile(join(directory, page), 'utf8');
    for (const asset of assetsOf(html, page, base)) {
      const there = asset in tree || `${asset.replace(/\/$/, '')}/index.html` in tree || asset === '.';
      if (!there) missing.push(`${page} needs ${asset}`);
    }
  }
  if (missing.length === 0) return;
  throw new TargetFailure('failed', `the site is broken: ${missing.length} files that its pages need were not built`, {
    evidence: missing.slice(0, 10).join('\n'),
    remedy: 'build again; nothing was changed',
  });
}
