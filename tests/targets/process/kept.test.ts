import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { discard, kept } from '../../../src/targets/process/kept.ts';
import { deployed, openWorld, releaseOf, type ServiceWorld } from './world.ts';

let world: ServiceWorld;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

it('lists versions that neither run nor are kept ready, and discards them one at a time', async () => {
  await deployed(world, 'v1');
  const second = releaseOf(world, 'v2');
  await second.prepare();
  const first = await second.save();
  await second.deploy();
  const v1 = String(first.state.install);
  expect(await kept(second.call('kept')), 'v1 is kept ready').toEqual([]);
  await expect(discard(second.call('discard'), v1)).rejects.toMatchObject({ kind: 'not-found' });
  const third = releaseOf(world, 'v8');
  await third.prepare();
  await third.save();
  await third.deploy();
  const listed = await kept(third.call('kept'));
  expect(listed).toMatchObject([{ name: v1, what: 'savepoint', release: first.release, obstacle: null }]);
  await discard(third.call('discard'), v1);
  expect(await readdir(join(world.root, 'versions'))).toHaveLength(2);
  expect(await world.see()).toContain('v8');
});
