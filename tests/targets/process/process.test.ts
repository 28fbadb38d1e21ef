import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/release/target.ts';
import { process as kind } from '../../../src/targets/process/process.ts';
import { deployed, openWorld, releaseOf, type ServiceWorld } from './world.ts';

let world: ServiceWorld;
afterEach(() => world.close());

/** Versions of which a process lives, each once. */
async function alive(): Promise<string[]> {
  return [...new Set((await world.services()).map(({ markers }) => markers.SAVEPOINT_VERSION ?? ''))].sort();
}

function starts(version: string): number {
  return world.ledger.entries('started').filter(({ detail }) => detail === version).length;
}

/** Opens a world in which v1 runs and a release of `version` is saved and ready to deploy. */
async function ready(version: string, options: Parameters<typeof openWorld>[0] = {}) {
  world = await openWorld(options);
  await deployed(world, 'v1');
  const release = releaseOf(world, version);
  await release.prepare();
  return { release, savepoint: await release.save() };
}

/** Asks like users do until told to stop; gives every answer. */
function users(): { stop(): Promise<string[]> } {
  let running = true;
  const seen: string[] = [];
  const asking = (async () => {
    while (running) seen.push(await world.see().catch((error: unknown) => `failed: ${String(error)}`));
  })();
  return {
    async stop() {
      running = false;
      await asking;
      return seen;
    },
  };
}

async function stranger(port: number): Promise<{ close(): void }> {
  const server = createServer((_asked, answer) => answer.end('{"version":"v2"}'));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const short = { extra: { health: { timeout: '3s', every: '30ms', version: '$.version' } } };

describe('a version that does not come up', () => {
  const cases = [
    { version: 'v4', what: 'crashes', kind: 'failed', says: 'exit code 7', evidence: 'cannot find the shop' },
    {
      version: 'v5',
      what: 'logs another line',
      kind: 'timed-out',
      says: "did not say 'listening on'",
      evidence: 'hello',
    },
    {
      version: 'v6',
      what: 'answers another version',
      kind: 'timed-out',
      says: 'version v0 instead of v6',
      evidence: 'listening',
    },
    { version: 'v10', what: 'is never healthy', kind: 'timed-out', says: 'it answered: 500', evidence: 'listening' },
  ];
  for (const { version, what, kind: expected, says, evidence } of cases) {
    it(`never reaches users when it ${what}`, async () => {
      const { release } = await ready(version, short);
      const asking = users();
      await expect(release.deploy()).rejects.toMatchObject({
        kind: expected,
        message: expect.stringContaining(says),
        details: { evidence: expect.stringContaining(evidence) },
      });
      const seen = await asking.stop();
      expect([...new Set(seen)]).toEqual(['200 {"version":"v1"}']);
      expect(await alive()).toEqual(['v1']);
    });
  }

  it('fails for error lines in its log after users were led to it, and goes back', async () => {
    const { release, savepoint } = await ready('v7', { extra: { logs: { errors: 'ERROR', within: '2s' } } });
    await expect(release.deploy()).rejects.toMatchObject({ kind: 'failed', details: { evidence: 'ERROR no stock' } });
    const { proof } = await release.restore(savepoint);
    expect(proof).toMatchObject({ level: 'version', differences: [] });
    expect(await world.see()).toBe('200 {"version":"v1"}');
    expect(await alive()).toEqual(['v1']);
  });
});

describe('a switch', () => {
  it('loses no request on the way there and on the way back', async () => {
    const { release, savepoint } = await ready('v2');
    const asking = users();
    await release.deploy();
    expect(await world.see()).toBe('200 {"version":"v2"}');
    expect(await alive()).toEqual(['v1', 'v2']);
    const { downtimeMs } = await release.restore(savepoint);
    const seen = await asking.stop();
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.filter((answer) => !answer.startsWith('200 '))).toEqual([]);
    expect(downtimeMs).toBe(0);
    expect(await alive()).toEqual(['v1']);
    expect([starts('v1'), starts('v2')]).toEqual([1, 1]);
  });

  it('cuts users off with one port, and says for how long on the way back', async () => {
    const { release, savepoint } = await ready('v2', { ports: 1 });
    await release.deploy();
    expect(await alive()).toEqual(['v2']);
    const asking = users();
    const { downtimeMs } = await release.restore(savepoint);
    const seen = await asking.stop();
    expect(seen.some((answer) => answer === '503 maintenance')).toBe(true);
    expect(downtimeMs).toBeGreaterThan(0);
    expect(await world.see()).toBe('200 {"version":"v1"}');
  });

  it('tells the front by its reload command, once for each switch', async () => {
    const reload = ['sh', '-c', 'echo reloaded >> reloads'];
    const { release, savepoint } = await ready('v2', { extra: { switch: { file: './run/front.json', reload } } });
    await release.deploy();
    await release.deploy();
    await release.restore(savepoint);
    expect(await readFile(join(world.home, 'reloads'), 'utf8')).toBe('reloaded\n'.repeat(3));
  });

  it('starts the previous version again from its kept files when it is gone', async () => {
    const { release, savepoint } = await ready('v2');
    await release.deploy();
    for (const { pid, markers } of await world.services()) {
      if (markers.SAVEPOINT_VERSION === 'v1') process.kill(pid, 'SIGKILL');
    }
    await expect.poll(alive).toEqual(['v2']);
    const asking = users();
    await release.restore(savepoint);
    expect((await asking.stop()).filter((answer) => !answer.startsWith('200 '))).toEqual([]);
    expect(await world.see()).toBe('200 {"version":"v1"}');
    expect(starts('v1')).toBe(2);
  });

  it('waits for a previous version that takes its time to start again', async () => {
    world = await openWorld();
    await deployed(world, 'v12');
    const release = releaseOf(world, 'v2');
    await release.prepare();
    const savepoint = await release.save();
    await release.deploy();
    for (const { pid, markers } of await world.services()) {
      if (markers.SAVEPOINT_VERSION === 'v12') process.kill(pid, 'SIGKILL');
    }
    await release.restore(savepoint);
    expect(await world.see()).toBe('200 {"version":"v12"}');
    expect(starts('v12')).toBe(2);
  });

  it('starts the previous version again when it hangs', async () => {
    const { release, savepoint } = await ready('v2');
    await release.deploy();
    for (const { pid, markers } of await world.services()) {
      if (markers.SAVEPOINT_VERSION === 'v1') process.kill(pid, 'SIGSTOP');
    }
    await release.restore(savepoint);
    expect(await world.see()).toBe('200 {"version":"v1"}');
    expect(await alive()).toEqual(['v1']);
  });

  it('ends a version that takes no SIGTERM', async () => {
    const { release, savepoint } = await ready('v8', { extra: { stopWithin: '300ms' } });
    await release.deploy();
    await release.restore(savepoint);
    expect(await alive()).toEqual(['v1']);
  });

  it('keeps the previous version ready until the next release takes its savepoint', async () => {
    const { release } = await ready('v2');
    await release.deploy();
    const next = releaseOf(world, 'v8');
    await next.prepare();
    expect(await alive()).toEqual(['v1', 'v2']);
    await next.save();
    expect(await alive()).toEqual(['v2']);
    expect(world.ledger.entries('stopped').map(({ detail }) => detail)).toEqual(['v1']);
  });

  it('stops every process while it is held, the ready one too', async () => {
    const { release, savepoint } = await ready('v2');
    await release.deploy();
    await release.hold();
    expect(await alive()).toEqual([]);
    expect(await world.see()).toBe('503 maintenance');
    await release.restore(savepoint);
    expect(await world.see()).toBe('200 {"version":"v1"}');
  });
});

