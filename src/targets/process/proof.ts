import { TargetFailure } from '../../release/failure.ts';
import type { Fingerprint, FingerprintPart } from '../../release/fingerprint.ts';
import type { Json } from '../../release/json.ts';
import { readJson } from '../shell/files.ts';
import { type Manifest, readManifest } from '../shell/install.ts';
import { changedFiles } from '../shell/tree.ts';
import { askUsersWay } from './health.ts';
import { directoryOf, type Place, type ProcessCall } from './place.ts';
import type { Service } from './services.ts';
import type { Scene } from './switching.ts';

/** What ran when a savepoint was taken or a hold began. `install` null: nothing did, and users were led to `lead`. */
export type ProcessState =
  | { install: string; version: string; digest: string; port: number; start: string; environment: string[] }
  | { install: null; lead: 'nothing' | 'maintenance' };

/** What `hold` writes down before it stops anything; a savepoint taken meanwhile describes what ran before. */
export type Held = { state: ProcessState; fingerprint: Fingerprint };

export async function readHeld(place: Place): Promise<Held | null> {
  return ((await readJson(place.heldFile)) as Held | undefined) ?? null;
}

function fingerprint(...parts: FingerprintPart[]): Fingerprint {
  return { takenAt: new Date().toISOString(), parts };
}

/** Identity of the bytes that are installed for a version, as they are on disk now. */
async function digestPart(place: Place, manifest: Manifest): Promise<FingerprintPart> {
  const changed = await changedFiles(directoryOf(place, manifest.install), manifest.tree);
  const value = changed.length === 0 ? manifest.digest : `changed: ${changed.slice(0, 3).join(', ')}`;
  return { name: 'digest', level: 'digest', value, detail: changed.length === 0 ? manifest.install : value };
}

/** Fingerprint of what users get now. */
export async function fingerprintOf(call: ProcessCall, place: Place, scene: Scene): Promise<Fingerprint> {
  const { lead, current } = scene;
  if (lead.to !== 'service') {
    const value = (await readHeld(place)) === null ? 'absent' : 'stopped';
    return fingerprint({ name: 'digest', level: 'digest', value });
  }
  if (current === null) return fingerprint({ name: 'digest', level: 'digest', value: 'not running' });
  return fingerprintOfService(call, place, current);
}

export async function fingerprintOfService(call: ProcessCall, place: Place, service: Service): Promise<Fingerprint> {
  const digest = await digestPart(place, await manifestOf(place, service.install));
  const health = await askUsersWay(call, service);
  if (call.spec.health.version !== null) {
    const value = health.version ?? 'no answer';
    return fingerprint(digest, { name: 'version', level: 'version', value, detail: health.version ?? health.said });
  }
  return fingerprint(health.good ? digest : { ...digest, value: `${digest.value}, does not answer` });
}

/** @throws TargetFailure `not-found` when the version is no longer kept under the root */
export async function manifestOf(place: Place, install: string): Promise<Manifest> {
  const manifest = await readManifest(place.root, install);
  if (manifest !== undefined) return manifest;
  throw new TargetFailure('not-found', `the version ${install} is no longer kept`, {
    remedy: 'put its directory and its manifest back under the root of the target',
  });
}

/** What there is to go back to; a target that was held for this release is described as it ran before. */
export async function stateNow(call: ProcessCall, place: Place, scene: Scene): Promise<Held> {
  const { lead, current } = scene;
  if (lead.to !== 'service') {
    const held = await readHeld(place);
    return held ?? { state: { install: null, lead: lead.to }, fingerprint: await fingerprintOf(call, place, scene) };
  }
  if (current === null) {
    throw new TargetFailure(
      'refused',
      `users of ${call.target} are led to port ${lead.port}, where nothing of it runs`,
      {
        remedy: 'remove the switch file to release as if for the first time, or start the version that it names',
      },
    );
  }
  const { install, version, digest, port, start } = current;
  const environment = (await manifestOf(place, install)).also as { environment: string[] };
  const state: ProcessState = { install, version, digest, port, start, environment: environment.environment };
  return { state, fingerprint: await fingerprintOfService(call, place, current) };
}

export function asJson(held: Held): Json {
  return JSON.parse(JSON.stringify(held)) as Json;
}
