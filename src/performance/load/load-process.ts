import { type ChildProcess, spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadOrder, LoadResult, Told } from './load-order.ts';

/** The generator ended before it said what it found. */
export class GeneratorLost extends Error {
  override name = 'GeneratorLost';
}

/** `before`: words that stand before its command line, such as those that bind it to a processor. */
export type GeneratorOptions = { signal: AbortSignal; before?: readonly string[] };

/**
 * Runs the generator as a process of its own. Aborted, it is killed, and nothing of it is left when this ends.
 * @throws the signal's reason; GeneratorLost where it could not run
 */
export async function runGenerator(order: LoadOrder, options: GeneratorOptions): Promise<LoadResult> {
  const { signal, before = [] } = options;
  signal.throwIfAborted();
  const [command = process.execPath, ...words] = [...before, process.execPath, ...program()];
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const end = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  try {
    const told = await toldBy(child, order);
    signal.throwIfAborted();
    if ('failure' in told) throw new GeneratorLost(told.failure);
    return told.result;
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** From source as from the built package. */
function program(): string[] {
  const extension = extname(fileURLToPath(import.meta.url));
  const path = fileURLToPath(new URL(`./load-generator${extension}`, import.meta.url));
  return extension === '.ts' ? ['--import', import.meta.resolve('tsx'), path] : [path];
}

/** Resolves when the process is gone. */
async function toldBy(child: ChildProcess, order: LoadOrder): Promise<Told> {
  let told: Told | null = null;
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-2_000);
  });
  child.on('message', (message: Told) => {
    told = message;
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code, signal) => resolve(`ended with ${code ?? signal}`));
  });
  child.send(order, () => {});
  const how = await ended;
  return told ?? { failure: `the generator ${how}${complaint === '' ? '' : `: ${complaint.trim().slice(-500)}`}` };
}