describe('a program of somebody else', () => {
  it('on the second port stops the release before users notice', async () => {
    const { release } = await ready('v2');
    const other = await stranger(world.ports[1] ?? 0);
    try {
      const { findings } = await kind.survey(release.call('survey'));
      const failed: Finding[] = findings.filter(({ status }) => status === 'FAIL');
      expect(failed).toHaveLength(1);
      expect(failed[0]?.what).toContain(String(world.ports[1]));
      await expect(release.deploy()).rejects.toMatchObject({ kind: 'refused' });
      expect(await world.see()).toBe('200 {"version":"v1"}');
    } finally {
      other.close();
    }
  });

  it('that answers in the place of the new version is not taken for it', async () => {
    const { release } = await ready('v11', { extra: { health: { timeout: '3s', every: '30ms' } } });
    const deploying = release.deploy().catch((error: unknown) => error);
    await expect.poll(() => starts('v11'), { timeout: 5_000 }).toBe(1);
    const other = await stranger(world.ports[1] ?? 0);
    try {
      expect(await deploying).toMatchObject({
        kind: 'timed-out',
        message: expect.stringContaining(`another program answers on port ${world.ports[1]}`),
      });
      expect(await world.see()).toBe('200 {"version":"v1"}');
    } finally {
      other.close();
    }
  });

  it('that changed the kept files is found before the release begins', async () => {
    const { release } = await ready('v2');
    const install = (await world.services())[0]?.markers.SAVEPOINT_INSTALL ?? '';
    await appendFile(join(world.root, 'versions', install, 'server.mjs'), '// patched by hand\n');
    const { findings } = await kind.survey(release.call('survey'));
    expect(findings.find(({ status }) => status === 'FAIL')?.what).toContain('server.mjs');
  });

  it('that took the switch to a port where nothing runs is found before the release begins', async () => {
    const { release } = await ready('v2');
    await writeFile(world.switchFile, '{"host":"127.0.0.1","port":1,"version":"v1"}');
    const { findings } = await kind.survey(release.call('survey'));
    expect(findings.find(({ status }) => status === 'FAIL')?.what).toContain('nothing of backend runs');
    await expect(releaseOf(world, 'v2', { id: 'another' }).save()).rejects.toMatchObject({ kind: 'refused' });
  });
});

it('gives a service what the plan says and nothing of the worker', async () => {
  process.env.WORKERS_OWN_PASSWORD = 'swordfish';
  try {
    await ready('v2');
  } finally {
    delete process.env.WORKERS_OWN_PASSWORD;
  }
  const { pid } = (await world.services())[0] ?? { pid: 0 };
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
  expect(environment).toContain('PASSWORD=hunter2-secret');
  expect(environment).not.toContain('swordfish');
});
