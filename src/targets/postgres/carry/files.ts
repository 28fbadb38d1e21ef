import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Call } from '../../../release/target.ts';
import type { PostgresSpec } from '../postgres.schema.ts';

/** Files that appear under their names only when all of them are complete. Nobody but the worker's user may read them. */
export type Files = {
  /** Appends to a file, which is begun with the first text. */
  write(name: string, text: string): Promise<void>;
  /** @returns their paths, relative to the plan's directory */
  finish(): Promise<string[]>;
  discard(): Promise<void>;
};

export function filesIn(call: Call<PostgresSpec>, directory: string): Files {
  const folder = resolve(call.home, directory);
  const begun = new Map<string, FileHandle>();
  const partial = (name: string) => join(folder, `.${name}.${call.fence}.partial`);
  const close = async () => {
    for (const handle of begun.values()) await handle.close();
  };
  return {
    async write(name, text) {
      let handle = begun.get(name);
      if (handle === undefined) {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        handle = await open(partial(name), 'w', 0o600);
        begun.set(name, handle);
      }
      await handle.appendFile(text);
    },
    async finish() {
      for (const handle of begun.values()) await handle.sync();
      await close();
      for (const name of begun.keys()) await rename(partial(name), join(folder, name));
      return [...begun.keys()].map((name) => relative(call.home, join(folder, name)));
    },
    async discard() {
      await close();
      for (const name of begun.keys()) await rm(partial(name), { force: true });
    },
  };
}
