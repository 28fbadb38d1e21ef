import { TargetFailure } from '../../release/failure.ts';
import { prove } from '../../release/fingerprint.ts';
import type { Restored, Savepoint, Step } from '../../release/target.ts';
import { invalidate } from '../cloudfront/invalidation.ts';
import { bringBack, factsOf, hideObject, type Listing, listSite, onEach, type S3SiteCall } from './bucket.ts';
import { classOf, inOrder } from './classes.ts';
import { belonging, type Current, currentOf, keepCurrent, nothing } from './current.ts';
import { fenced, isSame } from './deploying.ts';
import { checkNewest, claim } from './fence.ts';
import { awaitServed, fingerprintOf } from './proof.ts';
import { readSaved, type S3SiteState, type Saved, type SavedObject } from './saving.ts';

/**
 * Puts every saved object that users do not get any more on top again: what pages need first, pages then. Names that
 * did not exist are hidden last, but for files whose name holds their content: no saved page asks for them, and whoever
 * has a page of the new version open still needs them. Nothing is destroyed.
 */
export async function restore(call: S3SiteCall, to: Savepoint<S3SiteState>): Promise<Step<Restored>> {
  await claim(call);
  const saved = await readSaved(call, to);
  const listing = await listSite(call);
  const before = await currentOf(call, listing);
  const back = await differing(call, saved, listing);
  refuseGone(call, back, listing);
  const paths = new Map(back.map((object) => [object.path, object.version]));
  for (const lot of inOrder([...paths.keys()], call.spec)) {
    await onEach(lot, (path) => bringBack(call, path, paths.get(path) ?? ''), fenced(call));
  }
  const extra = await extras(call, { saved, listing, before });
  await onEach(extra, (path) => hideObject(call, path), fenced(call));
  await checkNewest(call);
  await keepCurrent(call, saved.current ?? nothing);
  const emptied = await invalidateBack(call);
  if (emptied.state !== 'done') return emptied;
  const restored = await proved(call, to, saved.current);
  return { state: 'done', value: { ...restored, kept: before?.install ?? null } };
}

/** By version, and where somebody put the same bytes there again, by what users get. */
async function differing(call: S3SiteCall, { objects }: Saved, listing: Listing): Promise<SavedObject[]> {
  const back: SavedObject[] = [];
  await onEach(objects, async (object) => {
    const { path, version } = object;
    const found = listing.visible.get(path);
    if (found?.version === version) return;
    if (found !== undefined && listing.kept.has(`${path} ${version}`)) {
      const [now, then] = [await factsOf(call, path, found.version), await factsOf(call, path, version)];
      if (isSame(now, then) && now.owner === then.owner) return;
    }
    back.push(object);
  });
  return back;
}

/** Before anything is exchanged: users keep what they have as long as what was saved is not all there. */
function refuseGone(call: S3SiteCall, back: readonly SavedObject[], listing: Listing): void {
  const gone = back.filter(({ path, version }) => !listing.kept.has(`${path} ${version}`)).map(({ path }) => path);
  if (gone.length === 0) return;
  throw new TargetFailure('not-found', `${gone.length} saved objects of ${call.target} are no longer in the bucket`, {
    evidence: gone.slice(0, 10).join('\n'),
    remedy:
      'nothing was changed; look for a rule of the bucket that removes old versions, and deploy the previous version',
  });
}

type Around = { saved: Saved; listing: Listing; before: Current | null };

async function extras(call: S3SiteCall, { saved, listing, before }: Around): Promise<string[]> {
  const known = new Set(saved.objects.map(({ path }) => path));
  const paths = await belonging(call, listing, before);
  return paths.filter((path) => !known.has(path) && listing.visible.has(path) && classOf(path, call.spec) !== 'hashed');
}

async function invalidateBack(call: S3SiteCall): Promise<Step<{ id: string } | null>> {
  const { invalidate: order, region, endpoint, profile } = call.spec;
  if (order === null) return { state: 'done', value: null };
  return await invalidate(call, { place: { region, endpoint, profile }, ...order, reference: 'back' });
}

async function proved(
  call: S3SiteCall,
  to: Savepoint<S3SiteState>,
  current: Current | null,
): Promise<Omit<Restored, 'kept'>> {
  if (current !== null) await awaitServed(call, current);
  const listing = await listSite(call);
  const now = await fingerprintOf(call, listing, await currentOf(call, listing));
  const proof = prove(to.fingerprint, now);
  const version = current === null ? 'nothing' : (current.version ?? 'what was there before');
  if (proof.differences.length > 0) {
    const evidence = proof.differences.map(({ part, actual }) => `${part}: ${actual}`).join('\n');
    throw new TargetFailure('failed', `${call.target} is back at ${version} but not as it was`, { evidence });
  }
  const detail = `${call.target} serves ${version}${current === null ? ', as before' : ''}`;
  return { proof, downtimeMs: 0, detail };
}
