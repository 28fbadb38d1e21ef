import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../src/dev/cache.ts';
import { onPath, shortly } from '../../src/dev/temporal-cli.ts';
import { isMissing, type Tool } from './tools.ts';

/** No Debian package brings it; `go install` builds it in one to two minutes. */
const version = 'v1.8.1';

function cached(): string {
  return join(cacheDirectory(), 'bin', `k6-${version}`);
}

/** `K6`, PATH, else the cached program. */
export async function findK6(): Promise<Tool> {
  const named = process.env.K6;
  const places = named === undefined || named === '' ? [await onPath('k6'), cached()] : [named];
  for (const path of places) {
    const runs =
      path === null ? null : await promisify(execFile)(path, ['version'], { timeout: 15_000 }).catch(() => null);
    if (path !== null && runs !== null) return { path };
  }
  return {
    missing: named ? `K6 names ${named}, which is no k6 that runs here` : 'there is no k6; install it or set K6',
  };
}

/** As `findK6`; where it is missing it is built with Go, once. */
export async function ensureK6(): Promise<Tool> {
  const found = await findK6();
  if (!isMissing(found) || process.env.K6) return found;
  const problem = await buildWithGo().then(() => null, shortly);
  return problem === null ? await findK6() : { missing: `${found.missing}, and it could not be built: ${problem}` };
}

async function buildWithGo(): Promise<void> {
  const go = await onPath('go');
  if (go === null) throw new Error('there is no Go');
  const bin = join(cacheDirectory(), 'bin');
  await mkdir(bin, { recursive: true });
  const into = await mkdtemp(join(bin, 'k6-'));
  try {
    await new Promise<void>((resolve, reject) => {
      const env = { ...process.env, GOBIN: into, GOFLAGS: '-ldflags=-s -ldflags=-w' };
      const child = spawn(go, ['install', `go.k6.io/k6@${version}`], { env, stdio: ['ignore', 'ignore', 2] });
      child.once('error', reject);
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`go install ended with ${code}`))));
    });
    await rename(join(into, 'k6'), cached());
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}
