import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inPairs } from '../../bench/pairs.ts';
import { findTemporalCli } from '../../src/dev/temporal-cli.ts';

const project = join(import.meta.dirname, '../..');
const words = ['--import', 'tsx', 'bench/main.ts', '--quick'];

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'savepoint-of-bench-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Temporary files go below `home`, so that what is left can be seen. */
function surroundings(): { cwd: string; env: NodeJS.ProcessEnv } {
  return { cwd: project, env: { ...process.env, TMPDIR: home } };
}

async function bench(...more: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  return await promisify(execFile)(process.execPath, [...words, ...more], surroundings()).then(
    (answer) => ({ ...answer, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
}

/** tsx keeps what it compiled; that is not the bench's. */
async function left(): Promise<string[]> {
  return (await readdir(home)).filter((name) => !name.startsWith('tsx-') && name !== 'node-compile-cache');
}

describe('npm run bench', { timeout: 120_000 }, () => {
  it('refuses a letter that measures nothing, and names those that do', async () => {
    const { code, stdout, stderr } = await bench('--only', 'h,z');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('z: known are a, b, c, d, e, f, g, h, i, j, k, l, m, growth');
  });

  it('--json prints one document with machine, settings and a result that follows from its numbers', async () => {
    const { code, stdout } = await bench('--only', 'h', '--json');
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schemaVersion: 1,
      machine: { node: process.version, processors: expect.any(Number), load: expect.any(Number) },
      settings: { quick: true, temporalServer: { 'history.transferProcessorMaxPollRPS': '2000' } },
      growth: null,
    });
    expect(document.results).toHaveLength(1);
    const [{ id, ours, peer, unit, ratio, target, met }] = document.results;
    expect({ id, unit, target, met }).toEqual({ id: 'h', unit: 'ms', target: null, met: null });
    // Reading a plan takes longer than doing nothing, on any machine.
    expect(ours).toBeGreaterThan(peer);
    expect(ratio).toBeCloseTo(ours / peer, 2);
    expect(await left()).toEqual([]);
  });
});

const temporal = await findTemporalCli();

/** Programs that were started with this directory in their environment and still live. */
async function living(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await promisify(execFile)('cat', [`/proc/${pid}/environ`]).catch(() => null);
    if (environment?.stdout.includes(`TMPDIR=${home}`)) found.push(pid);
  }
  return found;
}

async function ended(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => child.once('exit', resolve));
}

describe.skipIf(Array.isArray(temporal) || process.platform !== 'linux')('a bench that is stopped', () => {
  it('leaves no directory and no program behind', { timeout: 120_000 }, async () => {
    const child = spawn(process.execPath, [...words, '--only', 'c'], { ...surroundings(), stdio: 'ignore' });
    const exit = ended(child);
    try {
      while (child.exitCode === null && !(await left()).some((name) => name.startsWith('savepoint-bench-')))
        await sleep(50);
      await sleep(1_000);
      child.kill('SIGINT');
      expect(await exit).toBe(130);
      expect(await left()).toEqual([]);
      for (const deadline = Date.now() + 10_000; Date.now() < deadline && (await living()).length > 0; )
        await sleep(100);
      expect(await living()).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('pairs', () => {
  it('measure in turns, leave out the first pair and give medians', async () => {
    const order: string[] = [];
    const found = await inPairs(3, {
      ours: async (round) => {
        order.push(`ours ${round}`);
        return round === 0 ? 1000 : 10 * round;
      },
      peer: async (round) => {
        order.push(`peer ${round}`);
        return round === 0 ? 1 : 10;
      },
    });
    expect(order.slice(0, 4)).toEqual(['ours 0', 'peer 0', 'peer 1', 'ours 1']);
    expect(found).toEqual({ ours: 20, peer: 10, pairRatio: 2, pairs: 3 });
  });
});
