import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Continuation } from '../../src/workflows/messages.ts';
import type { Handle } from '../support/release.ts';
import { ended, eventually, openStage, type Stage, type World } from '../support/world.ts';

/** Somebody terminates the workflow in the middle of a migration: no way back runs, and nobody may go on as if nothing were. */
let stage: Stage;
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage?.stop());

/** Sleeps for as long as nobody hurries. */
const sleeps = `select pg_sleep(case when exists (select from pg_roles where rolname = 'hurry') then 0 else 100 end);`;

async function terminated(world: World, handle: Handle): Promise<void> {
  await eventually(() => stage.runs('select pg_sleep', world.application), 'the sleeping statement');
  await handle.terminate('somebody pressed the wrong button');
}

async function isRefused(world: World, compatibility: 'backward' | 'breaking'): Promise<void> {
  const result = await ended(await world.start('v2', { compatibility }));
  expect(result).toMatchObject({ outcome: 'stopped', dirty: { version: 'v2', ended: 'terminated' } });
  expect(result.dirty?.changed).toContain('database');
  expect(result.failure?.message).toContain('database');
}

const continuing = (as: 'resume' | 'restore'): Continuation => ({ as, reason: 'it was a slip' });

describe('after a release was terminated in its migration', () => {
  it('a start is refused naming the database, and --resume makes the migration once and goes live', async () => {
    const world = await stage.openWorld('resumed', 'shared');
    await world.released('v1');
    const migrations = {
      '0002_note.sql': 'alter table items add column note text;',
      '0003_rows.sql': `insert into items (name, made_by) values ('migrated', 'v2'); ${sleeps}`,
    };
    await world.write('v2', { migrations });
    const first = await world.start('v2');
    await terminated(world, first);
    await isRefused(world, 'backward');
    expect((await world.see()).api).toBe('200 v1');
    await stage.postgres.sql('create role hurry');
    try {
      const result = await ended(await world.start('v2', { continuation: continuing('resume') }));
      expect(result).toMatchObject({ outcome: 'released', release: first.firstExecutionRunId, dirty: null });
    } finally {
      await stage.postgres.sql('drop role hurry');
    }
    expect(await stage.postgres.sql(`select from items where name = 'migrated'`, 'resumed')).toHaveLength(1);
    expect((await world.log()).filter(({ what }) => what.includes('add column note'))).toHaveLength(1);
    expect(world.ledger.entries('started').map(({ detail }) => detail)).toEqual(['v1', 'v2']);
    expect(await world.see()).toMatchObject({ api: '200 v2', page: '200 v2' });
  });

  it('with its worker killed too, --restore ends what still runs on the server and brings everything back', async () => {
    const world = await stage.openWorld('brought-back');
    const worker = await world.startWorker();
    await world.released('v1');
    const before = await world.see();
    const half = `-- savepoint: no-transaction\nalter table items add column note text; delete from items; ${sleeps}`;
    await world.write('v2', { migrations: { '0002_half.sql': half } });
    const first = await world.start('v2', { compatibility: 'breaking' });
    await terminated(world, first);
    await worker.kill();
    expect(await stage.runs('select pg_sleep', world.application)).toBe(true);
    await world.startWorker();
    await isRefused(world, 'breaking');
    expect(world.running()).toEqual([]);
    const back = await world.start('v2', { compatibility: 'breaking', continuation: continuing('restore') });
    expect(await ended(back)).toMatchObject({ outcome: 'rolled-back', dirty: null });
    expect(await stage.runs('select pg_sleep', world.application)).toBe(false);
    expect(await world.see()).toEqual(before);
    expect(world.running()).toEqual(['v1']);
    expect((await world.log()).filter(({ what }) => what.includes('delete from items'))).toHaveLength(1);
    const kept = (await world.databases()).filter((name) => name.includes('_superseded_'));
    expect(await stage.postgres.sql('select from items', kept[0])).toEqual([]);
    await world.released('v3');
    expect(await world.see()).toMatchObject({ api: '200 v3', page: '200 v3' });
  });
});
