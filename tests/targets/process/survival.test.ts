import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Savepoint } from '../../../src/release/target.ts';
import { deployed, openWorld, releaseOf, type ServiceWorld } from './world.ts';

let world: ServiceWorld;
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await world.close();
});

type Outcome = { done?: unknown; failed?: string; message?: string };

/** An attempt in a process of its own. `outcome` is null when it was killed. */
function attempt(
  release: ReturnType<typeof releaseOf>,
  verb: 'deploy' | 'restore',
  version: string,
  savepoint?: Savepoint,
) {
  const { signal: _signal, log: _log, ...call } = release.call(verb);
  const script = fileURLToPath(new URL('./attempt.ts', import.meta.url));
  const input = JSON.stringify({ verb, version, call, savepoint });
  const child = spawn(process.execPath, ['--import', 'tsx', script, input], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const outcome = new Promise<Outcome | null>((resolve) =>
    child.once('close', () => resolve(text === '' ? null : (JSON.parse(text) as Outcome))),
  );
  return { child, outcome };
}

const started = (version: string) => world.ledger.entries('started').filter(({ detail }) => detail === version).length;

async function alive(): Promise<string[]> {
  return (await world.services()).map(({ markers }) => markers.SAVEPOINT_VERSION ?? '').sort();
}

async function ready(version: string) {
  world = await openWorld({ extra: { health: { timeout: '10s', every: '30ms', version: '$.version' } } });
  await deployed(world, 'v1');
  const release = releaseOf(world, version);
  await release.prepare();
  return { release, savepoint: await release.save() };
}

const patient = { timeout: 15_000, interval: 20 };

describe('a worker that is killed', () => {
  it('in the middle of a deployment leaves it to the next one, which starts nothing twice', async () => {
    const { release } = await ready('v9');
    const first = attempt(release, 'deploy', 'v9');
    await expect.poll(() => started('v9'), patient).toBe(1);
    first.child.kill('SIGKILL');
    expect(await first.outcome).toBeNull();
    await release.deploy();
    expect(await world.see()).toBe('200 {"version":"v9"}');
    expect(started('v9')).toBe(1);
    expect(await alive()).toEqual(['v1', 'v9']);
  }, 40_000);

  it('in the middle of a deployment can be followed by a restore, which leaves nothing behind', async () => {
    const { release, savepoint } = await ready('v9');
    const first = attempt(release, 'deploy', 'v9');
    await expect.poll(() => started('v9'), patient).toBe(1);
    first.child.kill('SIGKILL');
    await release.restore(savepoint);
    expect(await world.see()).toBe('200 {"version":"v1"}');
    expect(await alive()).toEqual(['v1']);
  }, 40_000);

  it('in the middle of a restore leaves it to the next one', async () => {
    const { release, savepoint } = await ready('v2');
    await release.deploy();
    for (const { pid, markers } of await world.services())
      if (markers.SAVEPOINT_VERSION === 'v1') process.kill(pid, 'SIGKILL');
    const first = attempt(release, 'restore', 'v2', savepoint);
    await expect.poll(() => started('v1'), patient).toBe(2);
    first.child.kill('SIGKILL');
    await release.restore(savepoint);
    expect(await world.see()).toBe('200 {"version":"v1"}');
    expect(started('v1')).toBe(2);
    expect(await alive()).toEqual(['v1']);
  }, 40_000);
});

describe('two attempts', () => {
  it('at once end with one service', async () => {
    const { release } = await ready('v9');
    const outcomes = await Promise.all([
      attempt(release, 'deploy', 'v9').outcome,
      attempt(release, 'deploy', 'v9').outcome,
    ]);
    expect(outcomes.filter((outcome) => outcome?.done !== undefined)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome?.failed === 'stale-fence')).toHaveLength(1);
    expect(await world.see()).toBe('200 {"version":"v9"}');
    expect(await alive()).toEqual(['v1', 'v9']);
  }, 40_000);

  it('of which the old one was asleep leave the world to the new one', async () => {
    const { release, savepoint } = await ready('v9');
    const first = attempt(release, 'deploy', 'v9');
    await expect.poll(() => started('v9'), patient).toBe(1);
    first.child.kill('SIGSTOP');
    await release.restore(savepoint);
    expect(await alive()).toEqual(['v1']);
    first.child.kill('SIGCONT');
    expect(await first.outcome).toMatchObject({ failed: 'stale-fence' });
    expect(await world.see()).toBe('200 {"version":"v1"}');
    expect(await alive()).toEqual(['v1']);
  }, 40_000);
});
