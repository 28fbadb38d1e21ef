import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { type Handle, until } from '../support/release.ts';
import { ended, openStage, type Stage, type World } from '../support/world.ts';
import type { VersionContent } from '../support/world-versions.ts';

/** First releases on a machine where nothing of the application is: what goes back goes back to nothing. */
let stage: Stage;
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000, maxConcurrency: 2 });

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage?.stop());

const nothing = { data: null, api: '503 closed', page: '404 nothing' };
const seeds = { '0001.sql': `insert into items (name, made_by) values ('first', 'v1')` };

const opened = (application: string): Promise<World> => stage.openWorld(application, 'shared');

/** Where the rules ask, the person wants everything back. */
async function wantsAllBack(handle: Handle): Promise<void> {
  const { question } = await until(handle, (status) => status.question !== null || status.outcome !== null, 60_000);
  if (question === null) return;
  expect(question.choices.map(({ id }) => id)).toContain('restore-full');
  const args = { by: 'deployment-lead', question: question.id, choice: 'restore-full', reason: 'it was never there' };
  await handle.executeUpdate(decideUpdate, { args: [args] });
}

const points: { point: string; failedStep: string; content: VersionContent; started: number; asks: boolean }[] = [
  {
    point: 'migrate',
    failedStep: 'migrate database',
    content: { seeds, migrations: { '0002_broken.sql': 'create table half (id int); select 1 / 0;' } },
    started: 0,
    asks: false,
  },
  {
    point: 'seed',
    failedStep: 'verify seed of database',
    content: { seeds: { '0001.sql': `insert into items (name, made_by) values ('', 'v1')` } },
    started: 0,
    asks: false,
  },
  {
    point: 'backend',
    failedStep: 'deploy backend',
    content: { seeds, service: { crash: true } },
    started: 1,
    asks: true,
  },
  { point: 'frontend', failedStep: 'deploy frontend', content: { seeds, garbled: true }, started: 1, asks: true },
  { point: 'smoke', failedStep: 'smoke', content: { seeds, service: { empty: true } }, started: 1, asks: true },
];

describe.concurrent('a first release', () => {
  it.each(points)('that fails at $failedStep goes back to nothing and keeps the database that was made', async (at) => {
    const world = await opened(`first-${at.point}`);
    await world.write('v1', at.content);
    const handle = await world.start('v1', { compatibility: 'breaking' });
    if (at.asks) await wantsAllBack(handle);
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: at.failedStep });
    expect(await world.see()).toEqual(nothing);
    expect(world.running()).toEqual([]);
    expect(world.ledger.entries('started')).toHaveLength(at.started);
    // Renamed, never dropped, and nothing else is left of it.
    const kept = (await world.databases()).filter((name) => name.includes('_superseded_'));
    expect(kept).toHaveLength(1);
    expect(await world.databases()).toEqual(kept);
    expect(await stage.postgres.sql('select count(*)::int as items from items', kept[0])).toEqual([
      { items: at.point === 'migrate' ? 0 : 1 },
    ]);
  });

  it('that failed can be made again under the same names', async () => {
    const world = await opened('first-again');
    await world.write('v1', { seeds, service: { crash: true } });
    const handle = await world.start('v1', { compatibility: 'breaking' });
    await wantsAllBack(handle);
    await ended(handle);
    await world.released('v1', { compatibility: 'breaking' });
    const { data, ...served } = await world.see();
    expect(served).toEqual({ api: '200 v1', page: '200 v1' });
    expect(data?.tables.items?.split(' ')[0]).toBe('1');
    expect(world.running()).toEqual(['v1']);
  });

  it('whose plan is backward takes its code back and leaves the database, which is named', async () => {
    const world = await opened('first-backward');
    await world.write('v1', { seeds, service: { crash: true } });
    const result = await ended(await world.start('v1'));
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy backend', stays: ['database'] });
    const { data, ...served } = await world.see();
    expect(served).toEqual({ api: nothing.api, page: nothing.page });
    expect(data?.tables.items?.split(' ')[0]).toBe('1');
  });
});
