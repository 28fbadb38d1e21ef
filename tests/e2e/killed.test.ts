import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runSql } from '../support/postgres.ts';
import { type Handle, type ReleaseResult, statusOf, until } from '../support/release.ts';
import { ended, eventually, openStage, type Stage, type StartOptions, type World } from '../support/world.ts';
import type { Logged } from '../support/world-log.ts';
import type { Sight } from '../support/world-sight.ts';
import type { VersionContent } from '../support/world-versions.ts';

/** SIGKILL for the worker in the middle of a step; what runs on the server, on the host and in the network goes on. */
let stage: Stage;
// Most of the time is waiting until the server gives up on the killed one.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000, maxConcurrency: 3 });

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage?.stop());

type Scene = { v1?: VersionContent; v2: VersionContent; options?: StartOptions };

type Slept = { result: ReleaseResult; wokenAt: number };
type UnderWay = { world: World; before: Sight; handle: Handle };

/** v1 runs and v2 is on its way. `before`: what the world looked like in between. */
async function onTheWay(application: string, { v1, v2, options }: Scene): Promise<UnderWay> {
  const world = await stage.openWorld(application);
  await world.startWorker();
  await world.released('v1', {}, v1);
  await world.write('v2', v2);
  const before = await world.see();
  return { world, before, handle: await world.start('v2', options) };
}

/** Kills the newest worker and starts another one. */
async function killed(world: World): Promise<number> {
  await world.workers.at(-1)?.kill();
  const at = Date.now();
  await world.startWorker();
  return at;
}

/** Puts the worker to sleep, wakes it up when another one has gone past the step, and lets the release end. */
async function slept(world: World, handle: Handle, isPast: () => boolean | Promise<boolean>): Promise<Slept> {
  const [old] = world.workers;
  old?.freeze();
  await world.startWorker();
  await eventually(isPast, 'the other worker', 120_000);
  const wokenAt = Date.now();
  old?.thaw();
  const result = await ended(handle);
  await sleep(Math.max(0, wokenAt + 3_000 - Date.now()));
  return { result, wokenAt };
}

const starts = ({ ledger }: World): unknown[] => ledger.entries('started').map(({ detail }) => detail);
const switches = ({ ledger }: World): unknown[] => ledger.entries('switch').map(({ detail }) => detail);

/** When statements that hold `text` began, and when their sessions ended. */
async function runsOf(world: World, text: string): Promise<{ from: number; until: number }[]> {
  const log = await world.log();
  const begun = log.filter(({ what }) => what.includes(text));
  return begun.map(({ at, pid }) => ({
    from: at,
    until: log.find((each) => each.pid === pid && each.what === 'end' && each.at >= at)?.at ?? Number.POSITIVE_INFINITY,
  }));
}

