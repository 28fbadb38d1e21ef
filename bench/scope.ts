import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Owns what one measurement started, and ends it in reverse order, however the measurement ends. */
export type Scope = {
  /** Starts something and remembers how to end it. What is just being started when the scope closes is ended, too. */
  open<T>(start: () => Promise<T>, end: (thing: T) => unknown): Promise<T>;
  /** A temporary directory that goes with the scope. */
  folder(): Promise<string>;
  /** Called twice, as by Ctrl-C in the middle of an end, it waits for the first. */
  close(): Promise<void>;
};

export function openScope(): Scope {
  const ends: (() => unknown)[] = [];
  const starting = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;
  const closeAll = async (): Promise<void> => {
    await Promise.allSettled(starting);
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      try {
        await end();
      } catch (error) {
        process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  };
  const open: Scope['open'] = async (start, end) => {
    if (closing !== null) throw new Error('the measurement was stopped');
    const started = start().then((thing) => {
      ends.push(() => end(thing));
      return thing;
    });
    starting.add(started);
    try {
      return await started;
    } finally {
      starting.delete(started);
    }
  };
  return {
    open,
    folder: () =>
      open(
        () => mkdtemp(join(tmpdir(), 'savepoint-measure-')),
        (path) => rm(path, { recursive: true, force: true }),
      ),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
