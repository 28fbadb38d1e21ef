/**
 * `npm run histories:record -- <version>`: runs a set of releases on a real server and keeps their histories under
 * tests/histories/<version>. A folder that exists is never written again: what a tagged version did is a fact.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ensureTemporalCli } from '../src/dev/temporal-cli.ts';
import { writeRows } from '../src/targets/memory/world.ts';
import {
  abortUpdate,
  type Continuation,
  decideUpdate,
  handsOffUpdate,
  raiseUpdate,
  releaseWorkflowId,
  resumeUpdate,
} from '../src/workflows/messages.ts';
import { certificateOf, startDrill } from '../tests/support/drill.ts';
import { memoryPlan, worldsOf } from '../tests/support/plans.ts';
import { approve, type Bench, type Handle, openBench, until } from '../tests/support/release.ts';
import { startTemporal } from '../tests/support/temporal.ts';

const faults = (...list: object[]): object => ({
  faults: list.map((fault) => ({ verb: 'apply', kind: 'failed', ...fault })),
});

type Scene = { plan: object; play?: (handle: Handle) => Promise<void> };

async function answer(handle: Handle, choice: string, more: object = {}): Promise<void> {
  const { question } = await until(handle, ({ question: open }) => open !== null && open.kind !== 'go-no-go');
  await handle.executeUpdate(decideUpdate, {
    args: [{ by: 'deployment-lead', question: question?.id ?? '', choice, reason: 'recorded', ...more }],
  });
}

const workMs = { apply: '500ms' };

/** Users write three rows after the savepoint was taken. */
async function whileMigrating(handle: Handle): Promise<void> {
  const { application } = await until(handle, ({ steps }) => {
    return steps.some(({ id, state }) => id === 'migrate database' && state === 'running');
  });
  writeRows(worldsOf(application).database, 3);
}

/** What is measured and watched: a service that answers well, until a scene breaks it. */
let status = 200;
const service = createServer((_, response) => response.writeHead(status).end());
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;

const there = { name: 'there', kind: 'http', url, expect: { status: 200 } };
const watching = {
  schedule: [{ every: '2s', for: '20s' }],
  probe: { url, every: '50ms' },
  limits: [{ name: 'errors', measure: 'errors', rollBack: '10 %' }],
  minimumSamples: 5,
  // A recording machine may be slow; the story is what counts.
  maxUnwatched: '90 %',
};
const by = 'deployment-lead';

async function inWatch(handle: Handle): Promise<void> {
  await until(handle, ({ phase }) => phase === 'watch');
}

const watch = { schedule: [{ every: '1s', for: '3s' }], checks: [{ name: 'there', kind: 'command', run: ['true'] }] };

const scenes: Record<string, Scene> = {
  released: { plan: { more: { watch } } },
  'nothing-changed': { plan: { database: faults({ change: 'migrate' }) } },
  'database-restored': {
    plan: { database: { compatibility: 'breaking', ...faults({ change: 'migrate', when: 'half' }) } },
  },
  'code-restored': { plan: { frontend: faults({ when: 'after' }) } },
  'nothing-lost': { plan: { database: faults({ change: 'migrate', when: 'half' }) } },
  'asked-and-restored': {
    plan: { database: { ...faults({ change: 'migrate', when: 'half' }), workMs } },
    async play(handle) {
      await whileMigrating(handle);
      await answer(handle, 'restore-database', { upTo: 2 });
      // Users wrote more than that, so it is asked once more.
      await answer(handle, 'export-and-restore', { upTo: 3 });
    },
  },
  'carried-over': {
    plan: { database: { ...faults({ change: 'migrate', when: 'half' }), workMs } },
    async play(handle) {
      await whileMigrating(handle);
      await answer(handle, 'carry-over-and-restore');
    },
  },
  'tried-again': {
    plan: {
      backend: { ...faults({ times: 1 }), onFailure: { deploy: [{ retry: 2, every: '100ms' }, { ask: '5m' }] } },
    },
  },
  'done-by-hand': {
    plan: { backend: { ...faults({ when: 'after' }), onFailure: { deploy: [{ ask: '5m' }] } } },
    play: (handle) => answer(handle, 'done-by-hand'),
  },
  blocked: {
    plan: { frontend: faults({ when: 'after' }, { verb: 'restore' }) },
    play: (handle) => answer(handle, 'retry'),
  },
  compared: {
    plan: {
      more: {
        performance: {
          requests: [{ name: 'front', url, samples: 400, every: '10ms', baseline: { errors: { consult: '50 %' } } }],
        },
        watch: {
          ...watching,
          schedule: [{ every: '2s', for: '4s' }],
          baseline: '2s',
          limits: [{ name: 'worse', measure: 'errors', against: 'baseline', consult: '50 %' }],
          throughout: { every: '1s', checks: [there] },
          checklists: [{ name: 'first minute', after: '1s', items: ['look at the queue'] }],
        },
      },
    },
  },
  raised: {
    plan: { more: { watch: { ...watching, raised: { security: { does: 'rollBack' } } } } },
    async play(handle) {
      await inWatch(handle);
      await handle.executeUpdate(raiseUpdate, { args: [{ by, criterion: 'security', note: 'recorded' }] });
    },
  },
  'hands-off': {
    plan: { more: { watch: watching } },
    async play(handle) {
      await inWatch(handle);
      await handle.executeUpdate(handsOffUpdate, { args: [{ by, reason: 'recorded' }] });
      status = 500;
      await until(handle, ({ waitingFor }) => waitingFor?.includes('who is looking') === true);
      await handle.executeUpdate(resumeUpdate, { args: [{ by }] });
      await handle.result();
      status = 200;
    },
  },
  aborted: {
    plan: { backend: { workMs: { apply: '30s' } } },
    async play(handle) {
      await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'deploy backend' && state === 'running'));
      const body = { by: 'deployment-lead', reason: 'recorded', goBack: true };
      await handle.executeUpdate(abortUpdate, { args: [body] });
    },
  },
};

