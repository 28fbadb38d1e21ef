import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetFailure } from '../../release/failure.ts';
import { checkNewest, shortHash } from '../shell/files.ts';
import { checkInstalled, type Manifest } from '../shell/install.ts';
import type { Markers } from '../shell/processes.ts';
import { endGroup } from '../shell/run.ts';
import { type Attempt, directoryOf, logOf, versionsFolder } from './place.ts';
import { isFree, type Role } from './services.ts';
import { lead, look } from './switching.ts';

/** The verb that starts a service; going back never takes one that a deployment started. */
export type Verb = 'deploy' | 'restore' | 'resume' | 'stage';
/** `staged`: variables of a rehearsal, laid over the service's own. */
export type StartOn = { port: number; verb: Verb; staged?: Record<string, string> };

/** What a version is started with; kept with it, so that it can be started again as it was. */
export type HowToRun = { run: string[]; environment: string[] };

function howToRun(manifest: Manifest): HowToRun {
  return manifest.also as HowToRun;
}

/** How services ended that this worker started, by start; only their parent is told. */
const ends = new Map<string, string>();

export function endOf(start: string): string | null {
  return ends.get(start) ?? null;
}

/** What every program needs and no secret hides in; all else comes from the plan. */
const inherited =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|LD_LIBRARY_PATH)$/;

function environmentOf({ call, place }: Attempt, manifest: Manifest, on: StartOn & { start: string }) {
  const base = Object.fromEntries(Object.entries(process.env).filter(([name]) => inherited.test(name)));
  const names = new Set(howToRun(manifest).environment);
  const own = Object.fromEntries(Object.entries(call.spec.env).filter(([name]) => names.has(name)));
  const markers: Markers = {
    SAVEPOINT_ROLE: (on.staged === undefined ? 'service' : 'staged') satisfies Role,
    SAVEPOINT_ROOT: place.root,
    SAVEPOINT_START: on.start,
    SAVEPOINT_TARGET: call.target,
    SAVEPOINT_RELEASE: call.release,
    SAVEPOINT_KEY: call.key,
    SAVEPOINT_VERB: on.verb,
    SAVEPOINT_FENCE: String(call.fence),
    SAVEPOINT_INSTALL: manifest.install,
    SAVEPOINT_VERSION: manifest.version,
    SAVEPOINT_DIGEST: manifest.digest,
    SAVEPOINT_PORT: String(on.port),
  };
  const given = { PORT: String(on.port), HOST: call.spec.host, VERSION: manifest.version };
  return { ...base, ...own, ...on.staged, ...given, ...markers };
}

/**
 * Starts a version as a process group that outlives this worker, and returns the name of the start.
 * An attempt that turns out to be stale ends what it has just started.
 */
export async function startService(attempt: Attempt, manifest: Manifest, on: StartOn): Promise<string> {
  const { call, place, fence } = attempt;
  await checkInstalled(place.root, versionsFolder, manifest);
  const start = `${manifest.install}-${shortHash(call.key).slice(0, 8)}-${call.fence}-${Date.now().toString(36)}`;
  const file = logOf(place, start);
  await mkdir(dirname(file), { recursive: true });
  const log = await open(file, 'a', 0o600);
  try {
    await checkNewest(fence);
    call.signal.throwIfAborted();
    const pid = await spawnDetached(attempt, manifest, { ...on, start, log: log.fd });
    await checkNewest(fence).catch(async (error: unknown) => {
      await endGroup(pid);
      throw error;
    });
  } finally {
    await log.close();
  }
  return start;
}

type Start = StartOn & { start: string; log: number };

function spawnDetached(attempt: Attempt, manifest: Manifest, on: Start): Promise<number | undefined> {
  const [program, ...rest] = howToRun(manifest).run;
  const child = spawn(program ?? '', rest, {
    cwd: directoryOf(attempt.place, manifest.install),
    env: environmentOf(attempt, manifest, on),
    detached: true,
    stdio: ['ignore', on.log, on.log],
  });
  child.unref();
  child.once('exit', (code, signal) => ends.set(on.start, code === null ? `signal ${signal}` : `exit code ${code}`));
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid));
    child.once('error', (error) => {
      const remedy = 'check `run`: the program and its path';
      reject(new TargetFailure('not-found', `${program} could not be started`, { remedy }, error));
    });
  });
}

type Wish = { preferred: number | null; verb: Verb };

/**
 * A port that nobody uses, `preferred` first. Where the only port is taken by the version that users are on, they are
 * led to maintenance and that version is stopped; with more ports only the way back may cut users off.
 *
 * @returns the port, and whether users were cut off for it
 * @throws TargetFailure `refused` when strangers hold every port
 */
export async function findPort(attempt: Attempt, { preferred, verb }: Wish, stop: StopOthers) {
  const { call, place } = attempt;
  const { host, ports } = call.spec;
  const mayCutOff = ports.length === 1 || verb !== 'deploy';
  const wanted = preferred === null ? ports : [preferred, ...ports.filter((port) => port !== preferred)];
  const free = await firstFree(host, wanted);
  if (free !== null) return { port: free, cutOff: false };
  const { services, current } = await look(place);
  const spare = services.filter((service) => service !== current && wanted.includes(service.port));
  if (spare.length > 0) {
    await stop(spare);
    const left = await firstFree(host, wanted);
    if (left !== null) return { port: left, cutOff: false };
  }
  if (mayCutOff && current !== null && wanted.includes(current.port)) {
    await lead(attempt, { to: 'maintenance' });
    await stop([current]);
    const left = await firstFree(host, wanted);
    if (left !== null) return { port: left, cutOff: true };
  }
  const taken = wanted.filter((port) => port !== current?.port).join(', ');
  throw new TargetFailure('refused', `every free port of ${call.target} is taken by another program: ${taken}`, {
    remedy: 'stop the program that listens there, or name other `ports`',
  });
}

export type StopOthers = (services: Awaited<ReturnType<typeof look>>['services']) => Promise<void>;

/** A port may take a moment to be let go after its owner is gone. */
async function firstFree(host: string, ports: readonly number[]): Promise<number | null> {
  for (let tries = 0; tries < 3; tries += 1) {
    for (const port of ports) if (await isFree(host, port)) return port;
    await sleep(50);
  }
  return null;
}
