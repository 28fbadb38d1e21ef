import { execFile, spawn } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache.ts';
import { downloadWithSdk } from './sdk-download.ts';

/** The version that `go install` builds; other 1.5 to 1.9 releases do not install that way. */
const goPackage = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

/** A program that is needed and could not be had. `tried` says for each way why not. */
export class ToolMissing extends Error {
  readonly tried: readonly string[];

  constructor(tool: string, tried: readonly string[], remedy: string) {
    super(`${tool} is needed and could not be had:\n${tried.map((way) => `  - ${way}`).join('\n')}\n${remedy}`);
    this.name = 'ToolMissing';
    this.tried = tried;
  }
}

export type Say = (line: string) => void;

type Found = { path: string; version: string };

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The first executable of that name on PATH, null when there is none. */
export async function onPath(name: string, environment: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  for (const directory of (environment.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    if (directory !== '' && (await isExecutable(path))) return path;
  }
  return null;
}

/** Runs `temporal --version`. Answers null for anything that is not a Temporal CLI that runs here. */
async function asTemporal(path: string): Promise<Found | null> {
  const answer = await promisify(execFile)(path, ['--version'], { timeout: 15_000 }).catch(() => null);
  return answer?.stdout.includes('Server') ? { path, version: answer.stdout.trim() } : null;
}

function cached(environment: NodeJS.ProcessEnv): string {
  return join(cacheDirectory(environment), 'bin', 'temporal');
}

/**
 * Looks for the Temporal CLI without installing anything: `TEMPORAL_CLI`, PATH, the cache.
 *
 * @returns what was found, else why each place did not have it
 */
export async function findTemporalCli(environment: NodeJS.ProcessEnv = process.env): Promise<Found | string[]> {
  const named = environment.TEMPORAL_CLI;
  const places: [string, string | null][] = [
    ['TEMPORAL_CLI', named === undefined || named === '' ? null : named],
    ['PATH', await onPath('temporal', environment)],
    ['the cache', (await isExecutable(cached(environment))) ? cached(environment) : null],
  ];
  const tried: string[] = [];
  for (const [place, path] of places) {
    const found = path === null ? null : await asTemporal(path);
    if (found !== null) return found;
    const nothing = place === 'TEMPORAL_CLI' ? 'is not set' : 'has no temporal';
    tried.push(`${place} ${path === null ? nothing : `names ${path}, which is no Temporal CLI that runs here`}`);
    if (place === 'TEMPORAL_CLI' && path !== null) break;
  }
  return tried;
}

async function goInstall(into: string, say: Say): Promise<void> {
  const go = await onPath('go');
  if (go === null) throw new Error('there is no go on PATH');
  say(`building the Temporal CLI with Go, which takes a few minutes the first time (go install ${goPackage})`);
  await new Promise<void>((resolve, reject) => {
    const env = { ...process.env, GOBIN: into };
    const child = spawn(go, ['install', goPackage], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said = (said + String(chunk)).slice(-400);
    });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(said.trim() || `exit ${code}`))));
  });
}

/** The end of an error's message on one line: the cause, which chained messages put last. */
export function shortly(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const last = text.split(': ').slice(-2).join(': ');
  return last.replace(/\s+/g, ' ').slice(-200);
}

/** One way to install the CLI at `path`. Rejects when it does not work. */
export type InstallWay = { name: string; install: (path: string, say: Say) => Promise<void> };

const installWays: readonly InstallWay[] = [
  { name: 'the download of the Temporal SDK', install: (path) => downloadWithSdk('dev-server', path) },
  { name: `go install ${goPackage}`, install: (path, say) => goInstall(dirname(path), say) },
];

/**
 * Finds the Temporal CLI, or installs it into the cache: by the SDK's own download, else by `go install`.
 *
 * @returns path and version of a CLI that was seen to run
 * @throws ToolMissing naming every way that was tried
 */
export async function ensureTemporalCli(
  say: Say,
  environment: NodeJS.ProcessEnv = process.env,
  ways: readonly InstallWay[] = installWays,
): Promise<Found> {
  const found = await findTemporalCli(environment);
  if (!Array.isArray(found)) return found;
  const tried = [...found];
  const path = cached(environment);
  // A path that the user names and that does not work is a mistake to report, not one to work around.
  if (!environment.TEMPORAL_CLI) {
    await mkdir(dirname(path), { recursive: true });
    say(`the Temporal CLI is not installed on ${platform()}/${arch()}; getting it once into ${dirname(path)}`);
    for (const { name, install } of ways) {
      const problem = await install(path, say).then(() => null, shortly);
      const installed = problem === null ? await asTemporal(path) : null;
      if (installed !== null) return installed;
      tried.push(`${name}: ${problem ?? 'what it brought does not run here'}`);
    }
  }
  const remedy = 'Install it (https://docs.temporal.io/cli), or set TEMPORAL_CLI to the path of its executable.';
  throw new ToolMissing('The Temporal CLI', tried, remedy);
}
