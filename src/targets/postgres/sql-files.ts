import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import type { Artefact, Call } from '../../release/target.ts';
import type { PostgresChangeSpec, PostgresSpec } from './postgres.schema.ts';

export type PostgresChange = 'migrate' | 'seed';

/** A pinned file. `bytes` are what was hashed, and what is run. */
export type PinnedFile = { name: string; sha256: string; bytes: Buffer };

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `2_b` before `10_a`; the same on every machine. */
const order = new Intl.Collator('en', { numeric: true });
function byName(a: string, b: string): number {
  return order.compare(a, b) || (a < b ? -1 : 1);
}

async function read(path: string, name: string): Promise<PinnedFile> {
  const bytes = await readFile(path);
  return { name, sha256: sha256(bytes), bytes };
}

function missing(what: string, path: string): TargetFailure {
  return new TargetFailure('not-found', `there is no ${what} ${path}`, {
    remedy: 'correct the path, or create an empty directory where this version changes nothing',
  });
}

/** SQL files of a directory in natural order. @throws TargetFailure `not-found` */
export async function readSqlFiles(home: string, directory: string): Promise<PinnedFile[]> {
  const absolute = resolve(home, directory);
  const names = await readdir(absolute).catch(() => {
    throw missing('directory', directory);
  });
  const wanted = names.filter((name) => name.endsWith('.sql') && !name.startsWith('.')).sort(byName);
  return Promise.all(wanted.map((name) => read(join(absolute, name), name)));
}

async function readTree(home: string, path: string): Promise<PinnedFile[]> {
  const absolute = resolve(home, path);
  const found = await stat(absolute).catch(() => {
    throw missing('file or directory', path);
  });
  if (found.isFile()) return [await read(absolute, relative(home, absolute) || basename(absolute))];
  const entries = await readdir(absolute, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.sort(byName).map((file) => read(file, relative(home, file))));
}

/** Everything that a change will run, as it is now. */
async function readChange(home: string, change: PostgresChangeSpec): Promise<PinnedFile[]> {
  if (change.directory !== null) return readSqlFiles(home, change.directory);
  const command = Buffer.from(JSON.stringify(change.command));
  const trees = await Promise.all(change.files.map((path) => readTree(home, path)));
  return [{ name: 'command', sha256: sha256(command), bytes: command }, ...trees.flat()];
}

/** Names and hashes of everything that `migrate` and `seed` will run. */
export async function pin(home: string, spec: PostgresSpec): Promise<Artefact> {
  const parts: Artefact['parts'] = [];
  for (const change of ['migrate', 'seed'] as const) {
    const configured = spec[change];
    if (configured === null) continue;
    for (const file of await readChange(home, configured)) {
      parts.push({ name: `${change}/${file.name}`, digest: file.sha256 });
    }
  }
  return { digest: sha256(JSON.stringify(parts)), location: null, parts };
}

/**
 * The files of a change, once more read and compared with what was pinned and approved.
 * @throws TargetFailure `changed` naming what was edited, added or removed since
 */
export async function readPinned(
  call: Call<PostgresSpec>,
  name: PostgresChange,
  change: PostgresChangeSpec,
): Promise<PinnedFile[]> {
  const files = await readChange(call.home, change);
  if (call.pinned === null) return files;
  const prefix = `${name}/`;
  const pinned = call.pinned.parts.filter((part) => part.name.startsWith(prefix));
  const approved = new Map(pinned.map((part) => [part.name.slice(prefix.length), part.digest]));
  const differing = files.filter((file) => approved.get(file.name) !== file.sha256).map((file) => file.name);
  const gone = [...approved.keys()].filter((known) => !files.some((file) => file.name === known));
  if (differing.length + gone.length === 0) return files;
  throw new TargetFailure('changed', `no longer what was approved: ${[...differing, ...gone].join(', ')}`, {
    remedy: 'start a new release with the new files',
  });
}
