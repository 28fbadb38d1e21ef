import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { request } from 'undici';
import type { Artefact, Call, Step } from '../../../src/release/target.ts';
import { type SiteSpec, siteSchema } from '../../../src/targets/site/site.schema.ts';
import { site } from '../../../src/targets/site/site.ts';
import { type Ledger, openLedger } from '../../support/ledger.ts';

function page(version: string): Record<string, string> {
  return {
    'index.html': `<html><head><link rel="stylesheet" href="/assets/shop-${version}.css"></head>
<body><a href="/orders/17">my order</a><script src="assets/app-${version}.js?x=1"></script><p>${version}</p></body></html>`,
    'help/index.html': `<script src="../assets/app-${version}.js"></script> help of ${version}`,
    [`assets/app-${version}.js`]: `console.log('${version}')`,
    [`assets/shop-${version}.css`]: `body { color: #${version.length}00 }`,
    'robots.txt': 'User-agent: *',
  };
}

async function write(directory: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

export type SiteWorld = Awaited<ReturnType<typeof openSite>>;

/** A root, built versions, and a file server that knows nothing but `current`. `spoil`: paths it gets wrong. */
export async function openSite() {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-site-'));
  const root = join(home, 'www');
  const ledger: Ledger = openLedger(join(home, 'ledger.jsonl'));
  for (const version of ['v1', 'v2', 'v3']) await write(join(home, 'versions', version), page(version));
  await rm(join(home, 'versions', 'v3', 'assets', 'app-v3.js'));
  const spoil = new Set<string>();
  const server = createServer(async (asked, answer) => {
    const path = decodeURIComponent((asked.url ?? '/').replace(/\?.*$/, ''));
    const file = join(root, 'current', path.endsWith('/') ? `${path}index.html` : path);
    const content = await readFile(file).catch(() => null);
    if (content === null) answer.writeHead(404).end('not here');
    else answer.writeHead(200).end(spoil.has(path) ? 'something else' : content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const specOf = (version: string, extra: Record<string, unknown> = {}): SiteSpec =>
    siteSchema.parse({ root: './www', source: `./versions/${version}`, url, ...extra });
  return {
    home,
    root,
    url,
    spoil,
    ledger,
    specOf,
    async fetch(path: string): Promise<string> {
      const answer = await request(new URL(path, url), { reset: true });
      return `${answer.statusCode} ${await answer.body.text()}`;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(home, { recursive: true, force: true });
    },
  };
}

let fences = 0;

/** One release of one version of the site. */
export function siteRelease(world: SiteWorld, version: string, extra: Record<string, unknown> = {}) {
  const spec = world.specOf(version, extra);
  let pinned: Artefact | null = null;
  const call = (verb: string): Call<SiteSpec> => {
    fences += 1;
    return {
      spec,
      application: 'shop',
      environment: 'test',
      target: 'frontend',
      release: `release-of-${version}`,
      home: world.home,
      // Work that an earlier test left behind must not be found here.
      key: `${basename(world.home)}-of-${version}/frontend/${verb}`,
      fence: fences,
      pinned,
      signal: new AbortController().signal,
      log: { info: () => {}, warn: () => {} },
    };
  };
  async function drive<T>(verb: string, step: (call: Call<SiteSpec>) => Promise<Step<T>>): Promise<T> {
    for (const giveUpAt = Date.now() + 20_000; Date.now() < giveUpAt; ) {
      const answer = await step(call(verb));
      if (answer.state === 'done') return answer.value;
      if (answer.state === 'working') await new Promise((resolve) => setTimeout(resolve, answer.lookAgainMs));
    }
    throw new Error(`${verb} was not done`);
  }
  return {
    call,
    async prepare() {
      pinned = await drive('prepare', (one) => site.prepare?.(one, version) ?? Promise.reject(new Error('no prepare')));
      return pinned;
    },
    save: () => drive('save', (one) => site.save(one)),
    deploy: () => drive('deploy', (one) => site.apply(one, 'deploy', version)),
    invalidate: () => drive('invalidate', (one) => site.apply(one, 'invalidate', version)),
    restore: (to: Parameters<typeof site.restore>[1]) => drive('restore', (one) => site.restore(one, to)),
  };
}

export async function served(world: SiteWorld, version: string): Promise<void> {
  const release = siteRelease(world, version);
  await release.prepare();
  await release.deploy();
}
