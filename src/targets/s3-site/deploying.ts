import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import { pathFrom } from '../shell/files.ts';
import { checkInstalled, installedAt, type Manifest, pinnedInstall } from '../shell/install.ts';
import {
  type Facts,
  factsOf,
  hideObject,
  type Listing,
  listSite,
  onEach,
  ownerOf,
  putObject,
  type S3SiteCall,
  sha256Of,
} from './bucket.ts';
import { classOf, headersOf, inOrder } from './classes.ts';
import { type Current, currentOf, keepCurrent, outdatedPages } from './current.ts';
import { checkNewest, claim } from './fence.ts';
import { awaitServed } from './proof.ts';

export const versionsFolder = 'releases';

/** A file of the pinned version, with what users are to get with it. */
export type PinnedFile = { file: string } & Omit<Facts, 'owner'>;

/** @throws TargetFailure `not-found` when nothing was prepared here, `changed` when files are not what was pinned */
export async function pinnedFiles(call: S3SiteCall): Promise<{ manifest: Manifest; files: Map<string, PinnedFile> }> {
  const manifest = await pinnedInstall(call);
  const root = pathFrom(call.home, call.spec.root);
  await checkInstalled(root, versionsFolder, manifest);
  const directory = installedAt(root, versionsFolder, manifest.install);
  const files = new Map<string, PinnedFile>();
  for (const path of Object.keys(manifest.tree)) {
    const file = join(directory, path);
    files.set(path, { file, sha256: sha256Of(await readFile(file)), ...headersOf(path, call.spec) });
  }
  return { manifest, files };
}

export function currentFrom({ version, install }: Manifest, files: ReadonlyMap<string, PinnedFile>): Current {
  return { version, install, files: Object.fromEntries([...files].map(([path, { sha256 }]) => [path, sha256])) };
}

/**
 * Uploads what differs, in an order in which no page is served before what it needs. Nothing is taken away but pages
 * that the new version has no more. Whoever goes on after a crash finds what is there and uploads the rest.
 */
export async function deploy(call: S3SiteCall): Promise<Json> {
  await claim(call);
  const { manifest, files } = await pinnedFiles(call);
  const listing = await listSite(call);
  const before = await currentOf(call, listing);
  const wanted = await differing(call, files, listing);
  for (const lot of inOrder(wanted, call.spec)) await onEach(lot, (path) => upload(call, path, files), fenced(call));
  const current = currentFrom(manifest, files);
  const outdated = await outdatedPages(call, { listing, before, next: current.files });
  await onEach(outdated, (path) => hideObject(call, path), fenced(call));
  await checkNewest(call);
  await keepCurrent(call, current);
  if (call.spec.invalidate === null) await awaitServed(call, current);
  const { version, install } = manifest;
  call.log.info('uploaded', { version, uploaded: wanted.length, files: files.size, hidden: outdated.length });
  return { version, install, files: files.size };
}

/** Every lot is written only while this attempt is the newest. */
export function fenced(call: S3SiteCall): () => Promise<void> {
  return () => checkNewest(call);
}

/**
 * Files that the bucket has not, or has with other bytes or headers.
 *
 * @throws TargetFailure `refused` for a name that says that its content never changes, with other content than before
 */
async function differing(
  call: S3SiteCall,
  files: ReadonlyMap<string, PinnedFile>,
  listing: Listing,
): Promise<string[]> {
  const wanted: string[] = [];
  const broken: string[] = [];
  await onEach(files, async ([path, file]) => {
    const found = listing.visible.get(path);
    const facts = found === undefined ? null : await factsOf(call, path, found.version);
    if (facts !== null && isSame(facts, file) && facts.owner === ownerOf(call)) return;
    wanted.push(path);
    const isHashed = classOf(path, call.spec) === 'hashed';
    if (facts !== null && isHashed && facts.sha256 !== file.sha256) broken.push(path);
  });
  if (broken.length === 0) return wanted;
  throw new TargetFailure('refused', `${broken.length} files have a name of the bucket and other content`, {
    evidence: broken.toSorted().slice(0, 10).join('\n'),
    remedy:
      'make the content a part of the name when building, or say with `hashed` which names have it; nothing was changed',
  });
}

export function isSame(a: Omit<Facts, 'owner'>, b: Omit<Facts, 'owner'>): boolean {
  return a.sha256 === b.sha256 && a.contentType === b.contentType && a.cacheControl === b.cacheControl;
}

async function upload(call: S3SiteCall, path: string, files: ReadonlyMap<string, PinnedFile>): Promise<void> {
  const file = files.get(path);
  if (file === undefined) throw new TypeError(`${path} is not pinned`);
  const { sha256, contentType, cacheControl } = file;
  await putObject(call, path, { body: await readFile(file.file), sha256, contentType, cacheControl });
}
