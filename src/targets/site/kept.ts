import type { Json } from '../../release/json.ts';
import type { Kept, Step } from '../../release/target.ts';
import { discardVersion, keptVersions, type Versions } from '../shell/versions.ts';
import { currentOf, releasesFolder, rootOf, type SiteCall } from './releases.ts';

async function versionsOf(call: SiteCall): Promise<Versions> {
  call.signal.throwIfAborted();
  const root = rootOf(call);
  const current = await currentOf(root);
  return { root, folder: releasesFolder, used: new Set(current === null ? [] : [current.install]) };
}

export async function kept(call: SiteCall): Promise<Kept[]> {
  return keptVersions(await versionsOf(call));
}

/** @throws TargetFailure `not-found` for what is served or was never installed, `refused` */
export async function discard(call: SiteCall, name: string): Promise<Step<Json>> {
  return discardVersion(await versionsOf(call), call.target, name);
}
