import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { confirm } from '../../../src/targets/process/confirm.ts';
import { deployed, openWorld, releaseOf, type ServiceWorld } from './world.ts';

let world: ServiceWorld;
beforeEach(async () => {
  world = await openWorld();
  await deployed(world, 'v1');
});
afterEach(() => world.close());

async function prepared(version: string) {
  const release = releaseOf(world, version);
  await release.prepare();
  return { ...release, confirmed: () => confirm({ ...release.call('confirm'), fence: 0 }, 'deploy', version) };
}

describe('whether a service was deployed', () => {
  it('is told by what users are led to and what answers them', async () => {
    const release = await prepared('v2');
    expect(await release.confirmed()).toMatchObject({ state: 'not-done', detail: expect.stringContaining('v1-') });
    await release.deploy();
    expect(await release.confirmed()).toMatchObject({ state: 'done', detail: expect.stringContaining('users get v2') });
    await release.hold();
    expect(await release.confirmed()).toEqual({ state: 'not-done', detail: 'users are led to maintenance' });
  });

  it('is done also when a person made the switch by hand', async () => {
    const release = await prepared('v2');
    const before = await readFile(world.switchFile, 'utf8');
    await release.deploy();
    const after = await readFile(world.switchFile, 'utf8');
    await writeFile(world.switchFile, before);
    expect(await release.confirmed()).toMatchObject({ state: 'not-done' });
    await writeFile(world.switchFile, after);
    expect(await release.confirmed()).toMatchObject({ state: 'done' });
  });

  it('is unknown where something else answers, or the files are no longer those that were approved', async () => {
    const release = await prepared('v2');
    await writeFile(world.switchFile, JSON.stringify({ host: '127.0.0.1', port: 1, version: 'v2' }));
    expect(await release.confirmed()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('no service'),
    });
    await release.deploy();
    const install = (await release.pinned())?.location ?? '';
    await appendFile(join(install, 'server.mjs'), '// changed by hand');
    expect(await release.confirmed()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('server.mjs'),
    });
  });

  it('is unknown before anything was prepared', async () => {
    const release = releaseOf(world, 'v2');
    expect(await confirm(release.call('confirm'), 'deploy', 'v2')).toMatchObject({ state: 'unknown' });
  });
});
