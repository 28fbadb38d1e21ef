import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetFailure } from '../../release/failure.ts';
import { type Fingerprint, prove } from '../../release/fingerprint.ts';
import type { Json } from '../../release/json.ts';
import type { Artefact, Kind, Restored, Savepoint, Step } from '../../release/target.ts';
import { keepPrivate, readJson, shortHash } from '../shell/files.ts';
import { checkInstalled, pinnedInstall, prepareInstall } from '../shell/install.ts';
import { runCommand } from '../shell/run.ts';
import { lastLines } from '../shell/tail.ts';
import { changedFiles } from '../shell/tree.ts';
import { confirm } from './confirm.ts';
import { discard, kept } from './kept.ts';
import { refuseBroken } from './pages.ts';
import {
  type Attempt,
  adopt,
  begin,
  carryAssets,
  currentOf,
  type Release,
  releaseOf,
  releasesFolder,
  rootOf,
  type SiteCall,
  serveNothing,
  switchTo,
} from './releases.ts';
import { fetchServed } from './served.ts';
import type { SiteSpec } from './site.schema.ts';
import { survey } from './survey.ts';

export type SiteState = { install: string | null; digest: string | null };
type SiteChange = 'deploy' | 'invalidate';

/** A server in front may keep a file for a moment. */
const servedWithinMs = 5_000;

async function prepare(call: SiteCall, version: string): Promise<Step<Artefact>> {
  const { source, build, output, url } = call.spec;
  const base = url === null ? '/' : `${new URL(url).pathname.replace(/\/$/, '')}/`;
  return prepareInstall(call, version, {
    folder: releasesFolder,
    source,
    build,
    output,
    also: null,
    inspect: (directory, tree) => refuseBroken(directory, tree, base),
  });
}

async function fingerprintOf(call: SiteCall, release: Release | null): Promise<Fingerprint> {
  const takenAt = new Date().toISOString();
  if (release === null) return { takenAt, parts: [{ name: 'digest', level: 'digest', value: 'absent' }] };
  const changed = await changedFiles(release.directory, release.tree);
  const value = changed.length === 0 ? release.digest : `changed: ${changed.slice(0, 3).join(', ')}`;
  const digest = { name: 'digest', level: 'digest', value, detail: release.install } as const;
  if (call.spec.url === null) return { takenAt, parts: [digest] };
  const served = await fetchServed(call, call.spec.url, release);
  const detail = served.wrong.length === 0 ? `${served.files} files` : served.wrong.slice(0, 5).join('; ');
  return { takenAt, parts: [digest, { name: 'served', level: 'served', value: served.hash, detail }] };
}

async function save(call: SiteCall): Promise<Step<Savepoint<SiteState>>> {
  const { root } = await begin(call);
  const file = join(root, '.savepoint', 'saves', `${shortHash(call.key)}.json`);
  const known = (await readJson(file)) as Savepoint<SiteState> | undefined;
  if (known !== undefined) return { state: 'done', value: known };
  const current = await currentOf(root);
  if (current !== null) await adopt(root, current);
  const value: Savepoint<SiteState> = {
    target: call.target,
    kind: 'site',
    release: call.release,
    takenAt: new Date().toISOString(),
    version: current?.version ?? null,
    absent: current === null,
    heldMs: 0,
    fingerprint: await fingerprintOf(call, current),
    state: { install: current?.install ?? null, digest: current?.digest ?? null },
  };
  await keepPrivate(file, value);
  return { state: 'done', value };
}

async function apply(call: SiteCall, change: SiteChange, version: string): Promise<Step<Json>> {
  const attempt = await begin(call);
  if (change === 'invalidate') return invalidate(attempt, version);
  const manifest = await pinnedInstall(call);
  await checkInstalled(attempt.root, releasesFolder, manifest);
  const release = await releaseOf(attempt.root, manifest.install);
  await serve(attempt, release);
  await awaitServed(call, release);
  return { state: 'done', value: { version, install: manifest.install } };
}

