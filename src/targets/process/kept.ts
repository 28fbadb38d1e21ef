import type { Json } from '../../release/json.ts';
import type { Kept, Step } from '../../release/target.ts';
import { discardVersion, keptVersions, type Versions } from '../shell/versions.ts';
import { type ProcessCall, placeOf, versionsFolder } from './place.ts';
import { readHeld } from './proof.ts';
import { look } from './switching.ts';

/** What runs, what is kept ready, and what a hold will start again is in use. */
async function versionsOf(call: ProcessCall): Promise<Versions> {
  call.signal.throwIfAborted();
  const place = placeOf(call);
  const { services } = await look(place);
  const held = (await readHeld(place))?.state.install ?? null;
  const used = new Set([...services.map(({ install }) => install), ...(held === null ? [] : [held])]);
  return { root: place.root, folder: versionsFolder, used };
}

export async function kept(call: ProcessCall): Promise<Kept[]> {
  return keptVersions(await versionsOf(call));
}

/** @throws TargetFailure `not-found` for what is in use or was never installed, `refused` */
export async function discard(call: ProcessCall, name: string): Promise<Step<Json>> {
  return discardVersion(await versionsOf(call), call.target, name);
}
