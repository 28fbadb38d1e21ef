import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../release/json.ts';
import type { Call } from '../../release/target.ts';
import { claimFence, type Fence, pathFrom, placeFile, readJson, shortHash } from '../shell/files.ts';
import { installedAt } from '../shell/install.ts';
import type { ProcessSpec } from './process.schema.ts';

export type ProcessCall = Call<ProcessSpec>;

/** Where one target keeps what. `switchFile` is the only truth about which version users are led to. */
export type Place = { root: string; switchFile: string; heldFile: string };

export const versionsFolder = 'versions';

export function placeOf({ spec, home }: ProcessCall): Place {
  const root = pathFrom(home, spec.root);
  const switchFile = spec.switch === null ? join(root, 'current.json') : pathFrom(home, spec.switch.file);
  return { root, switchFile, heldFile: join(root, '.savepoint', 'held.json') };
}

export function directoryOf(place: Place, install: string): string {
  return installedAt(place.root, versionsFolder, install);
}

export function logOf(place: Place, start: string): string {
  return join(place.root, 'logs', `${start}.log`);
}

/** One attempt: the call, where it acts, and the fence that it holds. */
export type Attempt = { call: ProcessCall; place: Place; fence: Fence };

/** Cancelled and stale attempts end here, before they touch anything. */
export async function begin(call: ProcessCall): Promise<Attempt> {
  call.signal.throwIfAborted();
  const place = placeOf(call);
  return { call, place, fence: await claimFence(place.root, call.fence) };
}

/** What one key has done so far, for whoever looks at it next. Times are milliseconds since 1970. */
export type Progress = {
  state: 'new' | 'starting' | 'switched' | 'done' | 'failed';
  start: string | null;
  tries: number;
  fence: number;
  startedAt: number;
  switchedAt: number;
  /** Since when this verb has kept users away; null while it has not. */
  downSince: number | null;
};

function progressFile({ call, place }: Attempt): string {
  return join(place.root, '.savepoint', 'progress', `${shortHash(call.key)}.json`);
}

export async function readProgress(attempt: Attempt): Promise<Progress> {
  const known = (await readJson(progressFile(attempt))) as Progress | undefined;
  return known ?? { state: 'new', start: null, tries: 0, fence: 0, startedAt: 0, switchedAt: 0, downSince: null };
}

export async function keepProgress(attempt: Attempt, progress: Progress): Promise<void> {
  await placeFile(attempt.fence, progressFile(attempt), JSON.stringify(progress));
}

/** The savepoint that a key took; the same key gets the same one again. */
export function savedFile({ call, place }: Attempt): string {
  return join(place.root, '.savepoint', 'saves', `${shortHash(call.key)}.json`);
}

export async function keepJson(attempt: Attempt, file: string, value: Json | object): Promise<void> {
  await placeFile(attempt.fence, file, JSON.stringify(value));
}

/** The end of a service's log, without reading all of it. */
export async function endOfLog(place: Place, start: string, bytes = 64 * 1024): Promise<string> {
  const file = await open(logOf(place, start), 'r').catch(() => null);
  if (file === null) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}
