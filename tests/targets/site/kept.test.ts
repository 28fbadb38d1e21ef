import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discard, kept } from '../../../src/targets/site/kept.ts';
import { openSite, type SiteWorld, served, siteRelease } from './world.ts';

let world: SiteWorld;
beforeEach(async () => {
  world = await openSite();
});
afterEach(() => world.close());

describe('what releases keep of a site', () => {
  it('is every version that users do not get; the one that is served is never discarded', async () => {
    await served(world, 'v1');
    const release = siteRelease(world, 'v2');
    const pinned = await release.prepare();
    const v2 = basename(pinned?.location ?? '');
    const savepoint = await release.save();
    const v1 = String(savepoint.state.install);
    const listed = () => kept(release.call('kept'));
    expect(await listed()).toMatchObject([{ name: v2, what: 'version', level: 'unproved', obstacle: null }]);
    await release.deploy();
    expect(await listed()).toMatchObject([
      { name: v1, what: 'savepoint', release: savepoint.release, since: savepoint.takenAt, level: 'digest' },
    ]);
    expect((await listed())[0]?.bytes).toBeGreaterThan(100);
    for (const name of [v2, '..', '.', '', '../current']) {
      await expect(discard(release.call('discard'), name), name).rejects.toMatchObject({ kind: 'not-found' });
    }
    expect(await discard(release.call('discard'), v1)).toMatchObject({ state: 'done', value: { name: v1 } });
    expect(await readdir(join(world.root, 'releases'))).toEqual([v2]);
    expect(await world.fetch('/')).toContain('<p>v2</p>');
    await served(world, 'v1');
    expect(await world.fetch('/')).toContain('<p>v1</p>');
  });

  it('is left alone where a person put it there by hand', async () => {
    await served(world, 'v1');
    const release = siteRelease(world, 'v2');
    await mkdir(join(world.root, 'releases', 'by-hand'));
    await writeFile(join(world.root, 'releases', 'by-hand', 'index.html'), 'mine');
    expect(await kept(release.call('kept'))).toMatchObject([
      { name: 'by-hand', obstacle: expect.stringContaining('by hand') },
    ]);
    await expect(discard(release.call('discard'), 'by-hand')).rejects.toMatchObject({ kind: 'refused' });
    expect(await readdir(join(world.root, 'releases'))).toContain('by-hand');
  });
});
