import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { prove } from '../../release/fingerprint.ts';
import type { Call, Kept, Savepoint } from '../../release/target.ts';
import type { Session } from './connection.ts';
import { openAnywhere, openMaintenanceIfThere } from './maintenance.ts';
import { applicationName, type Derived, derivedFrom, type Place, placeOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import type { PostgresState } from './savepoints.ts';

/** A database that carries one of Savepoint's names, as the catalogue has it. */
type Found = { name: string; owner: string; comment: string | null; bytes: string | null; sessions: string[] };

/** What Savepoint wrote down about something that it made. */
type Noted = { name: string; release: string; since: Date | null; savepoint: Savepoint<PostgresState> | null };

const foundQuery = `
  select d.datname as name, pg_get_userbyid(d.datdba) as owner, shobj_description(d.oid, 'pg_database') as comment,
         case when has_database_privilege(d.oid, 'CONNECT') or pg_has_role('pg_read_all_stats', 'member')
              then pg_database_size(d.oid)::text end as bytes,
         array(select distinct coalesce(a.usename, a.backend_type, '') || ' (' || coalesce(nullif(a.application_name, ''), 'no application name') || ')'
                 from pg_stat_activity a where a.datid = d.oid and a.pid <> pg_backend_pid()
                      and coalesce(a.backend_type, '') not in ('autovacuum worker', 'parallel worker')) as sessions
    from pg_database d where not d.datistemplate order by d.datname`;

const notedQuery = `
  select kept as name, release, exchanged_at as since, null::jsonb as savepoint from savepoint.restores where database = $1 and kept is not null
  union all
  select beside, release, closed_at, null from savepoint.restores where database = $1 and beside is not null and exchanged_at is null
  union all
  select coalesce(copy, savepoint->'state'->>'file'), release, coalesce(taken_at, begun_at), savepoint from savepoint.savepoints
   where database = $1 and coalesce(copy, savepoint->'state'->>'file') is not null`;

/** Comments that Savepoint gives to what it makes; they tell whose a database is when the record is gone. */
const ownComment = /^(Savepoint of|Replaced by a restore of release|Scratch of|Reference of) /;

const kinds: Record<string, Kept['what']> = { superseded: 'superseded', sp: 'savepoint' };

async function notedBy(maintenance: Session | null, place: Place): Promise<Noted[]> {
  if (maintenance === null) return [];
  const noted = await maintenance.rows<Noted>(notedQuery, [place.database]);
  const [more] = await maintenance.rows<{ there: boolean }>(
    `select to_regclass('savepoint.measures') is not null as there`,
  );
  if (more?.there !== true) return noted;
  const references = await maintenance.rows<Noted>(
    `select reference as name, release, null::timestamptz as since, null::jsonb as savepoint
       from savepoint.measures where database = $1 and reference is not null`,
    [place.database],
  );
  return [...noted, ...references];
}

/** Everything on the server and in the dump directory that releases made for this database and nothing removes. */
export async function kept(call: Call<PostgresSpec>): Promise<Kept[]> {
  call.signal.throwIfAborted();
  const place = placeOf(call.spec);
  const application = applicationName(call);
  const server = await openAnywhere(place, application);
  const maintenance = await openMaintenanceIfThere(place, application).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  try {
    const noted = await notedBy(maintenance, place);
    const found = await server.rows<Found>(foundQuery);
    const databases = found.flatMap((one) => {
      const derived = derivedFrom(one.name, place.database);
      return derived === null
        ? []
        : [
            keptDatabase(
              one,
              derived,
              noted.find(({ name }) => name === one.name),
            ),
          ];
    });
    return [...databases, ...(await keptDumps(call, place, noted))];
  } finally {
    await maintenance?.close();
    await server.close();
  }
}

function keptDatabase(found: Found, { made, release }: Derived, noted: Noted | undefined): Kept {
  return {
    name: found.name,
    what: kinds[made] ?? 'unfinished',
    release: noted?.release ?? release,
    since: noted?.since?.toISOString() ?? dayIn(found.comment),
    bytes: found.bytes === null ? null : Number(found.bytes),
    owner: found.owner,
    level: levelOf(noted?.savepoint ?? null),
    obstacle: obstacleOf(found, noted),
  };
}

function obstacleOf({ sessions, comment }: Found, noted: Noted | undefined): string | null {
  if (noted === undefined && !ownComment.test(comment ?? '')) {
    return 'nothing says that Savepoint made it: look at it, and drop it by hand';
  }
  return sessions.length === 0 ? null : `somebody is in it: ${sessions.slice(0, 3).join(', ')}`;
}

/** `2026-03-01 12:30 UTC` or a whole moment. */
function dayIn(comment: string | null): string | null {
  const moment = /(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)/.exec(comment ?? '');
  return moment === null ? null : new Date(`${moment[1]}T${moment[2]}:00Z`).toISOString();
}

function levelOf(savepoint: Savepoint<PostgresState> | null): Kept['level'] {
  return savepoint === null ? 'unproved' : prove(savepoint.fingerprint, savepoint.fingerprint).level;
}

/** Where a dump of this database is kept; its name alone is what people type. */
export function dumpPath(call: Call<PostgresSpec>, name: string): string {
  return join(resolve(call.home, call.spec.savepoint.directory), basename(name));
}

async function keptDumps(call: Call<PostgresSpec>, place: Place, noted: readonly Noted[]): Promise<Kept[]> {
  const names = await readdir(resolve(call.home, call.spec.savepoint.directory)).catch(() => []);
  const dumps: Kept[] = [];
  for (const name of names.sort()) {
    const derived = name.endsWith('.dump') ? derivedFrom(name.slice(0, -'.dump'.length), place.database) : null;
    if (derived === null) continue;
    const file = await stat(dumpPath(call, name));
    const known = noted.find((one) => basename(one.name) === name);
    dumps.push({
      name,
      what: 'savepoint',
      release: known?.release ?? derived.release,
      since: (known?.since ?? file.mtime).toISOString(),
      bytes: file.size,
      owner: null,
      level: levelOf(known?.savepoint ?? null),
      obstacle: null,
    });
  }
  return dumps;
}
