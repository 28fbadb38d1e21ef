import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import { pathFrom } from '../shell/files.ts';
import { endAll, findMarked, type Markers } from '../shell/processes.ts';
import { type Ran, runCommand } from '../shell/run.ts';
import { copySource } from '../shell/source.ts';
import { lastLines } from '../shell/tail.ts';
import type { BuiltImage } from './aws-ecs.schema.ts';
import { parseImage } from './images.ts';
import type { EcsCall } from './look.ts';
import { loginOf, lookAtImage, lookAtRepository, manifestOf, type Where } from './registry.ts';

/** Everything about one build. `address`: of the repository, without a tag. */
type Build = {
  image: BuiltImage;
  version: string;
  tag: string;
  address: string;
  where: Where;
  directory: string;
};

/**
 * Builds and pushes by the tool or the command of the plan.
 * @returns the reference that means exactly what ECR has under the tag afterwards
 */
export async function buildImage(call: EcsCall, image: BuiltImage, version: string): Promise<string> {
  const where = parseImage(image.repository);
  const { repositoryUri: address } = await lookAtRepository(call, where);
  const tag = image.tag ?? version;
  const before = await lookAtImage(call, where, { imageTag: tag });
  // A build that another worker left behind would push beside this one. Without /proc nobody can look for it.
  await endAll(() => findMarked(markersOf(call)).catch(() => []), 3_000);
  await inSource(call, image, async (directory) => {
    const build = { image, version, tag, address, where, directory };
    if (image.push) await logIn(call, build);
    await runBuild(call, build);
    if (image.push) await push(call, build);
  });
  const pushed = await lookAtImage(call, where, { imageTag: tag });
  if (pushed === null) {
    throw new TargetFailure('failed', `the build of ${call.target} pushed no ${image.repository}:${tag}`, {
      remedy: 'let `build` push it, or leave `push` on',
    });
  }
  if (before !== null && before.imageDigest !== pushed.imageDigest) {
    call.log.warn('the tag meant another image before', { tag, before: before.imageDigest, now: pushed.imageDigest });
  }
  return `${address}@${pushed.imageDigest}`;
}

/** A directory is used as it is; a git ref is checked out beside, and removed afterwards. */
async function inSource(call: EcsCall, { source }: BuiltImage, work: (at: string) => Promise<void>): Promise<void> {
  if (typeof source === 'string') {
    const directory = pathFrom(call.home, source);
    const isDirectory = await stat(directory).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isDirectory) throw new TargetFailure('not-found', `the source ${source} is no directory`);
    return work(directory);
  }
  const root = await mkdtemp(join(tmpdir(), 'savepoint-build-'));
  try {
    const into = join(root, 'source');
    await copySource({ source, home: call.home, into, root, signal: call.signal });
    await work(into);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The password goes through stdin: arguments can be read by everybody on the machine. */
async function logIn(call: EcsCall, { image, address, where, directory }: Build): Promise<void> {
  const { user, password } = await loginOf(call, where.region);
  const registry = address.split('/')[0] ?? address;
  const command = [image.tool, 'login', '--username', user, '--password-stdin', registry];
  const order = { command, directory, env: {}, input: password, timeoutMs: 60_000 };
  expectGood(call, `${image.tool} login`, order, await run(call, order));
}

async function runBuild(call: EcsCall, build: Build): Promise<void> {
  const order = buildOrder(build);
  expectGood(call, 'the build', order, await run(call, order));
}

/** What is run to build. An argument without a value is taken from the environment: no value is in a list of processes. */
export function buildOrder({ image, version, tag, address, directory }: Omit<Build, 'where'>): Order {
  const names = { VERSION: version, REPOSITORY: address, TAG: tag, IMAGE: `${address}:${tag}` };
  const args = Object.keys(image.buildArgs).flatMap((name) => ['--build-arg', name]);
  const command = image.build?.command ?? [image.tool, 'build', '--tag', names.IMAGE, ...args, '.'];
  const env = { ...image.buildArgs, ...names, ...image.build?.env };
  return { command, directory, env, timeoutMs: image.build?.timeout ?? 30 * 60_000 };
}

const pushWithinMs = 20 * 60_000;

/** The tag of the version last: whoever finds it there finds the others too. */
async function push(call: EcsCall, build: Build): Promise<void> {
  const { image, tag, address, directory } = build;
  for (const other of image.tags) {
    const command = [image.tool, 'tag', `${address}:${tag}`, `${address}:${other}`];
    const order = { command, directory, env: {}, timeoutMs: pushWithinMs };
    expectGood(call, `${image.tool} tag`, order, await run(call, order));
  }
  for (const one of [...image.tags, tag]) {
    const order = { command: [image.tool, 'push', `${address}:${one}`], directory, env: {}, timeoutMs: pushWithinMs };
    const ran = await run(call, order);
    const taken = ran.exitCode !== 0 && isTaken(ran);
    if (taken && !(await isSame(call, build, one))) throw forbidden(call, `the push of ${one}`, ran);
    if (!taken) expectGood(call, `the push of ${one}`, order, ran);
  }
}

/** ImageTagAlreadyExistsException and ImageAlreadyExistsException of PutImage (ECR API reference). */
function isTaken({ output }: Ran): boolean {
  return /immutable|already exists/i.test(output);
}

/** Is what was built already there under this tag? Its id is that of the manifest or, in older stores, of the configuration. */
async function isSame(call: EcsCall, { image, where, address, directory }: Build, tag: string): Promise<boolean> {
  const command = [image.tool, 'image', 'inspect', '--format', '{{.Id}}', `${address}:${tag}`];
  const ran = await run(call, { command, directory, env: {}, timeoutMs: 60_000 });
  const found = await manifestOf(call, where, { imageTag: tag });
  return ran.exitCode === 0 && [found.digest, found.configuration].includes(ran.stdout.trim());
}

type Order = { command: string[]; directory: string; env: Record<string, string>; input?: string; timeoutMs: number };

function markersOf({ key }: EcsCall): Markers {
  return { SAVEPOINT_KEY: key, SAVEPOINT_ROLE: 'image' };
}

function run(call: EcsCall, { command, directory, env, input, timeoutMs }: Order): Promise<Ran> {
  const given = input === undefined ? {} : { input };
  const marked = { ...env, ...markersOf(call) };
  return runCommand({ command, cwd: directory, env: marked, timeoutMs, signal: call.signal, ...given });
}

function expectGood(call: EcsCall, what: string, { timeoutMs }: Order, ran: Ran): void {
  if (ran.exitCode === 0) return;
  const evidence = lastLines(ran.output);
  if (/immutable/i.test(ran.output)) throw forbidden(call, what, ran);
  const how = ran.timedOut ? `took longer than ${timeoutMs} ms` : `ended with ${ran.exitCode ?? ran.signal}`;
  throw new TargetFailure(ran.timedOut ? 'timed-out' : 'failed', `${what} of ${call.target} ${how}`, { evidence });
}

function forbidden(call: EcsCall, what: string, { output }: Ran): TargetFailure {
  return new TargetFailure('refused', `${what} of ${call.target} would move a tag, and the repository forbids that`, {
    evidence: lastLines(output),
    remedy: 'release another version, or name the image that is there: image: <repository>:<tag>',
  });
}
