import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Staged, Step } from '../../../src/release/target.ts';
import { process as kind } from '../../../src/targets/process/process.ts';
import { findMarked } from '../../../src/targets/shell/processes.ts';
import { deployed, openWorld, releaseOf, type ServiceWorld } from './world.ts';

let world: ServiceWorld;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

type Release = ReturnType<typeof releaseOf>;

const stage = (release: Release, which: 'previous' | 'new', key = `stage ${which}`): Promise<Staged | null> =>
  release.drive(
    key,
    (call) => kind.stage?.(call, which, { PASSWORD: 'the scratch' }) ?? Promise.reject(new Error('no stage')),
  );
const unstage = (release: Release): Promise<null> =>
  release.drive(
    'unstage',
    (call): Promise<Step<null>> => kind.unstage?.(call) ?? Promise.reject(new Error('no unstage')),
  );
const staged = () => findMarked({ SAVEPOINT_ROOT: world.root, SAVEPOINT_ROLE: 'staged' });
const versionAt = async (url: string): Promise<unknown> =>
  (await request(`${url}/health`, { reset: true })).body.json();

describe('for a rehearsal', () => {
  test('both versions run beside what users see, which stays as it is, and end without a trace', async () => {
    await deployed(world, 'v1');
    const release = releaseOf(world, 'v2');
    await release.prepare();
    const before = await world.see();
    const previous = await stage(release, 'previous');
    const next = await stage(release, 'new');
    expect([previous?.version, next?.version]).toEqual(['v1', 'v2']);
    expect([await versionAt(previous?.url ?? ''), await versionAt(next?.url ?? '')]).toEqual([
      { version: 'v1' },
      { version: 'v2' },
    ]);
    expect(world.ports).not.toContain(Number(new URL(next?.url ?? '').port));
    expect(await world.see()).toEqual(before);
    expect(await staged()).toHaveLength(2);
    await unstage(release);
    expect(await staged()).toEqual([]);
    expect(await world.see()).toEqual(before);
  });

  test('there is no previous version before a first release', async () => {
    const release = releaseOf(world, 'v1');
    await release.prepare();
    expect(await stage(release, 'previous')).toBeNull();
  });

  test.each([
    ['v4', 'failed', /ended while it started with exit code 7/],
    ['v10', 'timed-out', /was not healthy within 500 ms: 500/],
  ])('%s that does not come up says so with its log', async (version, failure, said) => {
    const release = releaseOf(world, version, { extra: { health: { timeout: '500ms', every: '30ms' } } });
    await release.prepare();
    await expect(stage(release, 'new')).rejects.toMatchObject({ kind: failure, message: expect.stringMatching(said) });
    await unstage(release);
    expect(await staged()).toEqual([]);
  });

  test('what a killed rehearsal left is ended when the next release takes its savepoint', async () => {
    await deployed(world, 'v1');
    const release = releaseOf(world, 'v2');
    await release.prepare();
    await stage(release, 'new');
    const next = releaseOf(world, 'v9');
    await next.prepare();
    const savepoint = await next.save();
    expect([savepoint.version, await staged()]).toEqual(['v1', []]);
  });

  test('a deployment does not take a staged version for its own', async () => {
    await deployed(world, 'v1');
    const release = releaseOf(world, 'v2');
    await release.prepare();
    const beside = await stage(release, 'new');
    await release.deploy();
    expect(await world.see()).toBe('200 {"version":"v2"}');
    expect(await versionAt(beside?.url ?? '')).toEqual({ version: 'v2' });
    expect(await world.services()).toHaveLength(3);
    await unstage(release);
    expect(await world.see()).toBe('200 {"version":"v2"}');
  });
});
