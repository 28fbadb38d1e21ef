import type { Json } from '../../release/json.ts';
import type { Kept, Step } from '../../release/target.ts';
import { pathFrom } from '../shell/files.ts';
import { discardVersion, keptVersions, type Versions } from '../shell/versions.ts';
import { listSite, type S3SiteCall } from './bucket.ts';
import { currentOf } from './current.ts';
import { versionsFolder } from './deploying.ts';

/** Built versions on this host. What the bucket keeps of old versions is the business of its lifecycle rules. */
async function versionsOf(call: S3SiteCall): Promise<Versions> {
  call.signal.throwIfAborted();
  const current = await currentOf(call, await listSite(call));
  const used = new Set(current?.install == null ? [] : [current.install]);
  return { root: pathFrom(call.home, call.spec.root), folder: versionsFolder, used };
}

export async function kept(call: S3SiteCall): Promise<Kept[]> {
  return keptVersions(await versionsOf(call));
}

/** @throws TargetFailure `not-found` for what is served or was never built here */
export async function discard(call: S3SiteCall, name: string): Promise<Step<Json>> {
  return discardVersion(await versionsOf(call), call.target, name);
}
