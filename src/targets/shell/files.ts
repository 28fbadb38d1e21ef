import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';

/** A path of the plan; a relative one starts at the plan's directory. */
export function pathFrom(home: string, path: string): string {
  return resolve(home, path);
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Text as a file name. */
export function fileNameOf(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_');
}

/** A short name for a key, the same in every worker. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Undefined when there is no such file, or when what is in it is no JSON. */
export async function readJson(file: string): Promise<Json | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Json;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Bookkeeping that any attempt may write, because it would write the same. Readers see the old text or the new one. */
export async function keepPrivate(file: string, value: Json | object): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${Date.now()}`;
  await writeFile(draft, JSON.stringify(value), { mode: 0o600 });
  await rename(draft, file);
}

/**
 * The fence of one attempt on a directory: it is held by creating a directory of its number. Every effect on files is a
 * rename out of it. A newer attempt takes the older directories away, so an old one that wakes up finds nothing to
 * rename; no lock has to be released by anybody.
 */
export type Fence = { directory: string; number: number; fences: string };

/** @throws TargetFailure `stale-fence` when a newer attempt is known */
export async function claimFence(root: string, fence: number): Promise<Fence> {
  const fences = join(root, '.savepoint', 'fences');
  const claimed = { directory: join(fences, String(fence)), number: fence, fences };
  await mkdir(fences, { recursive: true, mode: 0o700 });
  await checkNewest(claimed);
  await mkdir(claimed.directory, { recursive: true, mode: 0o700 });
  await checkNewest(claimed).catch(async (error: unknown) => {
    await rm(claimed.directory, { recursive: true, force: true });
    throw error;
  });
  for (const older of (await numbersIn(fences)).filter((number) => number < fence)) {
    const trash = join(fences, `trash-${older}-${fence}-${process.pid}`);
    // Renamed first: at this instant every path of the old attempt stops to exist.
    await rename(join(fences, String(older)), trash).catch(() => {});
  }
  const trash = (await readdir(fences)).filter((name) => name.startsWith('trash-'));
  for (const name of trash) await rm(join(fences, name), { recursive: true, force: true });
  return claimed;
}

async function numbersIn(fences: string): Promise<number[]> {
  return (await readdir(fences)).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** @throws TargetFailure `stale-fence` when a newer attempt has taken over */
export async function checkNewest(fence: Fence): Promise<void> {
  const newest = Math.max(0, ...(await numbersIn(fence.fences)));
  if (newest > fence.number) throw staleFence(fence.number, newest);
}

function staleFence(fence: number, newest: number): TargetFailure {
  return new TargetFailure('stale-fence', `attempt ${fence} was replaced by attempt ${newest}`);
}

/** Puts a file in place at once and only while this attempt is the newest. Readers see the old text or the new one. */
export async function placeFile(fence: Fence, file: string, text: string): Promise<void> {
  const draft = join(fence.directory, fileNameOf(`${shortHash(file)}-draft`));
  await mkdir(dirname(file), { recursive: true });
  await fenced(fence, file, async () => {
    await writeFile(draft, text, { mode: 0o644 });
    await rename(draft, file);
  });
}

/** Takes a file away, only while this attempt is the newest. */
export async function takeFile(fence: Fence, file: string): Promise<void> {
  if (!(await exists(file))) return;
  await fenced(fence, file, () => rename(file, join(fence.directory, `${shortHash(file)}-taken`)));
}

/** Runs a rename out of or into the fence's directory; a directory that is gone means that the attempt is stale. */
export async function fenced(fence: Fence, file: string, effect: () => Promise<void>): Promise<void> {
  await checkNewest(fence);
  try {
    await effect();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) await checkNewest(fence);
    if (hasCode(error, 'EXDEV')) throw otherDisk(file);
    throw error;
  }
}

function otherDisk(file: string): TargetFailure {
  return new TargetFailure('invalid-input', `${file} is on another file system than the target's root`, {
    remedy: 'choose a `root` on the same file system: a switch is one rename, which cannot cross file systems',
  });
}
