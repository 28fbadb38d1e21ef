import { createHash } from 'node:crypto';
import { TargetFailure } from '../../release/failure.ts';
import { shortRelease } from '../../release/naming.ts';
import type { Call } from '../../release/target.ts';
import type { PostgresSpec } from './postgres.schema.ts';

/** The small database on the same server where fences, holds and savepoints are written down. */
export const maintenanceDatabase = 'savepoint';
/** The schema in the released database that holds the record of applied files. No fingerprint covers it. */
export const ownSchema = 'savepoint';

/** PostgreSQL cuts longer names off. */
const longestName = 63;

function derived(database: string, ending: string): string {
  const room = longestName - Buffer.byteLength(ending);
  if (Buffer.byteLength(database) <= room) return database + ending;
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 8);
  let kept = database;
  while (Buffer.byteLength(kept) > room - 9) kept = kept.slice(0, -1);
  return `${kept}_${hash}${ending}`;
}

/** Savepoint copy of a database. */
export function copyName(database: string, release: string): string {
  return derived(database, `_sp_${shortRelease(release)}`);
}

/** Where a restore is built before it is exchanged. */
export function besideName(database: string, release: string): string {
  return derived(database, `_beside_${shortRelease(release)}`);
}

/** Savepoint and migration without any user, by which the release's own rows are told apart. */
export function referenceName(database: string, release: string): string {
  return derived(database, `_reference_${shortRelease(release)}`);
}

/** Where a migration is tried out. */
export function scratchName(database: string, release: string): string {
  return derived(database, `_scratch_${shortRelease(release)}`);
}

/** What a replaced database is called; `count` tells several of one release apart, from 1. */
export function supersededName(database: string, release: string, count: number): string {
  return derived(database, `_superseded_${shortRelease(release)}${count > 1 ? `_${count}` : ''}`);
}

const suffix = /_(sp|beside|reference|scratch|superseded)_([a-z0-9]{8})(_\d+)?$/;

/** What a name says of a database that Savepoint made. `release`: its eight characters. */
export type Derived = { made: string; release: string };

/**
 * What Savepoint would call so, whatever the release; null for a name that it gives to no copy of this database. What
 * was made of a copy belongs to the database too.
 */
export function derivedFrom(name: string, database: string): Derived | null {
  const [ending, made, release] = suffix.exec(name) ?? [];
  if (ending === undefined || made === undefined || release === undefined) return null;
  if (derived(database, ending) === name) return { made, release };
  const copy = name.slice(0, -ending.length);
  return derivedFrom(copy, database) !== null && derived(copy, ending) === name ? { made: 'scratch', release } : null;
}

/** Visible in `pg_stat_activity` for every session of one attempt; at most 63 bytes. */
export function applicationName(call: Pick<Call<unknown>, 'target' | 'release' | 'fence'>): string {
  return `savepoint/${call.target.slice(0, 30)}/${shortRelease(call.release)}/${call.fence}`;
}

/** Server, role and database as the plan names them. */
export type Place = { url: string; database: string };

/** @throws TargetFailure `invalid-input` when the url is none, names no database, or names Savepoint's own. */
export function placeOf(spec: PostgresSpec): Place {
  const url = parseUrl(spec.url);
  const database = spec.database ?? decodeURIComponent(url.pathname.replace(/^\//, ''));
  if (database === '') {
    throw new TargetFailure('invalid-input', 'neither `database` nor the path of `url` names a database', {
      remedy: 'add `database: name` to the target',
    });
  }
  if (['postgres', 'template0', 'template1', maintenanceDatabase].includes(database)) {
    throw new TargetFailure('invalid-input', `the database ${database} belongs to the server or to Savepoint itself`, {
      remedy: 'keep the application in a database of its own',
    });
  }
  return { url: spec.url, database };
}

/** The url with another database. The error of a wrong url would show its password, so it is not passed on. */
export function urlOf(place: Place, database: string): URL {
  const url = parseUrl(place.url);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url;
}

function parseUrl(text: string): URL {
  let url: URL | null = null;
  try {
    url = new URL(text);
  } catch {}
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new TargetFailure(
      'invalid-input',
      '`url` is no address of the form postgres://role:password@host:port/database',
      {
        remedy: 'percent-encode special characters of the password',
      },
    );
  }
  return url;
}
