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
function chosen(tree: Tree, assets: number): string[] {
  const paths = Object.keys(tree).sort();
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
  const paths = chosen(release.tree, call.spec.proveAssets);
  const hash = createHash('sha256');
  const wrong: string[] = [];
  for (let from = 0; from < paths.length; from += together) {
    const some = paths.slice(from, from + together);
    const answers = await Promise.all(some.map((path) => fetchOne(call, addressOf(url, path))));
    for (const [index, path] of some.entries()) {
      const answer = answers[index] ?? 'none';
      const wanted = hashOf(await readFile(join(release.directory, path)).catch(() => Buffer.from('missing')));
      if (answer !== wanted) wrong.push(`${path}: ${answer.length === 64 ? 'other bytes' : answer}`);
      hash.update(`${path} ${answer}\n`);
    }
  }
  return { hash: `sha256:${hash.digest('hex')}`, files: paths.length, wrong };
}

async function fetchOne(call: Call<SiteSpec>, address: string): Promise<string> {
  const reply = await get(address, 10_000, call.signal);
  if ('problem' in reply) return reply.problem;
  return reply.status === 200 ? hashOf(reply.body) : `status ${reply.status}`;
}
