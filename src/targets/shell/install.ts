import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Artefact, Call, Step } from '../../release/target.ts';
import type { ShellCommandSpec, SourceSpec } from './command.schema.ts';
import { claimFence, exists, fileNameOf, hasCode, keepPrivate, pathFrom, readJson, shortHash } from './files.ts';
import { forgetJob, lookAtJob } from './job.ts';
import { endAll, findMarked, type Markers } from './processes.ts';
import { runCommand } from './run.ts';
import { copySource } from './source.ts';
import { lastLines } from './tail.ts';
import { changedFiles, digestOf, type Tree, topOf, treeOf } from './tree.ts';

/**
 * How a version becomes a directory `<root>/<folder>/<install>` that is never written again.
 * `also`: what belongs to the version besides files, such as how it is started. `inspect` refuses a bad build.
 */
export type Recipe = {
  folder: string;
  source: SourceSpec;
  build: ShellCommandSpec | null;
  output: string;
  also: Json;
  inspect: (directory: string, tree: Tree) => Promise<void>;
};

/** What is known of an installed version. `tree` is kept beside it, never in a result: it can be large. */
export type Manifest = {
  install: string;
  version: string;
  digest: string;
  commit: string | null;
  also: Json;
  tree: Tree;
};

type PreparingCall = Call<{ root: string }>;
export function installedAt(root: string, folder: string, install: string): string {
  return join(root, folder, install);
}

export function manifestFile(root: string, install: string): string {
  return join(root, '.savepoint', 'versions', `${fileNameOf(install)}.json`);
}

export async function readManifest(root: string, install: string): Promise<Manifest | undefined> {
  return (await readJson(manifestFile(root, install))) as Manifest | undefined;
}

export async function keepManifest(root: string, manifest: Manifest): Promise<void> {
  await keepPrivate(manifestFile(root, manifest.install), manifest);
}

export async function forgetManifest(root: string, install: string): Promise<void> {
  await rm(manifestFile(root, install), { force: true });
}

/** @throws TargetFailure `changed` naming the files that are not what was pinned */
export async function checkInstalled(root: string, folder: string, manifest: Manifest): Promise<void> {
  const changed = await changedFiles(installedAt(root, folder, manifest.install), manifest.tree);
  if (changed.length === 0) return;
  throw new TargetFailure('changed', `${changed.length} files of ${manifest.install} are not what was prepared`, {
    evidence: changed.slice(0, 10).join('\n'),
    remedy: 'nothing may write into a prepared version; let the service write elsewhere',
  });
}

/** Copies, builds, inspects and pins. A build that another worker left behind is ended and begun again. */
export async function prepareInstall(call: PreparingCall, version: string, recipe: Recipe): Promise<Step<Artefact>> {
  call.signal.throwIfAborted();
  const root = pathFrom(call.home, call.spec.root);
  await claimFence(root, call.fence);
  const record = join(root, '.savepoint', 'prepared', `${shortHash(call.key)}.json`);
  const known = (await readJson(record)) as Artefact | undefined;
  if (known?.location && (await exists(known.location))) {
    // It may have ended between two looks.
    forgetJob(call.key);
    return { state: 'done', value: known };
  }
  const built = await lookAtJob(call.key, call.signal, () => build(call, version, { recipe, root, record }));
  if (built === null) return { state: 'working', detail: `preparing ${version}`, lookAgainMs: 200 };
  return { state: 'done', value: built.value };
}

type Plan = { recipe: Recipe; root: string; record: string };

async function build(call: PreparingCall, version: string, { recipe, root, record }: Plan): Promise<Artefact> {
  const markers: Markers = { SAVEPOINT_ROOT: root, SAVEPOINT_KEY: call.key, SAVEPOINT_ROLE: 'build' };
  await endAll(() => findMarked(markers), 3_000);
  const staging = join(root, '.savepoint', 'builds', `${shortHash(call.key)}-${call.fence}`);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    const copied = join(staging, 'source');
    const { home, signal } = call;
    const commit = await copySource({ source: recipe.source, home, into: copied, root, signal });
    await runBuild(call, recipe.build, { version, copied, markers });
    const artefact = await pin(join(copied, recipe.output), { version, commit, recipe, root });
    await keepPrivate(record, artefact);
    return artefact;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

type Building = { version: string; copied: string; markers: Markers };

async function runBuild(call: PreparingCall, build: ShellCommandSpec | null, on: Building): Promise<void> {
  if (build === null) return;
  const env = { VERSION: on.version, ...build.env, ...on.markers };
  const order = { command: build.command, cwd: on.copied, env, timeoutMs: build.timeout, signal: call.signal };
  const ran = await runCommand(order);
  if (ran.exitCode === 0) return;
  const kind = ran.timedOut ? 'timed-out' : 'failed';
  const how = ran.timedOut ? `took longer than ${build.timeout} ms` : `ended with ${ran.exitCode ?? ran.signal}`;
  throw new TargetFailure(kind, `the build of ${call.target} ${how}`, { evidence: lastLines(ran.output) });
}

type Pinning = { version: string; commit: string | null; recipe: Recipe; root: string };

async function pin(built: string, { version, commit, recipe, root }: Pinning): Promise<Artefact> {
  if (!(await exists(built))) throw new TargetFailure('not-found', `the build made no directory ${recipe.output}`);
  const tree = await treeOf(built);
  await recipe.inspect(built, tree);
  const digest = digestOf(tree, JSON.stringify(recipe.also));
  const install = `${fileNameOf(version)}-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
  const manifest: Manifest = { install, version, digest, commit, also: recipe.also, tree };
  const location = installedAt(root, recipe.folder, install);
  await keepManifest(root, manifest);
  await mkdir(join(root, recipe.folder), { recursive: true });
  try {
    await rename(built, location);
  } catch (error) {
    // The same content was installed before: it is used as it is, when it still is what it was.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await checkInstalled(root, recipe.folder, manifest);
  }
  return { digest, location, parts: topOf(tree) };
}

/** What `prepare` pinned for this release, found again on disk. */
export async function pinnedInstall(call: PreparingCall): Promise<Manifest> {
  const root = pathFrom(call.home, call.spec.root);
  const install = call.pinned?.location?.split('/').at(-1);
  const manifest = install === undefined ? undefined : await readManifest(root, install);
  if (manifest === undefined || manifest.digest !== call.pinned?.digest) {
    throw new TargetFailure('not-found', `${call.target} was not prepared on this host`, {
      remedy: 'run the worker of local targets on the host where they live',
    });
  }
  return manifest;
}
