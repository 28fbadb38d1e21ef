import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findMarked } from '../../src/targets/shell/processes.ts';
import { statusOf, until } from '../support/release.ts';
import { ended, eventually, openStage, type Stage, type World } from '../support/world.ts';

let stage: Stage;
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage?.stop());

const http = (name: string, path: string, more: object = {}): object => ({
  name,
  kind: 'http',
  url: `\${rehearsal.service}${path}`,
  ...more,
});

const rehearse = {
  service: 'backend',
  checks: [http('items are counted', '/items', { expect: { json: { '$.items': { min: 1 } } } })],
  writes: [http('an item is made', '/items?name=rehearsed', { method: 'POST' })],
};
const addsNote = { '0002_note.sql': 'alter table items add column note text;' };
const scratches = async (world: World): Promise<string[]> =>
  (await world.databases()).filter((name) => name.includes('_scratch_'));
const staged = ({ home }: World) => findMarked({ SAVEPOINT_ROOT: `${home}/run/backend`, SAVEPOINT_ROLE: 'staged' });

describe('a release that is rehearsed', () => {
  it('goes on when the copy took it, and from then on the previous version is proved to run on the new schema', async () => {
    const world = await stage.openWorld('rehearsed-well', 'shared');
    await world.released('v1');
    await world.write('v2', { migrations: addsNote });
    const handle = await world.start('v2', { rehearse });
    expect((await ended(handle)).outcome).toBe('released');
    const status = await statusOf(handle);
    const step = status.steps.find(({ id }) => id === 'rehearse database');
    expect(step?.detail).toContain('the previous version runs on it');
    // Its role is no superuser here.
    expect(step?.rehearsal?.verdict).toBe('WARN');
    expect(status.proved).toBe(true);
    const order = status.steps.map(({ id }) => id);
    expect(order.indexOf('rehearse database')).toBe(order.indexOf('snapshot database') + 1);
    expect([await scratches(world), await staged(world)]).toEqual([[], []]);
    const [count] = await stage.postgres.sql(
      `select count(*)::int as n from items where name = 'rehearsed'`,
      world.application,
    );
    expect(count).toEqual({ n: 0 });
  });

  it('stops before anything is changed when the data do not take it', async () => {
    const world = await stage.openWorld('rehearsed-badly', 'shared');
    await world.released('v1');
    const before = await world.see();
    await world.write('v2', {
      migrations: { '0002_short.sql': 'do $$ begin alter table items add check (length(name) < 3); end $$;' },
    });
    const handle = await world.start('v2', { rehearse });
    const result = await ended(handle);
    expect([result.outcome, result.failedStep]).toEqual(['stopped', 'rehearse database']);
    expect(result.failure?.message).toContain('0002_short.sql, line 1, statement 1 of 1');
    expect(await world.see()).toEqual(before);
    expect((await statusOf(handle)).changed).toEqual([]);
    expect([await scratches(world), await staged(world)]).toEqual([[], []]);
  });

  it('is rehearsed again when its worker is killed meanwhile, and nothing is left', async () => {
    const world = await stage.openWorld('rehearsed-twice');
    const worker = await world.startWorker();
    await world.released('v1');
    await world.write('v2', { migrations: addsNote, service: { startMs: 1_500 } });
    const handle = await world.start('v2', { rehearse });
    await eventually(async () => (await staged(world)).length > 0, 'a staged version');
    await worker.kill();
    expect(await scratches(world)).toHaveLength(1);
    await world.startWorker();
    expect((await ended(handle)).outcome).toBe('released');
    expect([await scratches(world), await staged(world)]).toEqual([[], []]);
    expect((await statusOf(handle)).proved).toBe(true);
  });

  it('leaves nothing when it is aborted meanwhile', async () => {
    const world = await stage.openWorld('rehearsed-aborted', 'shared');
    await world.released('v1');
    await world.write('v2', { migrations: addsNote, service: { startMs: 20_000 } });
    const handle = await world.start('v2', { rehearse });
    await eventually(async () => (await staged(world)).length > 0, 'a staged version');
    await handle.cancel();
    expect((await ended(handle)).outcome).toBe('aborted');
    await until(handle, ({ outcome }) => outcome !== null);
    expect([await scratches(world), await staged(world)]).toEqual([[], []]);
  });
});
