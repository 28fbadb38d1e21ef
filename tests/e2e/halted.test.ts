import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { abortUpdate, decideUpdate } from '../../src/workflows/messages.ts';
import { type Handle, until } from '../support/release.ts';
import { ended, eventually, openStage, type Stage, type StartOptions, type World } from '../support/world.ts';
import type { Sight } from '../support/world-sight.ts';
import type { VersionContent } from '../support/world-versions.ts';

/** Somebody stops a release while it does something: the first undo within ten seconds, and afterwards the world as before. */
let stage: Stage;
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

type Moment = {
  phase: string;
  content?: VersionContent;
  options?: StartOptions;
  /** Is the release in the middle of it? */
  reached: (world: World, handle: Handle) => Promise<unknown>;
  /** Does the world show the first undo? Left out: the end of the release is all there is to see. */
  undone?: (world: World) => boolean | Promise<boolean>;
};

const sleeping = { '0002_sleep.sql': 'alter table items add column note text; select pg_sleep(100);' };
const count = ({ ledger }: World, what: string, version: string): number =>
  ledger.entries(what).filter(({ detail }) => detail === version).length;
const leads = ({ ledger }: World): unknown => ledger.entries('switch').at(-1)?.detail;
const step = (id: string) => (_: World, handle: Handle) =>
  until(handle, ({ steps }) => steps.some((each) => each.id === id && each.state === 'running'), 60_000);

const moments: Moment[] = [
  {
    phase: 'prepare',
    content: { buildMs: 100_000 },
    reached: (world) => eventually(() => isBuilding(world), 'the build'),
    undone: (world) => !isBuilding(world),
  },
  {
    phase: 'go/no-go',
    options: { approved: false },
    reached: (_, handle) => until(handle, ({ question }) => question !== null),
  },
  {
    phase: 'window',
    options: { more: { window: later() } },
    reached: (_, handle) => until(handle, ({ waitingFor }) => waitingFor !== null),
  },
  {
    phase: 'hold',
    options: { compatibility: 'breaking' },
    reached: (world) => eventually(() => leads(world) === 'maintenance', 'the hold'),
    undone: (world) => leads(world) === 'v1',
  },
  {
    phase: 'snapshot',
    reached: ({ application }) =>
      eventually(() => stage.runs(`create database "${application}_sp_`, application), 'the copy'),
    undone: async ({ application }) => !(await stage.runs(`create database "${application}_sp_`, application)),
  },
  {
    phase: 'migrate',
    content: { migrations: sleeping },
    options: { compatibility: 'breaking' },
    reached: ({ application }) => eventually(() => stage.runs('select pg_sleep', application), 'the migration'),
    undone: async ({ application }) => !(await stage.runs('select pg_sleep', application)),
  },
  {
    phase: 'deploy',
    content: { service: { startMs: 100_000 } },
    reached: (world) => eventually(() => world.running().includes('v2'), 'the start of v2'),
    undone: (world) => !world.running().includes('v2'),
  },
  {
    phase: 'smoke',
    content: { service: { slowMs: 100_000 } },
    options: { slowSmoke: true },
    reached: step('smoke'),
    undone: (world) => leads(world) === 'v1',
  },
  {
    phase: 'watch',
    options: { watch: { everyMs: 10_000, forMs: 100_000 } },
    reached: (_, handle) => until(handle, ({ phase }) => phase === 'watch', 60_000),
    undone: (world) => leads(world) === 'v1',
  },
];

/** A window that opens in two hours. */
function later(): object {
  const time = (inHours: number): string => new Date(Date.now() + inHours * 3_600_000).toISOString().slice(11, 16);
  const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
  return { days, from: time(2), to: time(3), timezone: 'UTC' };
}

function isBuilding({ ledger }: World): boolean {
  const pid = ledger.entries('build').findLast(({ detail }) => detail === 'v2')?.pid;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('build.mjs');
  } catch {
    return false;
  }
}

/** An administrator who is just changing something about the database: a copy of it has to wait. */
async function withBusyAdministrator<T>(database: string, work: () => Promise<T>): Promise<T> {
  const administrator = new pg.Client({ connectionString: stage.postgres.url(), application_name: 'administrator' });
  await administrator.connect();
  try {
    await administrator.query(`begin; comment on database "${database}" is 'the shop'`);
    return await work();
  } finally {
    await administrator.query('rollback');
    await administrator.end();
  }
}

const halts: Record<string, (handle: Handle) => Promise<unknown>> = {
  abort: (handle) =>
    handle.executeUpdate(abortUpdate, { args: [{ by: 'deployment-lead', reason: 'not tonight', goBack: true }] }),
  cancel: (handle) => handle.cancel(),
};

const worlds = new Map<string, { world: World; before: Sight }>();

beforeAll(async () => {
  stage = await openStage();
  for (const how of Object.keys(halts)) {
    const world = await stage.openWorld(`halt-${how}`, 'shared');
    await world.released('v1', {}, { service: { stopMs: 1_500 } });
    worlds.set(how, { world, before: await world.see() });
  }
});

afterAll(() => stage?.stop());

function worldOf(how: string): { world: World; before: Sight } {
  const found = worlds.get(how);
  if (found === undefined) throw new Error(`no world for ${how}`);
  return found;
}

describe.each(Object.keys(halts))('%s', (how) => {
  it.each(moments)('during $phase leaves the world as it was', async ({ phase, content, options, reached, undone }) => {
    const { world, before } = worldOf(how);
    await world.write('v2', content ?? {});
    const halted = async (): Promise<Handle> => {
      const handle = await world.start('v2', options);
      await reached(world, handle);
      await halts[how]?.(handle);
      if (undone !== undefined) await eventually(() => undone(world), 'the first undo', 10_000);
      return handle;
    };
    const handle = phase === 'snapshot' ? await withBusyAdministrator(world.application, halted) : await halted();
    expect(await ended(handle, undone === undefined ? 10_000 : 60_000)).toMatchObject({ outcome: 'aborted' });
    expect(world.running()).toEqual(['v1']);
    expect(await world.see()).toEqual(before);
    expect(count(world, 'built', 'v2')).toBe(phase === 'prepare' ? 0 : count(world, 'build', 'v2') - 1);
  });
});

describe('an abort that leaves the way open', () => {
  it('asks, and leaves the new version where a person says so', async () => {
    const { world } = worldOf('abort');
    await world.write('v2', {});
    const handle = await world.start('v2', { watch: { everyMs: 10_000, forMs: 100_000 } });
    await until(handle, ({ phase }) => phase === 'watch', 60_000);
    await handle.executeUpdate(abortUpdate, { args: [{ by: 'deployment-lead', reason: 'the phone rang' }] });
    const { question } = await until(handle, (status) => status.question !== null);
    expect(question?.choices.map(({ id }) => id)).toEqual(['go-back', 'restore-code', 'stay']);
    const args = { by: 'deployment-lead', question: question?.id ?? '', choice: 'stay', reason: 'it looks good' };
    await handle.executeUpdate(decideUpdate, { args: [args] });
    expect(await ended(handle)).toMatchObject({ outcome: 'aborted' });
    expect(await world.see()).toMatchObject({ api: '200 v2', page: '200 v2' });
  });
});