describe.concurrent('a worker that is killed', () => {
  it('while a migration runs on the server: it is ended, made once, and the release goes live', async () => {
    const migrations = {
      '0002_note.sql': 'alter table items add column note text;',
      '0003_sleep.sql': `insert into items (name, made_by) values ('migrated', 'v2'); select pg_sleep(case when (select count(*) from items) > 0 then 6 else 0 end);`,
    };
    const { world, handle } = await onTheWay('kill-migrate', { v2: { migrations } });
    await eventually(() => stage.runs('select pg_sleep', world.application), 'the sleeping statement');
    await killed(world);
    expect(await ended(handle)).toMatchObject({ outcome: 'released' });
    const [lost, made, ...more] = await runsOf(world, 'select pg_sleep');
    expect(more).toEqual([]);
    expect(lost?.until).toBeLessThanOrEqual(made?.from ?? 0);
    expect(await runsOf(world, 'alter table items add column note')).toHaveLength(1);
    const rows = await stage.postgres.sql(`select from items where name = 'migrated'`, world.application);
    expect(rows).toHaveLength(1);
    expect(starts(world)).toEqual(['v1', 'v2']);
    expect(await world.see()).toMatchObject({ api: '200 v2', page: '200 v2' });
  });

  it('while CREATE INDEX CONCURRENTLY waits for somebody: it is not run again, and the database comes back', async () => {
    const index = 'create index concurrently items_name on items (name)';
    const migrations = {
      '0002_wait.sql': 'select pg_sleep(1.5);',
      '0003_index.sql': `-- savepoint: no-transaction\n${index};`,
    };
    const { world, before, handle } = await onTheWay('kill-index', { v2: { migrations } });
    await eventually(() => stage.runs('select pg_sleep', world.application), 'the first migration');
    const blocker = runSql(
      `${stage.env.WORLD_APP}/${world.application}`,
      `begin; insert into items (name, made_by) values ('x', 'y'); select pg_sleep(30)`,
    ).catch(() => 'cut off');
    await eventually(() => stage.runs('create index', world.application), 'the index');
    await killed(world);
    // Nobody's rows are in the way: what the blocker wrote was never committed.
    const result = await ended(handle);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failedStep: 'migrate database',
      rowsLost: 0,
      decidedBy: null,
    });
    expect(result.failure).toMatchObject({ kind: 'failed' });
    await blocker;
    const [run, ...more] = await runsOf(world, 'create index concurrently');
    expect(more).toEqual([]);
    const [copy] = await runsOf(world, 'template "kill-index_sp_');
    expect(run?.until).toBeLessThanOrEqual(copy?.from ?? 0);
    expect(await world.see()).toEqual(before);
    expect(starts(world)).toEqual(['v1']);
  });

  it('while a slow service comes up: it is found, started once, and the release goes live', async () => {
    const { world, handle } = await onTheWay('kill-deploy', { v2: { service: { startMs: 9_000 } } });
    await eventually(() => starts(world).includes('v2'), 'the start of v2');
    await killed(world);
    expect(await ended(handle)).toMatchObject({ outcome: 'released' });
    expect(starts(world)).toEqual(['v1', 'v2']);
    expect(switches(world)).toEqual(['v1', 'v2']);
    expect(await world.see()).toMatchObject({ api: '200 v2', page: '200 v2' });
  });

  it('while the database is copied back: the copy is ended, made anew, and exchanged once', async () => {
    const rows = `insert into items (name, made_by) select repeat(md5(i::text), 8), 'v1' from generate_series(1, 250000) i;`;
    const migrations = {
      '0002_half.sql': '-- savepoint: no-transaction\nalter table items add column note text; select 1 / 0;',
    };
    const { world, before, handle } = await onTheWay('kill-restore', {
      v1: { migrations: { '0001_rows.sql': rows } },
      v2: { migrations },
      options: { compatibility: 'breaking' },
    });
    await eventually(() => stage.runs('create database "kill-restore_beside', world.application), 'the copy beside');
    const at = await killed(world);
    expect(await ended(handle)).toMatchObject({ outcome: 'rolled-back', failedStep: 'migrate database' });
    const copies = await runsOf(world, 'template "kill-restore_sp_');
    expect(copies.length).toBeGreaterThanOrEqual(2);
    expect(copies[0]?.from).toBeLessThanOrEqual(at);
    expect(copies[0]?.until).toBeLessThanOrEqual(copies[1]?.from ?? 0);
    expect(await runsOf(world, 'alter database "kill-restore" rename to')).toHaveLength(1);
    expect(await runsOf(world, 'add column note')).toHaveLength(1);
    expect((await world.databases()).filter((name) => name.includes('_superseded_'))).toHaveLength(1);
    expect(await world.see()).toEqual(before);
    // Held for the migration and started again once.
    expect(starts(world)).toEqual(['v1', 'v1']);
  });

  it('while the new service is being stopped on the way back: users stay on the old one, and it is stopped once', async () => {
    const { world, handle } = await onTheWay('kill-code', { v2: { service: { empty: true, stopMs: 6_000 } } });
    await eventually(() => world.ledger.entries('stopping').length > 0, 'the end of v2');
    await killed(world);
    expect(await ended(handle)).toMatchObject({ outcome: 'rolled-back', failedStep: 'smoke' });
    expect(starts(world)).toEqual(['v1', 'v2']);
    expect(world.ledger.entries('stopping').map(({ detail }) => detail)).toEqual(['v2']);
    expect(switches(world)).toEqual(['v1', 'v2', 'v1']);
    expect(world.running()).toEqual(['v1']);
    expect(await world.see()).toMatchObject({ api: '200 v1', page: '200 v1' });
  });

  it('during the watch: the watch goes on to its end and changes nothing', async () => {
    const watch = { everyMs: 5_000, forMs: 25_000 };
    const { world, handle } = await onTheWay('kill-watch', { v2: {}, options: { watch } });
    const { watch: begun } = await until(handle, (status) => status.phase === 'watch', 60_000);
    await killed(world);
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'released' });
    expect(Date.parse(result.endedAt)).toBeGreaterThanOrEqual(Date.parse(begun?.until ?? ''));
    const points = (await statusOf(handle)).watch?.points ?? [];
    expect(points).toHaveLength(5);
    expect(points.at(-1)?.samples).toBeGreaterThan(50);
    expect(starts(world)).toEqual(['v1', 'v2']);
    expect(switches(world)).toEqual(['v1', 'v2']);
  });

  it('during the watch of a version that turns bad meanwhile: it goes back all the same', async () => {
    const watch = { everyMs: 5_000, forMs: 60_000 };
    const { world, handle } = await onTheWay('kill-sick', {
      v2: { service: { sickWhile: 'sick' } },
      options: { watch },
    });
    await until(handle, (status) => status.phase === 'watch', 60_000);
    await world.workers.at(-1)?.kill();
    await writeFile(join(world.home, 'sick'), '');
    await world.startWorker();
    expect(await ended(handle)).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
    expect(starts(world)).toEqual(['v1', 'v2']);
    expect(switches(world)).toEqual(['v1', 'v2', 'v1']);
    expect(await world.see()).toMatchObject({ api: '200 v1', page: '200 v1' });
  });
});

