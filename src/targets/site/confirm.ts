import type { Confirmation } from '../../release/target.ts';
import { changedFiles, digestOf } from '../shell/tree.ts';
import { currentOf, type Release, rootOf, type SiteCall } from './releases.ts';
import { fetchServed } from './served.ts';

/** Is exactly what was pinned installed behind `current`, and do users get its bytes? A cache cannot be asked. */
export async function confirm(call: SiteCall, change: string, version: string): Promise<Confirmation> {
  call.signal.throwIfAborted();
  if (change === 'invalidate') return { state: 'unknown', detail: 'a cache does not tell whether it was emptied' };
  if (change !== 'deploy') return { state: 'unknown', detail: `a site does not know the change ${change}` };
  if (call.pinned === null) return { state: 'unknown', detail: `nothing was prepared for ${version}` };
  const current = await currentOf(rootOf(call));
  if (current === null) return { state: 'not-done', detail: 'nothing is served' };
  if (!sameFiles(current, call.pinned.digest)) {
    return { state: 'not-done', detail: `${current.install} is served, which is not what was prepared` };
  }
  return confirmServed(call, current);
}

/** Whoever copied the built files by hand left no manifest; the files themselves are what counts. */
function sameFiles({ digest, tree }: Release, pinned: string): boolean {
  return digest === pinned || digestOf(tree, JSON.stringify(null)) === pinned;
}

async function confirmServed(call: SiteCall, current: Release): Promise<Confirmation> {
  const changed = await changedFiles(current.directory, current.tree);
  if (changed.length > 0) {
    const detail = `files of ${current.install} were changed: ${changed.slice(0, 3).join(', ')}`;
    return { state: 'not-done', detail };
  }
  if (call.spec.url === null) return { state: 'done', detail: `${current.install} is installed; users were not asked` };
  const served = await fetchServed(call, call.spec.url, current);
  if (served.wrong.length === 0)
    return { state: 'done', detail: `users get the ${served.files} files of ${current.install}` };
  // Bytes of another version prove that it is not there; a server that does not answer proves nothing.
  const other = served.wrong.some((one) => one.endsWith('other bytes'));
  return { state: other ? 'not-done' : 'unknown', detail: `users get: ${served.wrong.slice(0, 3).join('; ')}` };
}
