import type { Call } from '../../../release/target.ts';
import { findDatabase, type Session, withSession } from '../connection.ts';
import { type Claim, usersOf } from '../fence.ts';
import { ownTable } from '../migration-state.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import type { PostgresChange } from '../sql-files.ts';
import { inCopy } from './copies.ts';

/** A file that the database's own record names, or a command that came to its end. In the order in which they ran. */
export type Applied = { change: PostgresChange; name: string; sha256: string; version: string; at: string };

/** `doubts`: what was begun and did not come to its end, so that nobody can repeat it elsewhere. */
export type WhatRan = { applied: Applied[]; doubts: string[] };

/** Stands for a command in `Applied.name`. */
export const theCommand = '(command)';

async function recorded(session: Session): Promise<Applied[]> {
  const [there] = await session.rows<{ there: boolean }>(`select to_regclass('${ownTable}') is not null as there`);
  if (there?.there !== true) return [];
  return session.rows<Applied>(
    `select kind as change, name, sha256, version, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at
       from ${ownTable} where kind in ('migrate', 'seed') order by applied_at`,
  );
}

type Tried = { change: PostgresChange; state: string; version: string | null; interrupted: boolean; at: string };

/** What ran on the database since the savepoint, whichever release ran it. `base`: the copy, null where there is none. */
export async function whatRan(call: Call<PostgresSpec>, claim: Claim, base: string | null): Promise<WhatRan> {
  const { maintenance, place, application } = usersOf(claim);
  if ((await findDatabase(maintenance, place.database)) === null) return { applied: [], doubts: [] };
  const before = base === null ? [] : await inCopy(claim, base, recorded);
  const known = new Set(before.map(identityOf));
  const now = await withSession({ place, database: place.database, application }, recorded);
  const files = now.filter((one) => !known.has(identityOf(one)));
  const tried = await maintenance.rows<Tried>(
    `select change, state, version, position is not null as interrupted,
            to_char(begun_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at
       from savepoint.attempts where database = $1 and release = $2 order by begun_at`,
    [place.database, call.release],
  );
  const commands = tried.filter(({ change }) => call.spec[change]?.command != null);
  const finished = commands.filter(({ state }) => state === 'done').map(asApplied);
  return {
    applied: [...files, ...finished].sort((one, other) => (one.at < other.at ? -1 : 1)),
    doubts: tried.filter((one) => one.state !== 'done' && (one.interrupted || commands.includes(one))).map(inWords),
  };
}

function identityOf({ change, name, sha256 }: Applied): string {
  return JSON.stringify([change, name, sha256]);
}

function asApplied({ change, version, at }: Tried): Applied {
  return { change, name: theCommand, sha256: '', version: version ?? '', at };
}

function inWords({ change, state }: Tried): string {
  return `${change} ${state === 'failed' ? 'failed' : 'did not end'} half way, and what it wrote by then counts as rows of users`;
}
