import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startOwnProgram } from '../../src/dev/demo/own-program.ts';

let home: string;
let child: ChildProcess | null = null;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'savepoint-janitor-'));
  await mkdir(join(home, 'run', 'backend'), { recursive: true });
});

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(home, { recursive: true, force: true });
});

function service(ignoresTerm: boolean): Promise<ChildProcess> {
  const program = `${ignoresTerm ? "process.on('SIGTERM', () => {});" : ''} setInterval(() => {}, 1000); console.log('up')`;
  const started = spawn(process.execPath, ['-e', program], {
    cwd: join(home, 'run', 'backend'),
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child = started;
  return once(started.stdout, 'data').then(() => started);
}

it.each([
  ['ends when it is asked', false, 'SIGTERM'],
  ['ends when it does not listen', true, 'SIGKILL'],
] as const)('a backend that outlived its worker %s once the demo is over', async (_how, ignoresTerm, signal) => {
  const janitor = await startOwnProgram('janitor', { words: [join(home, 'run')], logFile: join(home, 'janitor.log') });
  const backend = await service(ignoresTerm);
  const ended = once(backend, 'exit');
  // Long enough for the janitor to be at work; a real demo runs much longer.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(backend.exitCode ?? backend.signalCode).toBeNull();
  await janitor.stop();
  expect((await ended)[1]).toBe(signal);
});
