import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Strike } from './strike.ts';

/** `queue`: of the one case that is served; `journal`: its file. */
export type Serving = { address: string; queue: string; bundle: string; journal: string; strike: Strike | null };
export type HostOrder = { id: number } & (({ do: 'serve' } & Serving) | { do: 'leave'; queue: string });
export type HostAnswer = { id: number; problem: string | null };

/** A worker process. `serve` resolves when it polls. */
export type Host = {
  pid: number;
  /** Resolves when it is gone, however it ended. */
  gone: Promise<void>;
  serve(serving: Serving): Promise<void>;
  /** Lets what runs end, and serves this queue no more. */
  leave(queue: string): Promise<void>;
  thaw(): void;
  kill(): Promise<void>;
};

/** Starts a worker process that serves nothing yet. It ends with this one. */
export function startHost(): Host {
  const script = fileURLToPath(new URL('./host.ts', import.meta.url));
  const words = ['--import', import.meta.resolve('tsx'), script];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4_000);
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const waiting = new Map<number, (answer: HostAnswer) => void>();
  child.on('message', (answer: HostAnswer) => waiting.get(answer.id)?.(answer));
  child.on('error', () => {});
  let orders = 0;
  const send = async (order: (Serving & { do: 'serve' }) | { do: 'leave'; queue: string }): Promise<void> => {
    orders += 1;
    const id = orders;
    const answered = new Promise<HostAnswer>((resolve) => waiting.set(id, resolve));
    child.send({ id, ...order });
    const died = gone.then(() => ({ id, problem: `the worker process ended: ${said}` }));
    const { problem } = await Promise.race([answered, died]);
    waiting.delete(id);
    if (problem !== null) throw new Error(problem);
  };
  return {
    pid: child.pid ?? 0,
    gone,
    serve: (serving) => send({ do: 'serve', ...serving }),
    leave: (queue) => send({ do: 'leave', queue }),
    thaw: () => void child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
