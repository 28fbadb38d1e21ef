import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetFailure } from '../../release/failure.ts';
import { tailOf } from './tail.ts';

export type Order = {
  command: readonly string[];
  cwd: string;
  /** Added to the environment of the worker. Markers belong here too, so that a lost command can be found. */
  env: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
  /** Written to its stdin. */
  input?: string;
  /** How many characters of its output are kept, the last ones; default 64 Ki. */
  keep?: number;
};

/** `output`: the end of stdout and stderr together. `stdout`: its end alone. `exitCode` is null when a signal ended it. */
export type Ran = { exitCode: number | null; signal: string | null; timedOut: boolean; stdout: string; output: string };

const keptCharacters = 64 * 1024;
const graceMs = 3_000;

/**
 * Runs a command in a process group of its own and waits for it. On timeout and cancellation the whole group is ended
 * and seen to be gone before this returns.
 *
 * @throws TargetFailure `not-found` when there is no such program or directory; the signal's reason when cancelled
 */
export async function runCommand(order: Order): Promise<Ran> {
  order.signal.throwIfAborted();
  const [program, ...rest] = order.command;
  if (program === undefined) throw new TargetFailure('invalid-input', 'a command must name a program');
  const env = { ...inherited(), ...order.env };
  const child = spawn(program, rest, { cwd: order.cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout = tailOf(order.keep ?? keptCharacters);
  const output = tailOf(order.keep ?? keptCharacters);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout.add(text);
    output.add(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => output.add(text));
  // A command that does not read its input closes the pipe; that is no failure of ours.
  child.stdin.on('error', () => {}).end(order.input ?? '');
  const { code, signal, timedOut } = await endOf(child, order);
  await closed(child);
  order.signal.throwIfAborted();
  return { exitCode: code, signal, timedOut, stdout: stdout.text(), output: output.text() };
}

type End = { code: number | null; signal: string | null; timedOut: boolean };

async function endOf(child: ChildProcess, order: Order): Promise<End> {
  let timedOut = false;
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(order, error)));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const stop = () => void endGroup(child.pid);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, order.timeoutMs);
  order.signal.addEventListener('abort', stop, { once: true });
  try {
    const end = await exit;
    if (timedOut || order.signal.aborted) await endGroup(child.pid);
    return { ...end, timedOut };
  } finally {
    clearTimeout(timer);
    order.signal.removeEventListener('abort', stop);
  }
}

function notStarted(order: Order, error: Error): TargetFailure {
  const what = `${order.command[0]} could not be started: ${'code' in error ? String(error.code) : error.message}`;
  return new TargetFailure('not-found', what, { remedy: 'check the program and the directory it runs in' }, error);
}

/** Output that is still in the pipes; a child that lives on with our pipe in its hands is not waited for. */
async function closed(child: ChildProcess): Promise<void> {
  const ends = [child.stdout, child.stderr].map(
    (stream) => new Promise<void>((resolve) => (stream?.readableEnded ? resolve() : stream?.once('close', resolve))),
  );
  await Promise.race([Promise.all(ends), sleep(200, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** SIGTERM, then SIGKILL, until no process of the group is left. */
export async function endGroup(group: number | undefined): Promise<void> {
  if (group === undefined) return;
  const killAt = Date.now() + graceMs;
  signalGroup(group, 'SIGTERM');
  signalGroup(group, 'SIGCONT');
  while (signalGroup(group, 0)) {
    if (Date.now() > killAt + graceMs) return;
    if (Date.now() > killAt) signalGroup(group, 'SIGKILL');
    await sleep(20);
  }
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** The environment of the worker without its way to Temporal: a command has no business there. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
