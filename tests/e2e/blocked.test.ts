import { readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { shortRelease } from '../../src/release/naming.ts';
import type { Question } from '../../src/release/status.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { approve, type Handle, until } from '../support/release.ts';
import { ended, eventually, openStage, type Stage, type World } from '../support/world.ts';
import type { Sight } from '../support/world-sight.ts';

/** A way back that somebody stands in: the release waits, says what is left and why, and goes on once it is remedied. */
let stage: Stage;
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage?.stop());

async function opened(application: string): Promise<{ world: World; before: Sight }> {
  const world = await stage.openWorld(application, 'shared');
  await world.released('v1');
  return { world, before: await world.see() };
}

async function blocked(handle: Handle, id: string): Promise<Question> {
  const { question } = await until(handle, (status) => status.question?.id === id, 60_000);
  if (question === null) throw new Error('nothing is asked');
  expect(question.kind).toBe('blocked');
  return question;
}

async function answer(handle: Handle, question: Question, choice: 'retry' | 'done-by-hand'): Promise<void> {
  const args = { by: 'deployment-lead', question: question.id, choice, reason: 'I looked' };
  await handle.executeUpdate(decideUpdate, { args: [args] });
}

/** Waits until users are led to v2, whose smoke step is slow enough for what the test does then. */
const isLedToV2 = ({ ledger }: World) =>
  eventually(() => ledger.entries('switch').at(-1)?.detail === 'v2' && ledger.entries('link').length > 1, 'v2');
const bad = { service: { empty: true, slowMs: 2_000 } };

/** The directory that v1 is kept in. */
async function keptV1(folder: string): Promise<string> {
  const names = await readdir(folder);
  return join(folder, names.find((name) => name.startsWith('v1-')) ?? 'missing');
}

describe('a way back that is blocked', () => {
  it('twice by a database that holds the name, goes on when it is renamed', async () => {
    const { world, before } = await opened('name-taken');
    const half = '-- savepoint: no-transaction\ndelete from items; select 1 / 0;';
    await world.write('v2', { migrations: { '0002_half.sql': half } });
    const handle = await world.start('v2', { compatibility: 'breaking', approved: false });
    const beside = `name-taken_beside_${shortRelease(handle.firstExecutionRunId)}`;
    await stage.postgres.sql(`create database "${beside}"`);
    await approve(handle);
    for (const id of ['blocked', 'blocked #2']) {
      const question = await blocked(handle, id);
      expect(question.text).toContain('database');
      expect(question.why).toContain(beside);
      expect(await stage.postgres.sql('select from items', 'name-taken')).toEqual([]);
      expect(world.running()).toEqual([]);
      if (id === 'blocked #2') await stage.postgres.sql(`alter database "${beside}" rename to "somebody-elses"`);
      await answer(handle, question, 'retry');
    }
    expect(await ended(handle)).toMatchObject({ outcome: 'rolled-back', failedStep: 'migrate database' });
    expect(await world.see()).toEqual(before);
    expect(world.running()).toEqual(['v1']);
  });

  it('because the old version is gone with its files, is not believed to be done, and goes on when they are back', async () => {
    const { world, before } = await opened('files-gone');
    await world.write('v2', bad);
    const handle = await world.start('v2', { slowSmoke: true });
    await isLedToV2(world);
    const kept = await keptV1(join(world.home, 'run', 'backend', 'versions'));
    await rename(kept, join(world.home, 'lost'));
    process.kill(world.ledger.entries('started')[0]?.pid ?? 0, 'SIGKILL');
    const first = await blocked(handle, 'blocked');
    expect(first.text).toContain('backend');
    expect(first.why).toContain('Restored: frontend');
    await answer(handle, first, 'done-by-hand');
    const second = await blocked(handle, 'blocked #2');
    expect((await world.see()).page).toBe('200 v1');
    await answer(handle, second, 'retry');
    const third = await blocked(handle, 'blocked #3');
    await rename(join(world.home, 'lost'), kept);
    await answer(handle, third, 'retry');
    expect(await ended(handle)).toMatchObject({ outcome: 'rolled-back', failedStep: 'smoke' });
    expect(await world.see()).toEqual(before);
    expect(world.running()).toEqual(['v1']);
  });

  it('is done by hand when the world agrees, and not before', async () => {
    const { world, before } = await opened('by-hand');
    await world.write('v2', bad);
    const handle = await world.start('v2', { slowSmoke: true });
    await isLedToV2(world);
    const www = join(world.home, 'run', 'www');
    const kept = await keptV1(join(www, 'releases'));
    await rename(kept, join(world.home, 'lost'));
    const first = await blocked(handle, 'blocked');
    expect(first.text).toContain('frontend');
    expect((await world.see()).api).toBe('200 v1');
    await answer(handle, first, 'done-by-hand');
    const second = await blocked(handle, 'blocked #2');
    expect((await world.see()).page).toBe('200 v2');
    await rename(join(world.home, 'lost'), kept);
    await rm(join(www, 'current'));
    await symlink(kept, join(www, 'current'));
    await answer(handle, second, 'done-by-hand');
    expect(await ended(handle)).toMatchObject({ outcome: 'rolled-back', decidedBy: { choice: 'done-by-hand' } });
    expect(await world.see()).toEqual(before);
    expect(world.running()).toEqual(['v1']);
  });
});
