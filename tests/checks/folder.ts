import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';

/** A folder for the files of one test, empty before each. */
export function folderForFile(): {
  home: () => string;
  write: (name: string, text: string, ageMs?: number) => Promise<void>;
} {
  const made: string[] = [];
  const home = (): string => made.at(-1) ?? '';
  beforeEach(async () => {
    made.push(await mkdtemp(join(tmpdir(), 'savepoint-check-')));
  });
  afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true }))));
  return {
    home,
    write: async (name, text, ageMs = 0) => {
      const file = join(home(), name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      const at = new Date(Date.now() - ageMs);
      await utimes(file, at, at);
    },
  };
}
