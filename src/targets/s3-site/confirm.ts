import type { Confirmation } from '../../release/target.ts';
import { factsOf, listSite, onEach, type S3SiteCall } from './bucket.ts';
import { type Current, currentOf } from './current.ts';
import { currentFrom, isSame, pinnedFiles } from './deploying.ts';
import { servedNow } from './proof.ts';

/** Has the bucket exactly what was pinned, and do users get its bytes? A cache cannot be asked. */
export async function confirm(call: S3SiteCall, change: string, version: string): Promise<Confirmation> {
  call.signal.throwIfAborted();
  if (change === 'invalidate') return { state: 'unknown', detail: 'a cache does not tell whether it was emptied' };
  if (change !== 'deploy') return { state: 'unknown', detail: `a site does not know the change ${change}` };
  if (call.pinned === null) return { state: 'unknown', detail: `nothing was prepared for ${version}` };
  const { manifest, files } = await pinnedFiles(call);
  const listing = await listSite(call);
  const wrong: string[] = [];
  await onEach(files, async ([path, file]) => {
    const found = listing.visible.get(path);
    if (found === undefined || !isSame(await factsOf(call, path, found.version), file)) wrong.push(path);
  });
  if (wrong.length > 0) {
    const detail = `${wrong.length} of ${files.size} files are not in the bucket as prepared, e.g. ${wrong.toSorted()[0]}`;
    return { state: 'not-done', detail };
  }
  const before = await currentOf(call, listing);
  return await confirmServed(call, currentFrom(manifest, files), before);
}

async function confirmServed(call: S3SiteCall, current: Current, before: Current | null): Promise<Confirmation> {
  const { url } = call.spec;
  const files = Object.keys(current.files).length;
  if (url === null) return { state: 'done', detail: `the bucket has ${current.install}; users were not asked` };
  const { wrong } = await servedNow(call, url, current);
  if (wrong.length === 0) return { state: 'done', detail: `users get the ${files} files of ${current.install}` };
  // Bytes of another version prove that it is not there; a server that does not answer proves nothing.
  const other = wrong.some((one) => one.endsWith('other bytes')) && before?.install !== current.install;
  return { state: other ? 'not-done' : 'unknown', detail: `users get: ${wrong.slice(0, 3).join('; ')}` };
}
