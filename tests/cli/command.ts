import { type ChildProcess, spawn } from 'node:child_process';
import { program } from '../support/program.ts';

const { options, file: main } = program('cli/main');

export type Ran = { code: number | null; stdout: string; stderr: string };

export type Surroundings = { cwd: string; env?: Record<string, string> };

/** A variable that is left out is not inherited either: tests must not see this machine's Temporal. */
function childEnv({ cwd, env = {} }: Surroundings): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, XDG_CONFIG_HOME: cwd, GIT_CONFIG_GLOBAL: '/dev/null', ...env };
}

/** Starts the command line as people do, without a terminal. */
export function launch(
  words: readonly string[],
  { cwd, env = {} }: Surroundings,
): { child: ChildProcess; ended: Promise<Ran> } {
  const child = spawn(process.execPath, [...options, main, ...words], { cwd, env: childEnv({ cwd, env }) });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    ran.stdout += data;
  });
  child.stderr.on('data', (data) => {
    ran.stderr += data;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ran, code }));
  });
  child.stdin.end();
  return { child, ended };
}

export async function savepoint(words: readonly string[], surroundings: Surroundings): Promise<Ran> {
  return await launch(words, surroundings).ended;
}
