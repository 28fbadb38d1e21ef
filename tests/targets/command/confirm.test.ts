import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../src/release/target.ts';
import { type CommandSpec, commandSchema } from '../../../src/targets/command/command.schema.ts';
import { confirm } from '../../../src/targets/command/confirm.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'savepoint-command-'));
});
afterEach(() => rm(home, { recursive: true }));

const sh = (script: string) => ['sh', '-c', script];
const asks = sh(
  'case "$(cat thing)" in "$SAVEPOINT_CHANGE $SAVEPOINT_VERSION") exit 0;; broken) exit 9;; *) echo "thing: $(cat thing)"; exit 3;; esac',
);

function call(extra: Record<string, unknown>): Call<CommandSpec> {
  return {
    spec: commandSchema.parse({ apply: { deploy: sh('exit 1') }, restore: sh('exit 1'), ...extra }),
    application: 'shop',
    environment: 'test',
    target: 'cache',
    release: 'release-1',
    home,
    key: 'release-1/cache/confirm',
    fence: 0,
    pinned: null,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {} },
  };
}

describe('whether a command took effect', () => {
  it('is told by the check of the plan, whoever did it', async () => {
    await writeFile(join(home, 'thing'), 'deploy v1');
    const asked = call({ check: asks });
    expect(await confirm(asked, 'deploy', 'v2')).toEqual({ state: 'not-done', detail: 'thing: deploy v1' });
    await writeFile(join(home, 'thing'), 'deploy v2');
    expect(await confirm(asked, 'deploy', 'v2')).toMatchObject({ state: 'done' });
    expect(await confirm(asked, 'migrate', 'v2')).toMatchObject({ state: 'not-done' });
    expect(await readdir(home), 'looking leaves nothing behind').toEqual(['thing']);
  });

  it('is unknown where the check cannot tell, takes too long, or there is none', async () => {
    await writeFile(join(home, 'thing'), 'broken');
    expect(await confirm(call({ check: asks }), 'deploy', 'v2')).toEqual({
      state: 'unknown',
      detail: 'the check of cache ended with 9',
    });
    const slow = call({ check: sh('echo thinking; sleep 20'), timeout: '300ms' });
    expect(await confirm(slow, 'deploy', 'v2')).toEqual({
      state: 'unknown',
      detail: 'the check of cache took too long: thinking',
    });
    expect(await confirm(call({}), 'deploy', 'v2')).toEqual({
      state: 'unknown',
      detail: 'cache has no `check` command, so nobody can tell whether deploy took effect',
    });
  });
});
