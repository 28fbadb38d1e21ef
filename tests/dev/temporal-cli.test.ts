import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureTemporalCli, findTemporalCli, type InstallWay, ToolMissing } from '../../src/dev/temporal-cli.ts';

const directory = mkdtempSync(join(tmpdir(), 'savepoint-cli-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let made = 0;
/** A place with nothing in it: no cache, and a PATH that has a shell only. */
function emptyPlace(): NodeJS.ProcessEnv {
  const place = join(directory, String(++made));
  return { PATH: join(place, 'path'), SAVEPOINT_CACHE: place };
}

function plant(path: string, answer = 'temporal version 9.9.9 (Server 1.99.0, UI 2.99.0)'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const refusing: InstallWay = { name: 'a download', install: () => Promise.reject(new Error('request: dns: no host')) };
const working: InstallWay = { name: 'a build', install: async (path) => void plant(path) };
const quiet = (): void => {};

describe('the Temporal CLI', () => {
  it('that cannot be had is an error that names every way and what to do', async () => {
    const missing = await ensureTemporalCli(quiet, emptyPlace(), [refusing]).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(ToolMissing);
    expect((missing as ToolMissing).message.split('\n')).toEqual([
      'The Temporal CLI is needed and could not be had:',
      '  - TEMPORAL_CLI is not set',
      '  - PATH has no temporal',
      '  - the cache has no temporal',
      '  - a download: dns: no host',
      'Install it (https://docs.temporal.io/cli), or set TEMPORAL_CLI to the path of its executable.',
    ]);
  });

  it('that TEMPORAL_CLI names wrongly is reported and not worked around', async () => {
    const place = emptyPlace();
    plant(join(place.PATH ?? '', 'temporal'));
    place.TEMPORAL_CLI = plant(join(directory, 'other'), 'some other program');
    await expect(ensureTemporalCli(quiet, place, [working])).rejects.toThrow(/names .*other, which is no Temporal CLI/);
  });

  it('that an install brought and that does not run is tried no further than it deserves', async () => {
    const broken: InstallWay = { name: 'a bad download', install: async (path) => void plant(path, 'garbage') };
    const found = await ensureTemporalCli(quiet, emptyPlace(), [broken, working]);
    expect(found.version).toContain('Server 1.99.0');
    await expect(ensureTemporalCli(quiet, emptyPlace(), [broken])).rejects.toThrow('what it brought does not run here');
  });

  it('is taken from TEMPORAL_CLI before PATH, from PATH before the cache, and from the cache before any install', async () => {
    const place = emptyPlace();
    const cached = plant(join(place.SAVEPOINT_CACHE ?? '', 'savepoint', 'bin', 'temporal'));
    expect(await ensureTemporalCli(quiet, place, [])).toMatchObject({ path: cached });
    const onPath = plant(join(place.PATH ?? '', 'temporal'));
    expect(await findTemporalCli(place)).toMatchObject({ path: onPath });
    place.TEMPORAL_CLI = plant(join(directory, 'named'));
    expect(await findTemporalCli(place)).toMatchObject({ path: place.TEMPORAL_CLI });
  });

  it('is installed once and found in the cache afterwards', async () => {
    const place = emptyPlace();
    const first = await ensureTemporalCli(quiet, place, [refusing, working]);
    const second = await ensureTemporalCli(quiet, place, []);
    expect(second).toEqual(first);
  });
});
