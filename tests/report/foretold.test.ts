import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import type { ReleaseStatus } from '../../src/release/status.ts';
import { type Outlook, outlook } from '../../src/report/outlook.ts';
import type { Way } from '../../src/report/ways.ts';
import { writeRows } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { type MemoryPlan, memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, statusOf, until } from '../support/release.ts';
import { stepOf } from './outlooks.ts';

const bench = benchForFile();

/** The table as `savepoint plan` makes it, for a plan that a release will follow. */
async function tableOf(plan: object): Promise<Outlook> {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-foretold-'));
  try {
    const file = join(home, 'release.yaml');
    await writeFile(file, stringify(plan));
    const loaded = await loadPlan(file, 'v2', { host: 'test' });
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    return outlook(loaded.plan);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Every stage of the way was gone, none before what it waits for, and nothing else was restored. */
function expectGone({ timeline }: ReleaseStatus, way: Way | undefined): void {
  const said = timeline.map(({ what }) => what);
  const restored = said.filter((what) => /^restore \S+$/.test(what));
  expect(restored.toSorted()).toEqual((way?.restores ?? []).map((name) => `restore ${name}`).toSorted());
  for (const { id, after, behind = [] } of way?.stages ?? []) {
    const start = said.lastIndexOf(id);
    expect(start, id).toBeGreaterThanOrEqual(0);
    for (const before of [...after, ...behind]) {
      expect(said.indexOf(`done: ${before}`), `${before} before ${id}`).toBeLessThan(start);
      expect(said).toContain(`done: ${before}`);
    }
  }
}

type Case = { name: string; step: string; written?: number; parts: Omit<MemoryPlan, 'application'> };

const half = (change: string) => ({ verb: 'apply', change, when: 'half' });
const fails = (change: string) => ({ faults: [half(change)] });
const slow = { workMs: { apply: '400ms' } };

const cases: Case[] = [
  { name: 'seed-nobody-wrote', step: 'seed database', parts: { database: { ...fails('seed'), ...slow } } },
  { name: 'seed-users-wrote', step: 'seed database', written: 3, parts: { database: { ...fails('seed'), ...slow } } },
  {
    name: 'seed-refused',
    step: 'seed database',
    written: 3,
    parts: { database: { ...fails('seed'), ...slow }, more: { rollback: { dataLoss: 'refuse' } } },
  },
  {
    name: 'seed-allowed',
    step: 'seed database',
    written: 3,
    parts: {
      database: { ...fails('seed'), ...slow },
      more: { rollback: { dataLoss: { allow: { rows: 3, within: '30m' } } } },
    },
  },
  {
    name: 'held',
    step: 'migrate database',
    parts: { database: { ...fails('migrate'), compatibility: 'breaking' } },
  },
  { name: 'code', step: 'deploy frontend', parts: { frontend: fails('deploy') } },
  { name: 'alone', step: 'deploy frontend', parts: { frontend: { ...fails('deploy'), needs: [] } } },
  {
    name: 'asked-first',
    step: 'deploy backend',
    parts: { backend: { ...fails('deploy'), onFailure: { deploy: [{ ask: '30m', silence: 'rollback' }] } } },
  },
  {
    name: 'breaking-code',
    step: 'deploy backend',
    written: 2,
    parts: { database: { compatibility: 'breaking' }, backend: { ...fails('deploy'), ...slow } },
  },
];

async function failing({ name, written = 0, parts }: Case, plan: object): Promise<Handle> {
  const handle = await bench().start(plan);
  await approve(handle);
  const busy = parts.backend === undefined ? 'migrate database' : 'deploy backend';
  if (written === 0) return handle;
  await until(handle, ({ steps }) => steps.some(({ id, state }) => id === busy && state === 'running'));
  writeRows(worldsOf(`foretold-${name}`).database, written);
  return handle;
}

describe('what savepoint plan foretells is what happens', () => {
  it.each(cases)('$name: $step fails', async (each) => {
    const plan = memoryPlan({ application: `foretold-${each.name}`, ...each.parts });
    const table = await tableOf(plan);
    const handle = await failing(each, plan);
    const then = await until(handle, ({ question, outcome }) => outcome !== null || question?.kind === 'failure');
    const { prospects } = stepOf(table, each.step);
    const wayOf = (id: number | null | undefined): Way | undefined => table.ways.find((way) => way.id === id);
    if (then.question === null) {
      const ways = prospects.filter(({ choices }) => choices.length === 0).map(({ way }) => wayOf(way));
      const gone = then.restored.map(({ target }) => target).toSorted();
      const way = ways.find((one) => JSON.stringify(one?.restores.toSorted()) === JSON.stringify(gone));
      expect(then.outcome).toBe('rolled-back');
      return expectGone(await statusOf(handle), way);
    }
    const offered = then.question.choices.map(({ id }) => id);
    const foretold = prospects.find(
      ({ choices }) => choices.length > 0 && choices.every(({ id }) => offered.includes(id)),
    );
    expect(foretold?.choices.map(({ id }) => id).toSorted()).toEqual(offered.toSorted());
    expect(foretold?.silence).toBe(then.question.onSilence);
    const [first] = foretold?.choices ?? [];
    const body = { by: 'deployment-lead', question: then.question.id, choice: first?.id ?? '', reason: 'foretold' };
    await handle.executeUpdate(decideUpdate, { args: [body] });
    await handle.result();
    expectGone(await statusOf(handle), wayOf(first?.way));
  });
});
