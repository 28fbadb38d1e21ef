import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { program } from './program.ts';

/** A worker that can be killed, put to sleep and woken up, as a machine or an operator would. */
export type WorkerProcess = {
  pid: number;
  /** Resolves when it is gone, however it ended. */
  gone: Promise<void>;
  /** SIGKILL; resolves when the process is gone. What it started lives on. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** SIGTERM, and SIGKILL when it does not end within ten seconds. */
  stop(): Promise<void>;
  /** What it wrote so far. */
  said(): string;
};

/** `script`: started instead of `worker-process.mjs`. */
export type WorkerWords = { address: string; host: string; taskQueue: string; bundle: string; script?: URL };

const startPatienceMs = 60_000;
const stopPatienceMs = 10_000;

/** Starts a worker with `env` and waits until it polls. */
export async function startWorkerProcess(words: WorkerWords, env: Record<string, string>): Promise<WorkerProcess> {
  const given = [words.address, words.host, words.taskQueue, words.bundle];
  const child = spawn(process.execPath, started(words.script, given), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  // Not `close`: services that outlive the worker may hold its outputs open.
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await ready(child, gone, () => output);
  return {
    pid: child.pid ?? 0,
    gone,
    kill: () => end(child, gone, 'SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => end(child, gone, 'SIGTERM'),
    said: () => output,
  };
}

/** What Node is given to start a script of a test's own, or the usual worker. */
function started(script: URL | undefined, given: readonly string[]): string[] {
  if (script !== undefined) return ['--import', import.meta.resolve('tsx'), fileURLToPath(script), ...given];
  const { options, file } = program('worker');
  return [...options, fileURLToPath(new URL('./worker-process.mjs', import.meta.url)), ...given, file];
}

async function ready(child: ChildProcess, gone: Promise<void>, said: () => string): Promise<void> {
  let over = false;
  void gone.then(() => {
    over = true;
  });
  for (const deadline = Date.now() + startPatienceMs; !said().includes('ready\n'); ) {
    if (over || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the worker did not start: ${said()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function end(child: ChildProcess, gone: Promise<void>, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGCONT');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
  await gone;
  clearTimeout(timer);
}
