import { createHash } from 'node:crypto';
import { TargetFailure } from '../../release/failure.ts';
import type { Savepoint } from '../../release/target.ts';
import { shortHash } from '../shell/files.ts';
import { factsOf, type Listing, listSite, onEach, parseKept, readKept, type S3SiteCall, writeKept } from './bucket.ts';
import { belonging, type Current, currentOf, keepCurrent } from './current.ts';
import { claim } from './fence.ts';
import { fingerprintOf } from './proof.ts';

/** `list`: where in the bucket it is written which version of which object was served; `hash`: of that text. */
export type S3SiteState = { list: string; hash: string; objects: number };

export type SavedObject = { path: string; version: string; sha256: string };

/** What went with a savepoint, in the bucket: it can be too large for a history. */
export type Saved = { current: Current | null; objects: SavedObject[] };

type Record = { savepoint: Savepoint<S3SiteState> };

/**
 * Writes down which version of which object users get. S3 keeps the versions by itself, also those that somebody else
 * covers, so nothing is copied and nothing can be missed.
 */
export async function save(call: S3SiteCall): Promise<Savepoint<S3SiteState>> {
  await claim(call);
  const name = `savepoints/${shortHash(call.key)}`;
  const known = await readKept(call, `${name}.json`);
  if (known !== null) return parseKept<Record>(known.text, name).savepoint;
  const listing = await listSite(call);
  const current = await currentOf(call, listing);
  // From now on a site that was put there by other means is what it is now.
  if (current !== null) await keepCurrent(call, current);
  const objects = await objectsIn(call, listing, current);
  const text = JSON.stringify({ current, objects } satisfies Saved);
  await writeKept(call, { name: `${name}-objects.json`, text });
  const savepoint: Savepoint<S3SiteState> = {
    target: call.target,
    kind: 's3-site',
    release: call.release,
    takenAt: new Date().toISOString(),
    version: current?.version ?? null,
    absent: current === null && objects.length === 0,
    heldMs: 0,
    fingerprint: await fingerprintOf(call, listing, current),
    state: { list: `${name}-objects.json`, hash: hashOf(text), objects: objects.length },
  };
  await writeKept(call, { name: `${name}.json`, text: JSON.stringify({ savepoint } satisfies Record) });
  return savepoint;
}

async function objectsIn(call: S3SiteCall, listing: Listing, current: Current | null): Promise<SavedObject[]> {
  const objects: SavedObject[] = [];
  await onEach(await belonging(call, listing, current), async (path) => {
    const found = listing.visible.get(path);
    if (found === undefined) return;
    const { sha256 } = await factsOf(call, path, found.version);
    objects.push({ path, version: found.version, sha256 });
  });
  return objects.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** @throws TargetFailure `not-found` or `changed` when what was saved is not there as it was written */
export async function readSaved(call: S3SiteCall, { state }: Savepoint<S3SiteState>): Promise<Saved> {
  const found = await readKept(call, state.list);
  if (found === null) throw new TargetFailure('not-found', `the list of saved objects of ${call.target} is gone`);
  if (hashOf(found.text) !== state.hash) {
    throw new TargetFailure('changed', `the list of saved objects of ${call.target} was changed`, {
      remedy: `bring back the version of ${state.list} that the release wrote; the bucket keeps it`,
    });
  }
  return parseKept<Saved>(found.text, state.list);
}

function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
