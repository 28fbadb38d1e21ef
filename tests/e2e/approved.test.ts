import { statSync } from 'node:fs';
import { appendFile, cp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ReleaseResult } from '../../src/release/status.ts';
import { pauseUpdate, resumeUpdate } from '../../src/workflows/messages.ts';
import { approve, until } from '../support/release.ts';
import { ended, openStage, type Stage, type World } from '../support/world.ts';
import type { Sight } from '../support/world-sight.ts';
import type { VersionContent } from '../support/world-versions.ts';

/** What was approved is what runs: somebody edits something after the go, before the first change. */
let stage: Stage;
let world: World;
let before: Sight;
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(async () => {
  stage = await openStage();
  world = await stage.openWorld('approved', 'shared');
  await world.released('v1');
  before = await world.see();
});

afterAll(() => stage?.stop());

const migrations = { '0002_note.sql': 'alter table items add column note text;' };
const inVersion = (...path: string[]): string => join(world.home, 'versions', 'v2', ...path);

/** Releases v2 and lets `edit` happen between the go and the first change. */
async function editedAfterGo(content: VersionContent, edit: () => Promise<unknown>): Promise<ReleaseResult> {
  await world.write('v2', content);
  const handle = await world.start('v2', { approved: false });
  await until(handle, ({ question }) => question !== null, 60_000);
  await handle.executeUpdate(pauseUpdate, { args: [{ by: 'deployment-lead' }] });
  await approve(handle);
  await until(handle, ({ waitingFor }) => waitingFor?.includes('pause') ?? false);
  await edit();
  await handle.executeUpdate(resumeUpdate, { args: [{ by: 'deployment-lead' }] });
  return await ended(handle);
}

/** The service's directory that `prepare` made last. */
async function prepared(): Promise<string> {
  const folder = join(world.home, 'run', 'backend', 'versions');
  const made = (name: string): number => statSync(join(folder, name)).ctimeMs;
  const newest = (await readdir(folder)).sort((a, b) => made(a) - made(b)).at(-1);
  return join(folder, newest ?? 'missing');
}

async function nothingHappened(): Promise<void> {
  expect(await world.see()).toEqual(before);
  expect(world.running()).toEqual(['v1']);
}

const statements = async (text: string): Promise<number> =>
  (await world.log()).filter(({ what }) => what.includes(text)).length;

describe('after the go', () => {
  it('an edited migration is refused and nothing of it is applied', async () => {
    const result = await editedAfterGo({ migrations }, () =>
      appendFile(inVersion('migrations', '0002_note.sql'), 'delete from items;'),
    );
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'migrate database', restored: [] });
    expect(result.failure).toMatchObject({ kind: 'changed', message: expect.stringContaining('0002_note.sql') });
    expect(await statements('add column note')).toBe(0);
    await nothingHappened();
  });

  it('a migration that came or went is refused', async () => {
    const added = await editedAfterGo({ migrations }, () => writeFile(inVersion('migrations', '0003.sql'), 'select 1'));
    expect(added.failure).toMatchObject({ kind: 'changed', message: expect.stringContaining('0003.sql') });
    const gone = await editedAfterGo({ migrations }, () => rm(inVersion('migrations', '0002_note.sql')));
    expect(gone.failure).toMatchObject({ kind: 'changed', message: expect.stringContaining('0002_note.sql') });
    expect(await statements('add column note')).toBe(0);
    await nothingHappened();
  });

  it('an edited seed is refused', async () => {
    const seeds = { '0001.sql': `insert into items (name, made_by) values ('new', 'v2')` };
    const result = await editedAfterGo({ seeds }, () => appendFile(inVersion('seeds', '0001.sql'), ', (1, 2)'));
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'seed database', failure: { kind: 'changed' } });
    await nothingHappened();
  });

  it('an edited source makes no difference: what was prepared runs', async () => {
    const result = await editedAfterGo({ service: { crash: true } }, async () => undefined);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy backend' });
    await nothingHappened();
    const started = world.ledger.entries('started').length;
    const edited = await editedAfterGo({}, () => writeFile(inVersion('backend', 'server.mjs'), 'process.exit(1)'));
    expect(edited).toMatchObject({ outcome: 'released' });
    expect(world.ledger.entries('started')).toHaveLength(started + 1);
    expect((await world.see()).api).toBe('200 v2');
    await world.released('v1');
    before = await world.see();
  });

  it('an edited build of the service is refused and never started', async () => {
    const started = world.ledger.entries('started').length;
    const result = await editedAfterGo({ service: { startMs: 1 } }, async () =>
      appendFile(join(await prepared(), 'server.mjs'), '// one more line'),
    );
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failedStep: 'deploy backend',
      failure: { kind: 'changed' },
    });
    expect(world.ledger.entries('started')).toHaveLength(started);
    await nothingHappened();
  });

  it('another running version than the one that was described makes the approval void', async () => {
    const www = join(world.home, 'run', 'www');
    const result = await editedAfterGo({}, async () => {
      await cp(join(www, 'current'), join(www, 'releases', 'by-hand'), { recursive: true, dereference: true });
      await symlink('releases/by-hand', join(www, 'draft'));
      await rename(join(www, 'draft'), join(www, 'current'));
    });
    expect(result).toMatchObject({ outcome: 'stopped', failedStep: 'survey frontend again' });
    expect(result.failure).toMatchObject({ kind: 'changed', message: expect.stringContaining('by-hand') });
    expect(world.running()).toEqual(['v1']);
  });
});
