import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../release/target.ts';
import { get } from '../shell/ask.ts';
import type { Tree } from '../shell/tree.ts';
import { isPage } from './pages.ts';
import type { SiteSpec } from './site.schema.ts';

/** `hash` over every fetched file; `wrong` names those that are not the bytes in `directory`. */
export type Served = { hash: string; files: number; wrong: string[] };

const together = 8;

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Every page, and as many assets as the plan says. */
export function chosen(all: readonly string[], assets: number): string[] {
  const paths = all.toSorted();
  const pages = paths.filter(isPage);
  return [...pages, ...paths.filter((path) => !isPage(path)).slice(0, assets)];
}

/** A page is asked for as users do: a directory rather than its `index.html`. */
function addressOf(base: string, path: string): string {
  const shown = path.replace(/(^|\/)index\.html$/i, '$1');
  return new URL(shown.split('/').map(encodeURIComponent).join('/'), base.endsWith('/') ? base : `${base}/`).href;
}

/** Fetches what users get and compares it, byte for byte, with what is in the release's directory. */
export async function fetchServed(
  call: Call<SiteSpec>,
  url: string,
  release: { directory: string; tree: Tree },
): Promise<Served> {
  const wanted = new Map<string, string>();
  for (const path of chosen(Object.keys(release.tree), call.spec.proveAssets)) {
    const content = await readFile(join(release.directory, path)).catch(() => Buffer.from('missing'));
    wanted.set(path, hashOf(content));
  }
  return compareServed(wanted, (path) => addressOf(url, path), call.signal);
}

/** Fetches each path where `address` says and compares it with its hash: SHA-256 of the bytes, as hexadecimal digits. */
export async function compareServed(
  wanted: ReadonlyMap<string, string>,
  address: (path: string) => string,
  signal: AbortSignal,
): Promise<Served> {
  const paths = [...wanted.keys()];
  const hash = createHash('sha256');
  const wrong: string[] = [];
  for (let from = 0; from < paths.length; from += together) {
    const some = paths.slice(from, from + together);
    const answers = await Promise.all(some.map((path) => fetchOne(address(path), signal)));
    for (const [index, path] of some.entries()) {
      const answer = answers[index] ?? 'none';
      if (answer !== wanted.get(path)) wrong.push(`${path}: ${answer.length === 64 ? 'other bytes' : answer}`);
      hash.update(`${path} ${answer}\n`);
    }
  }
  return { hash: `sha256:${hash.digest('hex')}`, files: paths.length, wrong };
}

async function fetchOne(address: string, signal: AbortSignal): Promise<string> {
  const reply = await get(address, 10_000, signal);
  if ('problem' in reply) return reply.problem;
  return reply.status === 200 ? hashOf(reply.body) : `status ${reply.status}`;
}
