import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { freePort } from '../src/dev/ports.ts';
import { endAll, findMarked } from '../src/targets/shell/processes.ts';
import { ledgerSnippet, openLedger } from '../tests/support/ledger.ts';
import { openBench } from '../tests/support/release.ts';
import { startTemporal, type TemporalForTests } from '../tests/support/temporal.ts';
import { startFront } from '../tests/support/world-front.ts';
import type { Measurement, Surroundings } from './measurement.ts';
import { median, percentiles } from './numbers.ts';
import { compared } from './outcome.ts';
import { inputOf, mustEnd, startRelease } from './releases.ts';

const limitMs = 1000;

/** A service that answers its version; `/smoke` says whether it is any good, and the ledger when it was asked. */
const service = `
import { createServer } from 'node:http';
${ledgerSnippet}
const version = process.env.VERSION;
const server = createServer((request, response) => {
  const bad = request.url === '/smoke' && version !== 'v1';
  response.writeHead(bad ? 500 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ version }), () => { if (bad) note('wrong', version); });
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => { server.close(() => process.exit(0)); });
`;

/** `settledMs`: from the verdict until no answer but the previous version's arrived. `failed`: requests since then. */
type WayBack = { settledMs: number; failed: number; requests: number };

/** (j) Code goes back: to a process that was kept ready, and to one that has to be started again. */
export const code: Measurement = async (surroundings) => {
  const { scope, quick } = surroundings;
  const temporal = await scope.open(
    () => startTemporal(),
    (server) => server.stop(),
  );
  const rounds = quick ? 2 : 11;
  const kept = await waysBack(surroundings, temporal, { name: 'kept', ports: 2, rounds });
  const fresh = await waysBack(surroundings, temporal, { name: 'fresh', ports: 1, rounds: quick ? 1 : 5 });
  const times = kept.map(({ settledMs }) => settledMs);
  const slowest = percentiles(times).max;
  const sum = (all: readonly WayBack[], key: 'failed' | 'requests'): number =>
    all.reduce((total, each) => total + each[key], 0);
  return {
    ...compared('verdict to the previous version answering every request, kept ready against started again', 'ms', {
      ours: median(times),
      peer: median(fresh.map(({ settledMs }) => settledMs)),
    }),
    id: 'j',
    target: `within ${limitMs} ms each time, no failed request`,
    met: slowest <= limitMs && sum(kept, 'failed') === 0,
    also: [
      compared('slowest', 'ms', { ours: slowest, peer: percentiles(fresh.map(({ settledMs }) => settledMs)).max }),
      compared('failed requests in all', 'requests', { ours: sum(kept, 'failed'), peer: sum(fresh, 'failed') }),
    ],
    notes: [
      `${kept.length} and ${fresh.length} releases that went back; ${sum(kept, 'requests')} requests through the front during the first, one each ${everyMs} ms whether or not the last one was answered`,
      'from the moment when a critical smoke check was answered wrongly; the peer has one port, so the new version must stop before the previous one starts',
    ],
  };
};

type Scene = { name: string; ports: number; rounds: number };

async function waysBack({ scope, say }: Surroundings, temporal: TemporalForTests, scene: Scene): Promise<WayBack[]> {
  const home = await scope.folder();
  const ledger = openLedger(join(home, 'ledger.jsonl'));
  const front = await scope.open(
    () => startFront(home, ledger),
    (each) => each.close(),
  );
  // Ended after the worker, which could start one more behind its back.
  await scope.open(
    async () => join(home, 'run', 'backend'),
    (root) => endAll(() => findMarked({ SAVEPOINT_ROOT: root }), 1_000),
  );
  const bench = await scope.open(
    () => openBench({ ...temporal, host: scene.name }),
    (each) => each.stop(),
  );
  const ports: number[] = [];
  for (let count = 0; count < scene.ports; count += 1) ports.push(await freePort());
  const plan = planOf(scene.name, { origin: front.origin, ports, ledger: ledger.file });
  const release = async (version: string, outcome: string): Promise<void> => {
    await mkdir(join(home, 'versions', version), { recursive: true });
    await writeFile(join(home, 'versions', version, 'server.mjs'), `// ${version}\n${service}`);
    const input = await inputOf({ home, plan, version, host: scene.name });
    await mustEnd(await startRelease(bench.client, input), outcome);
  };
  await release('v1', 'released');
  const found: WayBack[] = [];
  for (let round = 2; round < scene.rounds + 2; round += 1) {
    const prober = startProber(`${front.origin}/api/`);
    await release(`v${round}`, 'rolled-back');
    const answers = await prober.stop();
    const [wrong] = ledger.entries('wrong').filter(({ detail }) => detail === `v${round}`);
    found.push(judged(answers, wrong?.at ?? 0));
    say(`code ${scene.name}: ${Math.round(found.at(-1)?.settledMs ?? 0)} ms`);
  }
  return found;
}

function planOf(
  application: string,
  { origin, ports, ledger }: { origin: string; ports: number[]; ledger: string },
): object {
  return {
    application,
    environment: 'test',
    people: { 'product-owner': { name: 'Product owner' }, 'deployment-lead': { name: 'Deployment lead' } },
    gates: { 'go-no-go': { deciders: ['product-owner'], deadline: '1h' } },
    questions: { deciders: ['deployment-lead'], deadline: '30m' },
    targets: {
      backend: {
        kind: 'process',
        root: './run/backend',
        source: './versions/${version}',
        run: ['node', 'server.mjs'],
        env: { LEDGER: ledger },
        ports,
        health: { path: '/health', timeout: '30s', every: '40ms', version: '$.version' },
        switch: { file: './run/front/backend.json' },
        url: `${origin}/api`,
        stopWithin: '15s',
      },
    },
    smoke: [
      {
        name: 'the version is good',
        kind: 'http',
        url: `${origin}/api/smoke`,
        expect: { status: 200 },
        repeatable: false,
      },
    ],
  };
}

/** Milliseconds since 1970; `version` is null when there was no good answer. */
type Answer = { sentAt: number; doneAt: number; version: string | null };

const everyMs = 10;

/** Asks at a fixed rate, whether or not the last question was answered. */
function startProber(url: string): { stop(): Promise<Answer[]> } {
  const answers: Answer[] = [];
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const sentAt = Date.now();
    const asked: Promise<void> = versionAt(url)
      .then((version) => {
        answers.push({ sentAt, doneAt: Date.now(), version });
      })
      .finally(() => open.delete(asked));
    open.add(asked);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      return answers;
    },
  };
}

async function versionAt(url: string): Promise<string | null> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(2_000) });
    const answer = (await body.json()) as { version?: string };
    return statusCode === 200 ? (answer.version ?? null) : null;
  } catch {
    return null;
  }
}

function judged(answers: readonly Answer[], verdictAt: number): WayBack {
  const since = answers.filter(({ doneAt }) => doneAt >= verdictAt);
  const others = since.filter(({ version }) => version !== 'v1').map(({ doneAt }) => doneAt - verdictAt);
  return {
    settledMs: Math.max(0, ...others),
    failed: since.filter(({ version }) => version === null).length,
    requests: answers.length,
  };
}
