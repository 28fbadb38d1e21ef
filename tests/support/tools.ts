import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { onPath, shortly } from '../../src/dev/temporal-cli.ts';
import { unpackedProgram, unpackPackage } from './unpacked.ts';

/** A program that some tests need. `missing` says why it cannot be had; tests then skip with that reason. */
export type Tool = { path: string } | { missing: string };

export function isMissing(tool: Tool): tool is { missing: string } {
  return 'missing' in tool;
}

async function firstOnPath(names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    const path = await onPath(name);
    if (path !== null) return path;
  }
  return null;
}

/** Chromium or Chrome: `CHROMIUM`, else PATH. */
export async function findChromium(): Promise<Tool> {
  const named = process.env.CHROMIUM;
  if (named !== undefined && existsSync(named)) return { path: named };
  const path = await firstOnPath(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);
  return path === null ? { missing: 'there is no Chromium; install it or set CHROMIUM' } : { path };
}

/** Directory of a Debian or Ubuntu PostgreSQL, which unlike the embedded one has pg_dump; the newest that is there. */
export function findPostgresPrograms(): Tool {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  const complete = versions.find((version) =>
    ['pg_dump', 'initdb', 'postgres'].every((program) => existsSync(`${base}/${version}/bin/${program}`)),
  );
  if (complete === undefined) return { missing: `there is no PostgreSQL with pg_dump and initdb below ${base}` };
  return { path: `${base}/${complete}/bin` };
}

export async function findPgbouncer(): Promise<Tool> {
  const installed = await onPath('pgbouncer');
  if (installed !== null) return { path: installed };
  const path = ['/usr/sbin/pgbouncer', unpackedProgram('pgbouncer')].find((one) => existsSync(one));
  return path === undefined ? { missing: 'there is no pgbouncer' } : { path };
}

/** As `findPgbouncer`; where it is missing it is unpacked into the cache, which needs no root. */
export async function ensurePgbouncer(): Promise<Tool> {
  const found = await findPgbouncer();
  if (!isMissing(found)) return found;
  const problem = await unpackPackage('pgbouncer', 'usr/sbin/pgbouncer').then(() => null, shortly);
  return problem === null
    ? await findPgbouncer()
    : { missing: `${found.missing}, and none could be fetched: ${problem}` };
}

/** Prometheus from PATH, else as `ensurePrometheus` unpacked it. */
export async function findPrometheus(): Promise<Tool> {
  const installed = await onPath('prometheus');
  if (installed !== null) return { path: installed };
  const path = unpackedProgram('prometheus');
  return existsSync(path) ? { path } : { missing: 'there is no prometheus; run node scripts/setup.mjs test' };
}

/** As `findPrometheus`; where it is missing it is unpacked into the cache: its package would start a server. */
export async function ensurePrometheus(): Promise<Tool> {
  const found = await findPrometheus();
  if (!isMissing(found)) return found;
  const problem = await unpackPackage('prometheus', 'usr/bin/prometheus').then(() => null, shortly);
  return problem === null
    ? await findPrometheus()
    : { missing: `there is no prometheus, and none could be fetched: ${problem}` };
}

export async function findRedis(): Promise<Tool> {
  const path = await onPath('redis-server');
  return path === null ? { missing: 'there is no redis-server; install the package redis-server' } : { path };
}

/** The Compose plugin of the Docker client; the daemon is not needed to check a file. */
export async function findCompose(): Promise<Tool> {
  const docker = await onPath('docker');
  if (docker === null) return { missing: 'there is no docker client' };
  const answers = await promisify(execFile)(docker, ['compose', 'version'], { timeout: 10_000 }).catch(() => null);
  return answers === null ? { missing: 'the docker client has no compose plugin' } : { path: docker };
}
