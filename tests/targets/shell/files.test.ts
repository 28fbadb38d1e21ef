import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimFence, placeFile, takeFile } from '../../../src/targets/shell/files.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'savepoint-fence-'));
});
afterEach(() => rm(root, { recursive: true }));

it('lets an attempt that is no longer the newest place and take nothing', async () => {
  const old = await claimFence(root, 1);
  const file = join(root, 'switch.json');
  await placeFile(old, file, 'one');
  const newer = await claimFence(root, 2);
  await expect(placeFile(old, file, 'late')).rejects.toMatchObject({ kind: 'stale-fence' });
  await expect(takeFile(old, file)).rejects.toMatchObject({ kind: 'stale-fence' });
  await expect(claimFence(root, 1)).rejects.toMatchObject({ kind: 'stale-fence' });
  expect(await readFile(file, 'utf8')).toBe('one');
  await placeFile(newer, file, 'two');
  expect(await readFile(file, 'utf8')).toBe('two');
});

it('takes away what an old attempt had drafted', async () => {
  const old = await claimFence(root, 7);
  await mkdir(join(old.directory, 'draft'));
  await claimFence(root, 8);
  expect(await readdir(old.fences)).toEqual(['8']);
});

it('gives the fence to the newest of many that claim at once', async () => {
  const claims = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => claimFence(root, index + 1)));
  expect(claims.at(-1)?.status).toBe('fulfilled');
  expect(await readdir(join(root, '.savepoint', 'fences'))).toEqual(['20']);
});
