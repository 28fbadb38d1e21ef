import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { request } from 'undici';
import type { Artefact, Call, Step } from '../../../src/release/target.ts';
import { type ProcessSpec, processSchema } from '../../../src/targets/process/process.schema.ts';
import { process as kind } from '../../../src/targets/process/process.ts';
import { endAll, findMarked } from '../../../src/targets/shell/processes.ts';
import { type Ledger, ledgerSnippet, openLedger } from '../../support/ledger.ts';

/** A service in a few lines. `mode` makes it a bad one. It tells the ledger when it starts and stops. */
function serviceSource(mode: string): string {
  return `
import { createServer } from 'node:http';
${ledgerSnippet}
const mode = '${mode}';
note('started', process.env.VERSION);
if (mode === 'crash') { console.error('cannot find the shop'); process.exit(7); }
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  const sick = mode === 'sick' || (mode === 'turns sick' && asked > 1);
  setTimeout(() => {
    response.writeHead(sick ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ version: mode === 'wrong version' ? 'v0' : process.env.VERSION }));
  }, 5);
});
if (mode === 'deaf') { console.log('listening on nothing'); setInterval(() => {}, 1000); }
else setTimeout(() => server.listen(Number(process.env.PORT), process.env.HOST, () => {
  console.log(mode === 'wrong line' ? 'hello' : 'listening on ' + process.env.PORT);
  if (mode === 'errors') setTimeout(() => console.log('ERROR no stock'), 50);
}), mode === 'slow' ? 1500 : mode === 'very slow' ? 3500 : 0);
process.on('SIGTERM', () => {
  if (mode === 'stubborn') return;
  server.close(() => { note('stopped', process.env.VERSION); process.exit(0); });
});
`;
}

/** What stands before the services: reads the switch file for every request, as a real front would. */
function startFront(switchFile: string): Promise<Server> {
  const server = createServer(async (_request, response) => {
    const lead = await readFile(switchFile, 'utf8').then(JSON.parse, () => null);
    if (lead?.maintenance === true || lead === null) {
      response.writeHead(503).end(lead === null ? 'nothing here' : 'maintenance');
      return;
    }
    try {
      const answer = await request(`http://${lead.host}:${lead.port}/health`, { reset: true });
      response.writeHead(answer.statusCode).end(await answer.body.text());
    } catch {
      response.writeHead(502).end('no answer from the service');
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createSocket();
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export type ServiceWorld = Awaited<ReturnType<typeof openWorld>>;

const modes = {
  v1: 'good',
  v2: 'good',
  v3: 'turns sick',
  v4: 'crash',
  v5: 'wrong line',
  v6: 'wrong version',
  v7: 'errors',
  v8: 'stubborn',
  v9: 'slow',
  v10: 'sick',
  v11: 'deaf',
  v12: 'very slow',
};

/** A root, versions to release, a front, and a ledger, all in one temporary directory. */
export async function openWorld(options: { ports?: number; extra?: Record<string, unknown> } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-process-'));
  const ledger: Ledger = openLedger(join(home, 'ledger.jsonl'));
  for (const [version, mode] of Object.entries(modes)) {
    await mkdir(join(home, 'versions', version), { recursive: true });
    await writeFile(join(home, 'versions', version, 'server.mjs'), `// ${version}\n${serviceSource(mode)}`);
  }
  const root = join(home, 'run');
  const switchFile = join(root, 'front.json');
  const front = await startFront(switchFile);
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const ports = await freePorts(options.ports ?? 2);
  const specOf = (version: string, extra: Record<string, unknown> = {}): ProcessSpec =>
    processSchema.parse({
      root: './run',
      source: `./versions/${version}`,
      run: ['node', 'server.mjs'],
      env: { LEDGER: ledger.file, PASSWORD: 'hunter2-secret' },
      ports,
      health: { timeout: '10s', every: '30ms', version: '$.version' },
      started: 'listening on',
      switch: { file: './run/front.json' },
      url,
      drain: '100ms',
      stopWithin: '2s',
      ...options.extra,
      ...extra,
    });
  return {
    home,
    root,
    switchFile,
    url,
    ports,
    ledger,
    specOf,
    async see(): Promise<string> {
      const answer = await request(url, { reset: true });
      return `${answer.statusCode} ${await answer.body.text()}`;
    },
    services: () => findMarked({ SAVEPOINT_ROOT: root }),
    async close(): Promise<void> {
      await endAll(() => findMarked({ SAVEPOINT_ROOT: root }), 1_000);
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
      await rm(home, { recursive: true, force: true });
    },
  };
}

let fences = 0;

/** One release of one version, as the worker would run it. Each look is a new attempt unless `fence` is given. */
export function releaseOf(
  world: ServiceWorld,
  version: string,
  options: { id?: string; extra?: Record<string, unknown> } = {},
) {
  const release = options.id ?? `release-of-${version}`;
  const spec = world.specOf(version, options.extra);
  let pinned: Artefact | null = null;
  const call = (verb: string, signal = new AbortController().signal): Call<ProcessSpec> => {
    fences += 1;
    return {
      spec,
      application: 'shop',
      environment: 'test',
      target: 'backend',
      release,
      home: world.home,
      // Work that an earlier test left behind must not be found here.
      key: `${basename(world.home)}/${release}/backend/${verb}`,
      fence: fences,
      pinned,
      signal,
      log: { info: () => {}, warn: () => {} },
    };
  };
  async function drive<T>(verb: string, step: (call: Call<ProcessSpec>) => Promise<Step<T>>): Promise<T> {
    const one = call(verb);
    for (const giveUpAt = Date.now() + 30_000; Date.now() < giveUpAt; ) {
      const answer = await step(one);
      if (answer.state === 'done') return answer.value;
      if (answer.state === 'working') await new Promise((resolve) => setTimeout(resolve, answer.lookAgainMs));
    }
    throw new Error(`${verb} was not done`);
  }
  return {
    spec,
    call,
    drive,
    pinned: () => pinned,
    async prepare() {
      pinned = await drive('prepare', (one) => kind.prepare?.(one, version) ?? Promise.reject(new Error('no prepare')));
      return pinned;
    },
    save: () => drive('save', (one) => kind.save(one)),
    deploy: () => drive('deploy', (one) => kind.apply(one, 'deploy', version)),
    restore: (to: Parameters<typeof kind.restore>[1]) => drive('restore', (one) => kind.restore(one, to)),
    hold: () => drive('hold', (one) => kind.hold?.(one) ?? Promise.reject(new Error('no hold'))),
  };
}

/** Brings one version up without questions. */
export async function deployed(world: ServiceWorld, version: string): Promise<void> {
  const release = releaseOf(world, version, { id: `before-${version}` });
  await release.prepare();
  await release.deploy();
}
