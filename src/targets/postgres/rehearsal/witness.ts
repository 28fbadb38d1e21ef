import { identifier, inTransaction, literal, type Session } from '../connection.ts';
import { sqlState } from '../failures.ts';
import { ownSchema } from '../names.ts';
import { readSchema, type SchemaFacts } from '../rules/schema.ts';
import type { Hit } from '../rules/table.ts';

/** What was there before the migration was tried. `watched`: the server tells of every statement from then on. */
export type Before = { schema: SchemaFacts; hits: Hit[]; server: Record<string, string>; watched: boolean };

/** One thing that the server told of. `locks`: by table that was there before, with the lock's mode. */
export type Witnessed = {
  what: 'statement' | 'rewrite' | 'drop';
  tag: string;
  text: string;
  by: string;
  ms: number | null;
  objects: string[];
  locks: { table: string; mode: string }[];
  session: string;
};

/** No fingerprint covers this schema. */
const tables = `
  create schema if not exists ${ownSchema};
  create table ${ownSchema}.rehearsal_before (facts jsonb not null);
  create table ${ownSchema}.rehearsal_tables (oid oid primary key, name text not null);
  create table ${ownSchema}.rehearsal_witnessed (
    id bigint generated always as identity, what text not null, tag text not null, text text not null, by text not null,
    ms float8, objects jsonb not null, locks jsonb not null, session text not null);
  insert into ${ownSchema}.rehearsal_tables
    select c.oid, n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', '${ownSchema}');
`;

/** Whoever changes the schema, the record is written with the rights of Savepoint's own role. */
const definer = `language plpgsql security definer set search_path to pg_catalog, pg_temp`;
const who = `left(current_query(), 4000), current_setting('application_name')`;
const session = `pg_backend_pid() || '/' || pg_current_xact_id()`;
const insert = `insert into ${ownSchema}.rehearsal_witnessed (what, tag, text, by, ms, objects, locks, session)`;

const triggers = `
  create function ${ownSchema}.rehearsal_began() returns event_trigger ${definer} as $f$
    begin perform set_config('savepoint.began', clock_timestamp()::text, false); end $f$;
  create function ${ownSchema}.rehearsal_ended() returns event_trigger ${definer} as $f$
    begin ${insert} values ('statement', tg_tag, ${who},
      extract(epoch from clock_timestamp() - nullif(current_setting('savepoint.began', true), '')::timestamptz) * 1000,
      (select coalesce(jsonb_agg(object_identity), '[]') from pg_event_trigger_ddl_commands()),
      (select coalesce(jsonb_agg(distinct jsonb_build_object('table', t.name, 'mode', l.mode)), '[]')
         from pg_locks l join ${ownSchema}.rehearsal_tables t on t.oid = l.relation
        where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted
          and l.database = (select oid from pg_database where datname = current_database())),
      ${session}); end $f$;
  create function ${ownSchema}.rehearsal_rewrote() returns event_trigger ${definer} as $f$
    begin ${insert} select 'rewrite', tg_tag, ${who}, null, jsonb_build_array(t.name), '[]', ${session}
      from ${ownSchema}.rehearsal_tables t where t.oid = pg_event_trigger_table_rewrite_oid(); end $f$;
  create function ${ownSchema}.rehearsal_dropped() returns event_trigger ${definer} as $f$
    begin ${insert} select 'drop', tg_tag, ${who}, null, coalesce(jsonb_agg(object_identity), '[]'), '[]', ${session}
      from pg_event_trigger_dropped_objects() where original; end $f$;
  create event trigger savepoint_rehearsal_began on ddl_command_start execute function ${ownSchema}.rehearsal_began();
  create event trigger savepoint_rehearsal_ended on ddl_command_end execute function ${ownSchema}.rehearsal_ended();
  create event trigger savepoint_rehearsal_rewrote on table_rewrite execute function ${ownSchema}.rehearsal_rewrote();
  create event trigger savepoint_rehearsal_dropped on sql_drop execute function ${ownSchema}.rehearsal_dropped();
`;

/** Only a superuser may let the server tell of statements. Without it everything else of a rehearsal works. */
async function letServerTell(session: Session): Promise<boolean> {
  try {
    await inTransaction(session, () => session.run(triggers));
    return true;
  } catch (error) {
    if (sqlState(error) === '42501') return false;
    throw error;
  }
}

/** Writes down what is there, and lets the server tell of every statement that changes the schema from now on. */
export async function watchScratch(session: Session, of: { database: string; hits: Hit[] }): Promise<void> {
  await session.run(tables);
  const server = await readServer(session, of.database);
  const schema = await readSchema(session);
  const watched = await letServerTell(session);
  const before: Before = { schema, hits: of.hits, server, watched };
  await session.rows(`insert into ${ownSchema}.rehearsal_before values ($1)`, [
    JSON.stringify({ ...before, of: of.database }),
  ]);
}

/** What a migration of one database has no business with: roles, and the users' database itself. */
export async function readServer(session: Session, database: string): Promise<Record<string, string>> {
  const [row] = await session.rows<Record<string, string>>(
    `select md5((select string_agg(r::text, ',' order by r.oid) from pg_roles r)::text) as roles,
            md5((select string_agg(m::text, ',' order by m::text) from pg_auth_members m)::text) as members,
            md5((select concat_ws(',', d.datdba, d.datacl::text, d.datconnlimit, d.datallowconn, (select string_agg(s::text, ',' order by s::text) from pg_db_role_setting s where s.setdatabase = d.oid))
               from pg_database d where datname = $1)) as database`,
    [database],
  );
  return row ?? {};
}

export async function readBefore(session: Session): Promise<(Before & { of: string }) | null> {
  const name = `${identifier(ownSchema)}.rehearsal_before`;
  const [there] = await session.rows<{ there: boolean }>(`select to_regclass(${literal(name)}) is not null as there`);
  if (there?.there !== true) return null;
  const [row] = await session.rows<{ facts: Before & { of: string } }>(`select facts from ${name}`);
  return row?.facts ?? null;
}

export function readWitnessed(session: Session): Promise<Witnessed[]> {
  return session.rows<Witnessed>(
    `select what, tag, text, by, ms, objects, locks, session from ${ownSchema}.rehearsal_witnessed order by id`,
  );
}
