import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/client.ts';
import { ensureTemporalCli } from '../../src/dev/temporal-cli.ts';
import { launch, type Ran, savepoint } from './command.ts';

const patience = 60_000;

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-cli-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

type Started = { address: string; end(): Promise<Ran>; kill(signal: NodeJS.Signals): void; ended: Promise<Ran> };

/** `savepoint dev` with ports of the system, until it says that it is ready. */
async function dev(...words: string[]): Promise<Started> {
  const env = { TEMPORAL_CLI: (await ensureTemporalCli(() => {})).path, SAVEPOINT_TASK_QUEUE: 'dev-test' };
  const { child, ended } = launch(['dev', '--port', '0', '--ui-port', '0', '--json', ...words], { cwd, env });
  const ready = new Promise<string>((resolve) => child.stdout?.once('data', (data) => resolve(String(data))));
  const first = await Promise.race([ready, ended]);
  if (typeof first !== 'string') throw new Error(`it ended with ${first.code}: ${first.stderr}`);
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  const end = (): Promise<Ran> => {
    kill('SIGINT');
    return ended;
  };
  return { address: JSON.parse(first).address, end, kill, ended };
}

async function answers(address: string): Promise<boolean> {
  return await connect({ address }).then(
    async (client) => {
      await client.close();
      return true;
    },
    () => false,
  );
}

describe('savepoint dev', () => {
  it('--no-worker serves until it is told to stop', { timeout: patience }, async () => {
    const { address, end } = await dev('--in-memory', '--no-worker');
    await sleep(500);
    expect(await answers(address)).toBe(true);
    expect(await end()).toMatchObject({ code: 0 });
    expect(await answers(address)).toBe(false);
  });

  it('refuses a data file that another server works on, and leaves that one alone', { timeout: patience }, async () => {
    const file = join(cwd, 'temporal.db');
    const first = await dev('--data', file, '--no-worker');
    try {
      const second = await savepoint(['dev', '--port', '0', '--ui-port', '0', '--data', file, '--no-worker'], {
        cwd,
        env: { TEMPORAL_CLI: (await ensureTemporalCli(() => {})).path },
      });
      expect(second).toMatchObject({ code: 7, stdout: '' });
      expect(second.stderr).toContain(`Another Temporal server uses ${file}.`);
      expect(await answers(first.address)).toBe(true);
    } finally {
      await first.end();
    }
    const again = await dev('--data', file, '--no-worker');
    expect((await again.end()).code).toBe(0);
  });

  it('a port that is taken is no bug: exit code 7, and how to choose another', { timeout: patience }, async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const taken = typeof address === 'object' ? String(address?.port) : '';
    const ran = await savepoint(['dev', '--in-memory', '--port', taken, '--ui-port', '0'], {
      cwd,
      env: { TEMPORAL_CLI: (await ensureTemporalCli(() => {})).path },
    });
    other.close();
    expect(ran).toMatchObject({ code: 7, stdout: '' });
    expect(ran.stderr).toContain('choose another with --port');
    expect(ran.stderr).not.toContain('unexpected');
  });
});