async function play(bench: Bench, [name, scene]: [string, Scene]): Promise<Handle> {
  const handle = await bench.start(memoryPlan({ application: name, ...scene.plan }));
  await approve(handle);
  await scene.play?.(handle);
  await handle.result();
  return handle;
}

/** A single target that goes back after its release has ended. */
async function playBringBack(bench: Bench, application: string): Promise<string> {
  const first = await play(bench, [application, { plan: {} }]);
  const from = first.firstExecutionRunId;
  const continuation: Continuation = { as: 'bring-back', reason: 'recorded', from, targets: ['backend'] };
  const handle = await bench.start(memoryPlan({ application }), { continuation });
  await handle.result();
  return handle.workflowId;
}

/** A drill of one case; both the drill and the release that it makes fail. */
async function playDrill(bench: Bench, application: string): Promise<Record<'drill' | 'drilled-release', string>> {
  const started = await startDrill(bench, memoryPlan({ application }), { at: 'deploy backend', how: 'after' });
  await certificateOf(started);
  return { drill: started.handle.workflowId, 'drilled-release': releaseWorkflowId(application, 'test') };
}

/** The newest run of a workflow. The CLI writes the JSON that the SDK replays; the SDK's own conversion fails outside of CommonJS. */
async function historyOf(workflowId: string, address: string): Promise<string> {
  const { path } = await ensureTemporalCli(console.error);
  const words = ['workflow', 'show', '-w', workflowId, '-o', 'json', '--address', address];
  const { stdout } = await execa(path, words);
  // Where it was recorded says nothing about the story.
  const anywhere = stdout.replaceAll(`${process.pid}@${hostname()}`, 'recorder').replaceAll(`-${hostname()}-`, '-');
  return JSON.stringify(JSON.parse(anywhere), null, 1);
}

const version = process.argv[2];
if (version === undefined || !/^v\d+\.\d+\.\d+$/.test(version)) {
  throw new Error('say for which version: npm run histories:record -- v1.2.3');
}
const folder = join(fileURLToPath(new URL('../tests/histories/', import.meta.url)), version);
if (existsSync(folder))
  throw new Error(`tests/histories/${version} exists: a recorded history is never recorded again`);
const temporal = await startTemporal();
const bench = await openBench(temporal);
try {
  const played: [string, string][] = [];
  for (const scene of Object.entries(scenes)) {
    console.log(scene[0]);
    played.push([scene[0], (await play(bench, scene)).workflowId]);
  }
  played.push(['brought-back', await playBringBack(bench, 'brought-back')]);
  played.push(...Object.entries(await playDrill(bench, 'drilled')));
  await mkdir(folder, { recursive: true });
  for (const [name, workflowId] of played) {
    await writeFile(join(folder, `${name}.json`), `${await historyOf(workflowId, temporal.address)}\n`);
  }
} finally {
  await bench.stop();
  await temporal.stop();
  service.close();
}
