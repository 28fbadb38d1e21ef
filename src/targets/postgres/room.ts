import { access, statfs } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import type { Call, Finding } from '../../release/target.ts';
import type { Session } from './connection.ts';
import { type Place, urlOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';

function readable(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

async function databaseSize(session: Session, database: string): Promise<number> {
  const [row] = await session.rows<{ size: string }>('select pg_database_size($1)::text as size', [database]);
  return Number(row?.size ?? 0);
}

/** The server's data directory where it lives on this very host, null where that cannot be told. */
async function localDataDirectory(session: Session, place: Place): Promise<string | null> {
  const { hostname } = urlOf(place, place.database);
  if (!['127.0.0.1', 'localhost', '[::1]', ''].includes(hostname)) return null;
  try {
    const [row] = await session.rows<{ directory: string }>(`select current_setting('data_directory') as directory`);
    const directory = row?.directory ?? '';
    await access(directory);
    return directory;
  } catch {
    return null;
  }
}

async function freeBytes(path: string): Promise<number | null> {
  try {
    const found = await statfs(path);
    return found.bavail * found.bsize;
  } catch {
    return null;
  }
}

/** Nearest directory that exists already. */
async function existing(path: string): Promise<string> {
  let current = path;
  while (current !== '/' && (await freeBytes(current)) === null) current = join(current, '..');
  return current;
}

function judged(where: string, needed: number, free: number | null): Finding {
  if (free === null) {
    return {
      status: 'WARN',
      what: `${readable(needed)} are needed ${where}; how much is free there cannot be known from here`,
      remedy: 'look at the free disk space of the server',
    };
  }
  const what = `${readable(needed)} are needed ${where}, ${readable(free)} are free`;
  return free > needed ? { status: 'PASS', what } : { status: 'FAIL', what, remedy: 'free disk space first' };
}

/**
 * Room for every copy that the plan can need: the restore beside the database and the reference by which the release's
 * own rows are told apart; by template the savepoint as well, by dump the file, which is never larger than the database.
 */
export async function surveyRoom(call: Call<PostgresSpec>, session: Session, place: Place): Promise<Finding[]> {
  const size = await databaseSize(session, place.database);
  const directory = await localDataDirectory(session, place);
  const free = directory === null ? null : await freeBytes(directory);
  const { by, directory: dumps } = call.spec.savepoint;
  if (by === 'template') return [judged('on the server for three copies', size * 3, free)];
  const target = isAbsolute(dumps) ? dumps : resolve(call.home, dumps);
  return [
    judged('on the server for two copies', size * 2, free),
    judged('for the dump', size, await freeBytes(await existing(target))),
  ];
}
