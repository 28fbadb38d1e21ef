import { execFileSync } from 'node:child_process';
import { readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SiteSpec } from '../../../src/targets/site/site.schema.ts';
import { type SiteState, site } from '../../../src/targets/site/site.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';
import { openSite, type SiteWorld, served, siteRelease } from './world.ts';

const makeWorld: MakeWorld<SiteSpec, SiteState, 'deploy' | 'invalidate'> = async (first) => {
  const world = await openSite();
  const note = { command: ['sh', '-c', `echo '{"what":"invalidated"}' >> ${world.ledger.file}`] };
  if (first === 'running') await served(world, 'v1');
  const links: string[] = [];
  const look = async () => {
    const now = await readlink(join(world.root, 'current')).catch(() => 'nothing');
    if (links.at(-1) !== now) links.push(now);
  };
  await look();
  return {
    kind: site,
    spec: world.specOf('v2', { invalidate: note }),
    home: world.home,
    version: 'v2',
    changes: ['deploy', 'invalidate'],
    observe: async () => `${await world.fetch('/')} ${await world.fetch('/help/')}`,
    effects: async () => {
      await look();
      return [...links, ...world.ledger.entries().map(({ what }) => what)];
    },
    secrets: [],
    close: () => world.close(),
  };
};

conformance('site', makeWorld);

describe('a site', () => {
  let world: SiteWorld;
  afterEach(() => world.close());

  it('is known to be broken before anybody sees it', async () => {
    world = await openSite();
    await served(world, 'v1');
    const broken = siteRelease(world, 'v3');
    await expect(broken.prepare()).rejects.toMatchObject({
      kind: 'failed',
      details: { evidence: expect.stringContaining('index.html needs assets/app-v3.js') },
    });
    expect(await world.fetch('/')).toContain('<p>v1</p>');
  });

  it('still serves the files of pages that were loaded before a switch, in both directions', async () => {
    world = await openSite();
    await served(world, 'v1');
    const release = siteRelease(world, 'v2');
    await release.prepare();
    const savepoint = await release.save();
    await release.deploy();
    expect(await world.fetch('/assets/app-v1.js')).toBe("200 console.log('v1')");
    await release.restore(savepoint);
    expect(await world.fetch('/')).toContain('<p>v1</p>');
    expect(await world.fetch('/assets/app-v2.js')).toBe("200 console.log('v2')");
  });

  it('loses no request while it is switched there and back', async () => {
    world = await openSite();
    await served(world, 'v1');
    const release = siteRelease(world, 'v2');
    await release.prepare();
    const savepoint = await release.save();
    let running = true;
    const seen: string[] = [];
    const users = (async () => {
      while (running) seen.push(await world.fetch('/'));
    })();
    await release.deploy();
    await release.restore(savepoint);
    running = false;
    await users;
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.filter((answer) => !answer.startsWith('200 '))).toEqual([]);
    expect(seen.at(-1)).toContain('<p>v1</p>');
  });

  it('fails when users get other bytes than were built', async () => {
    world = await openSite();
    await served(world, 'v1');
    const release = siteRelease(world, 'v2');
    await release.prepare();
    await release.save();
    world.spoil.add('/assets/shop-v2.css');
    await expect(release.deploy()).rejects.toMatchObject({
      kind: 'failed',
      details: { evidence: 'assets/shop-v2.css: other bytes' },
    });
  });

  it('does not claim a proof while users get other bytes', async () => {
    world = await openSite();
    await served(world, 'v1');
    const release = siteRelease(world, 'v2');
    await release.prepare();
    const savepoint = await release.save();
    await release.deploy();
    world.spoil.add('/help/');
    await expect(release.restore(savepoint)).rejects.toMatchObject({ kind: 'failed' });
    world.spoil.clear();
    const { proof } = await release.restore(savepoint);
    expect(proof).toMatchObject({ level: 'digest', differences: [] });
  });

  it('refuses to deploy files that changed after they were approved', async () => {
    world = await openSite();
    await served(world, 'v1');
    const release = siteRelease(world, 'v2');
    const pinned = await release.prepare();
    await writeFile(join(pinned?.location ?? '', 'robots.txt'), 'changed');
    await expect(release.deploy()).rejects.toMatchObject({ kind: 'changed', details: { evidence: 'robots.txt' } });
    expect(await world.fetch('/')).toContain('<p>v1</p>');
  });

  it('is built from the commit that a ref named, with its build', async () => {
    world = await openSite();
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=tester', '-c', 'user.email=tester@example.org', ...words], {
        cwd: world.home,
      });
    git('init', '-q');
    git('add', 'versions');
    git('commit', '-q', '-m', 'all');
    git('tag', 'v2');
    await rm(join(world.home, 'versions', 'v2'), { recursive: true });
    const build = {
      command: ['sh', '-c', 'mkdir out && cp -r index.html help assets out/ && echo $VERSION > out/built.txt'],
    };
    const release = siteRelease(world, 'v2', {
      source: { git: '.', ref: 'v2', path: 'versions/v2' },
      build,
      output: 'out',
    });
    await release.prepare();
    await release.deploy();
    expect(await world.fetch('/built.txt')).toBe('200 v2\n');
    const missing = siteRelease(world, 'v9', { source: { git: '.', ref: 'v9' } });
    await expect(missing.prepare()).rejects.toMatchObject({ kind: 'not-found', message: '. has no commit v9' });
  });

  it('ends a build that fails with the end of its output, and changes nothing', async () => {
    world = await openSite();
    const release = siteRelease(world, 'v2', { build: { command: ['sh', '-c', 'echo no memory left; exit 3'] } });
    await expect(release.prepare()).rejects.toMatchObject({ kind: 'failed', details: { evidence: 'no memory left' } });
    expect(await world.fetch('/')).toBe('404 not here');
  });

  it('goes back to a directory that was put there by hand', async () => {
    world = await openSite();
    await served(world, 'v1');
    await rm(join(world.root, '.savepoint'), { recursive: true });
    const install = await readlink(join(world.root, 'current'));
    await rm(join(world.root, 'current'));
    await symlink(install, join(world.root, 'current'));
    const release = siteRelease(world, 'v2');
    await release.prepare();
    const savepoint = await release.save();
    await release.deploy();
    await release.restore(savepoint);
    expect(await world.fetch('/')).toContain('<p>v1</p>');
  });

  it('makes the conformance suite fail when its restore does nothing', async () => {
    world = await openSite();
    const failed = await failingCases(conformanceCases(withoutRestore(makeWorld)).slice(0, 4));
    expect(failed).toEqual([
      'brings back what users saw after a finished change',
      'brings back nothing where there was nothing',
    ]);
  });
});
