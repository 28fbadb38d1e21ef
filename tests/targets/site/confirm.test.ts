import { cp, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { confirm } from '../../../src/targets/site/confirm.ts';
import { openSite, type SiteWorld, served, siteRelease } from './world.ts';

let world: SiteWorld;
beforeEach(async () => {
  world = await openSite();
  await served(world, 'v1');
});
afterEach(() => world.close());

async function prepared(version: string, extra: Record<string, unknown> = {}) {
  const release = siteRelease(world, version, extra);
  const pinned = await release.prepare();
  const confirmed = (change = 'deploy') => confirm({ ...release.call('confirm'), fence: 0 }, change, version);
  return { ...release, location: pinned?.location ?? '', confirmed };
}

async function serveByHand(install: string): Promise<void> {
  await rm(join(world.root, 'current'));
  await symlink(join('releases', install), join(world.root, 'current'));
}

describe('whether a site was deployed', () => {
  it('is told by what is installed and what users get', async () => {
    const release = await prepared('v2');
    expect(await release.confirmed()).toMatchObject({ state: 'not-done', detail: expect.stringContaining('v1-') });
    await release.deploy();
    expect(await release.confirmed()).toMatchObject({
      state: 'done',
      detail: expect.stringContaining('users get the'),
    });
    await rm(join(world.root, 'current'));
    expect(await release.confirmed()).toEqual({ state: 'not-done', detail: 'nothing is served' });
  });

  it('is done also when a person changed the link, or copied the built files, by hand', async () => {
    const release = await prepared('v2');
    await serveByHand(basename(release.location));
    expect(await release.confirmed()).toMatchObject({ state: 'done' });
    await cp(release.location, join(world.root, 'releases', 'by-hand'), { recursive: true });
    await serveByHand('by-hand');
    expect(await release.confirmed()).toMatchObject({ state: 'done', detail: expect.stringContaining('by-hand') });
  });

  it('is not done while users get other bytes, and unknown while nobody answers', async () => {
    const release = await prepared('v2');
    await serveByHand(basename(release.location));
    world.spoil.add('/robots.txt');
    expect(await release.confirmed()).toMatchObject({
      state: 'not-done',
      detail: expect.stringContaining('robots.txt'),
    });
    const unreachable = await prepared('v2', { url: 'http://127.0.0.1:1/' });
    expect(await unreachable.confirmed()).toMatchObject({ state: 'unknown' });
  });

  it('is unknown of a cache, and before anything was prepared', async () => {
    const release = await prepared('v2');
    expect(await release.confirmed('invalidate')).toMatchObject({ state: 'unknown' });
    expect(await confirm(siteRelease(world, 'v2').call('confirm'), 'deploy', 'v2')).toMatchObject({ state: 'unknown' });
  });
});