describe.concurrent('a worker that sleeps longer than its heartbeat allows', () => {
  it('in a deployment is replaced, and doubles nothing when it wakes up', async () => {
    const { world, handle } = await onTheWay('sleep-deploy', { v2: { service: { startMs: 9_000 } } });
    await eventually(() => starts(world).includes('v2'), 'the start of v2');
    const { result } = await slept(world, handle, () => switches(world).includes('v2'));
    expect(result).toMatchObject({ outcome: 'released' });
    expect(starts(world)).toEqual(['v1', 'v2']);
    expect(switches(world)).toEqual(['v1', 'v2']);
    expect(await world.see()).toMatchObject({ api: '200 v2', page: '200 v2' });
  });

  it('in a migration is replaced, and sends nothing more when it wakes up', async () => {
    const migrations = {
      '0002_sleep.sql': `insert into items (name, made_by) values ('migrated', 'v2'); select pg_sleep(9);`,
      '0003_note.sql': 'alter table items add column note text;',
    };
    const { world, handle } = await onTheWay('sleep-migrate', { v2: { migrations } });
    await eventually(() => stage.runs('select pg_sleep', world.application), 'the sleeping statement');
    const sent = async (text: string): Promise<Logged[]> =>
      (await world.log()).filter(({ what }) => what.includes(text));
    const isPast = async (): Promise<boolean> => (await sent('add column note')).length > 0;
    const { result, wokenAt } = await slept(world, handle, isPast);
    expect(result).toMatchObject({ outcome: 'released' });
    expect(await stage.postgres.sql(`select from items where name = 'migrated'`, world.application)).toHaveLength(1);
    expect(await sent('add column note')).toHaveLength(1);
    expect(starts(world)).toEqual(['v1', 'v2']);
    // Its attempt is in the name of its sessions.
    const [lost] = await sent('select pg_sleep');
    const late = (await world.log()).filter(
      ({ at, application }) => at >= wokenAt && application === lost?.application,
    );
    expect(late.filter(({ what }) => what !== 'end')).toEqual([]);
  });
});
