import { isPage } from '../site/pages.ts';
import { factsOf, type Listing, onEach, ownerOf, parseKept, readKept, type S3SiteCall, writeKept } from './bucket.ts';
import { classOf } from './classes.ts';

const name = 'current.json';

/**
 * The version that users get. `files`: path → SHA-256 of everything that it consists of; objects beside these were put
 * there by others, or belong to other versions. `version` null: the site was put there by other means.
 */
export type Current = { version: string | null; install: string | null; files: Record<string, string> };

export const nothing: Current = { version: null, install: null, files: {} };

/** Null when nothing is served. A site that was put there by other means is what is in the bucket now. */
export async function currentOf(call: S3SiteCall, listing: Listing): Promise<Current | null> {
  const found = await readKept(call, name);
  const current = found === null ? await adopted(call, listing) : parseKept<Current>(found.text, name);
  return Object.keys(current.files).length === 0 ? null : current;
}

async function adopted(call: S3SiteCall, listing: Listing): Promise<Current> {
  const files: Record<string, string> = {};
  await onEach(listing.visible, async ([path, { version }]) => {
    files[path] = (await factsOf(call, path, version)).sha256;
  });
  return { ...nothing, files };
}

/** Writes nothing where it says so already. */
export async function keepCurrent(call: S3SiteCall, current: Current): Promise<void> {
  const text = JSON.stringify({ ...current, files: sorted(current.files) });
  if ((await readKept(call, name))?.text === text) return;
  await writeKept(call, { name, text });
}

function sorted(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What of the bucket is this site: the files of the current version, whether they are there or not, and whatever else a
 * release put there under a name whose content may change.
 */
export async function belonging(call: S3SiteCall, listing: Listing, current: Current | null): Promise<string[]> {
  const paths = new Set(Object.keys(current?.files ?? {}));
  const others = [...listing.visible].filter(([path]) => !paths.has(path) && classOf(path, call.spec) !== 'hashed');
  await onEach(others, async ([path, { version }]) => {
    if ((await factsOf(call, path, version)).owner === ownerOf(call)) paths.add(path);
  });
  return [...paths].toSorted();
}

/** Pages of the version before that the new one has no more: whoever asks for them is not to get an old page. */
export async function outdatedPages(
  call: S3SiteCall,
  { listing, before, next }: { listing: Listing; before: Current | null; next: Readonly<Record<string, string>> },
): Promise<string[]> {
  const paths = await belonging(call, listing, before);
  return paths.filter((path) => isPage(path) && !(path in next) && listing.visible.has(path));
}
