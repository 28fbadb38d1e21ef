import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetFailure } from '../../release/failure.ts';
import type { Fingerprint, FingerprintPart } from '../../release/fingerprint.ts';
import { chosen, compareServed, type Served } from '../site/served.ts';
import { factsOf, type Listing, onEach, type S3SiteCall } from './bucket.ts';
import { belonging, type Current } from './current.ts';

/** CloudFront and browsers may hold an answer for a moment; a page that must be asked for every time is there at once. */
const servedWithinMs = 10_000;

/** One hash over what the site consists of, as the bucket has it: bytes and the headers that users get with them. */
export async function objectsOf(call: S3SiteCall, listing: Listing, current: Current | null): Promise<string> {
  const lines = new Map<string, string>();
  const paths = await belonging(call, listing, current);
  await onEach(paths, async (path) => {
    const found = listing.visible.get(path);
    const facts = found === undefined ? null : await factsOf(call, path, found.version);
    const words = facts === null ? ['missing'] : [facts.sha256, facts.contentType, facts.cacheControl];
    lines.set(path, [path, ...words].join('\0'));
  });
  if (lines.size === 0) return 'absent';
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${lines.get(path) ?? ''}\0\0`);
  return `sha256:${hash.digest('hex')}`;
}

export async function fingerprintOf(call: S3SiteCall, listing: Listing, current: Current | null): Promise<Fingerprint> {
  const value = await objectsOf(call, listing, current);
  const detail = `${Object.keys(current?.files ?? {}).length} objects of ${current?.version ?? 'what was there before'}`;
  const objects: FingerprintPart = { name: 'objects', level: 'digest', value, detail };
  const takenAt = new Date().toISOString();
  if (call.spec.url === null || current === null) return { takenAt, parts: [objects] };
  const served = await servedNow(call, call.spec.url, current);
  return {
    takenAt,
    parts: [objects, { name: 'served', level: 'served', value: served.hash, detail: inWords(served) }],
  };
}

function inWords({ files, wrong }: Served): string {
  return wrong.length === 0 ? `${files} files` : wrong.slice(0, 5).join('; ');
}

/** What users get, compared with the files of the current version. */
export async function servedNow(call: S3SiteCall, url: string, { files }: Current): Promise<Served> {
  const paths = chosen(Object.keys(files), call.spec.proveAssets);
  const wanted = new Map(paths.map((path) => [path, files[path] ?? '']));
  return await compareServed(wanted, (path) => addressOf(url, path), call.signal);
}

/**
 * The front page is asked for as users do. Other directories have an index only where somebody set that up, so their
 * pages are asked for by their names.
 */
function addressOf(base: string, path: string): string {
  const shown = /^index\.html$/i.test(path) ? '' : path;
  return new URL(shown.split('/').map(encodeURIComponent).join('/'), base.endsWith('/') ? base : `${base}/`).href;
}

/** @throws TargetFailure `failed` naming the files that users get wrong */
export async function awaitServed(call: S3SiteCall, current: Current): Promise<void> {
  const { url } = call.spec;
  if (url === null) return;
  for (const giveUpAt = Date.now() + servedWithinMs; ; ) {
    const served = await servedNow(call, url, current);
    if (served.wrong.length === 0) return;
    if (Date.now() > giveUpAt) {
      throw new TargetFailure('failed', `users do not get ${current.version ?? 'what was saved'} of ${call.target}`, {
        evidence: served.wrong.slice(0, 10).join('\n'),
        done: ['uploaded'],
        notDone: [`served ${served.wrong.length} of ${served.files} files`],
      });
    }
    await sleep(200, undefined, { signal: call.signal });
  }
}
