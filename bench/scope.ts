import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Owns what one measurement started, and ends it in reverse order, however the measurement ends. */
export type Scope = {
  /** Remembers how to end something, and returns it. */
  keep<T>(thing: T, end: (thing: T) => unknown): T;
  /** A temporary directory that goes with the scope. */
  folder(): Promise<string>;
  /** Called twice, as by Ctrl-C in the middle of an end, it waits for the first. */
  close(): Promise<void>;
};

export function openScope(): Scope {
  const ends: (() => unknown)[] = [];
  let closing: Promise<void> | null = null;
  const closeAll = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      try {
        await end();
      } catch (error) {
        process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  };
  const scope: Scope = {
    keep(thing, end) {
      ends.push(() => end(thing));
      return thing;
    },
    async folder() {
      const path = await mkdtemp(join(tmpdir(), 'savepoint-measure-'));
      return scope.keep(path, () => rm(path, { recursive: true, force: true }));
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
  return scope;
}