/** Users keep what they have loaded, in both directions of a switch. */
async function serve(attempt: Attempt, release: Release): Promise<void> {
  const current = await currentOf(attempt.root);
  if (current?.install === release.install) return;
  if (current !== null) await carryAssets(current, release);
  await switchTo(attempt, release.install);
}

/** @throws TargetFailure `failed` naming the files that users get wrong */
async function awaitServed(call: SiteCall, release: Release): Promise<void> {
  if (call.spec.url === null) return;
  for (const giveUpAt = Date.now() + servedWithinMs; ; ) {
    const served = await fetchServed(call, call.spec.url, release);
    if (served.wrong.length === 0) return;
    if (Date.now() > giveUpAt) {
      throw new TargetFailure('failed', `users do not get ${release.version} of ${call.target}`, {
        evidence: served.wrong.slice(0, 10).join('\n'),
        done: ['switched'],
        notDone: [`served ${served.wrong.length} of ${served.files} files`],
      });
    }
    await sleep(100, undefined, { signal: call.signal });
  }
}

async function invalidate({ call, root }: Attempt, version: string): Promise<Step<Json>> {
  const { invalidate: order } = call.spec;
  if (order === null) return { state: 'done', value: null };
  const done = join(root, '.savepoint', 'invalidated', `${shortHash(call.key)}.json`);
  const current = (await currentOf(root))?.install ?? null;
  if ((await readJson(done)) === current) return { state: 'done', value: current };
  const env = {
    VERSION: version,
    ...order.env,
    SAVEPOINT_ROOT: root,
    SAVEPOINT_KEY: call.key,
    SAVEPOINT_ROLE: 'command',
  };
  const ran = await runCommand({ ...order, env, cwd: call.home, timeoutMs: order.timeout, signal: call.signal });
  if (ran.exitCode !== 0) {
    const how = ran.timedOut ? 'took too long' : `ended with ${ran.exitCode ?? ran.signal}`;
    throw new TargetFailure('failed', `invalidating ${call.target} ${how}`, { evidence: lastLines(ran.output) });
  }
  await keepPrivate(done, current ?? 'nothing');
  return { state: 'done', value: current };
}

async function restore(call: SiteCall, to: Savepoint<SiteState>): Promise<Step<Restored>> {
  const attempt = await begin(call);
  const { install } = to.state;
  const before = await currentOf(attempt.root);
  // What was invalidated for the version that goes must be invalidated again, also by whoever finishes this restore.
  const moved = before?.install !== (install ?? undefined);
  if (moved) await rm(join(attempt.root, '.savepoint', 'invalidated'), { recursive: true, force: true });
  if (install === null) await serveNothing(attempt);
  else {
    const release = await releaseOf(attempt.root, install);
    // Before the switch: users keep what they have as long as what was saved is not all there.
    await checkInstalled(attempt.root, releasesFolder, { ...release, commit: null, also: null });
    await serve(attempt, release);
    await awaitServed(call, release);
    await invalidate(attempt, to.version ?? install);
  }
  const proof = prove(to.fingerprint, await fingerprintOf(call, await currentOf(attempt.root)));
  if (proof.differences.length > 0) {
    const evidence = proof.differences.map(({ part, actual }) => `${part}: ${actual}`).join('\n');
    throw new TargetFailure('failed', `${call.target} is back at ${to.version} but not as it was`, { evidence });
  }
  const detail = install === null ? `${call.target} serves nothing, as before` : `${call.target} serves ${to.version}`;
  return { state: 'done', value: { proof, downtimeMs: 0, kept: before?.install ?? null, detail } };
}

/** Static files in versioned directories behind one link. */
export const site: Kind<SiteSpec, SiteState, SiteChange> = {
  survey,
  prepare,
  save,
  apply,
  restore,
  confirm,
  kept,
  discard,
  async fingerprint(call) {
    call.signal.throwIfAborted();
    return fingerprintOf(call, await currentOf(rootOf(call)));
  },
};
