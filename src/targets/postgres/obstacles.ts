import type { Finding } from '../../release/target.ts';
import type { Session } from './connection.ts';
import { derivedFrom, maintenanceDatabase, type Place } from './names.ts';
import type { Role } from './rights.ts';
import { foreignSessions, named } from './sessions.ts';

function fail(what: string, remedy: string): Finding {
  return { status: 'FAIL', what, remedy };
}

async function names(session: Session, query: string, values: unknown[] = []): Promise<string[]> {
  return (await session.rows<{ name: string }>(query, values)).map((row) => row.name);
}

/** Things that belong to the database that is renamed, and would follow the wrong one afterwards. */
export async function surveyFollowers(session: Session, place: Place): Promise<Finding[]> {
  const database = [place.database];
  const findings: Finding[] = [];
  const slots = await names(
    session,
    `select slot_name as name from pg_replication_slots where slot_type = 'logical' and database = $1`,
    database,
  );
  if (slots.length > 0) {
    findings.push(
      fail(
        `logical replication slots would stay with the replaced database: ${slots.join(', ')}`,
        `stop the consumers and drop the slots before the release: select pg_drop_replication_slot('${slots[0]}')`,
      ),
    );
  }
  const subscriptions = await names(
    session,
    `select subname as name from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = $1`,
    database,
  );
  if (subscriptions.length > 0) {
    findings.push(
      fail(
        `subscriptions would stay with the replaced database: ${subscriptions.join(', ')}`,
        'disable and drop them before the release, create them again afterwards',
      ),
    );
  }
  const prepared = await names(session, `select gid as name from pg_prepared_xacts where database = $1`, database);
  if (prepared.length > 0) {
    findings.push(
      fail(
        `prepared transactions keep the database from being copied: ${prepared.join(', ')}`,
        `commit or roll them back: rollback prepared '${prepared[0]}'`,
      ),
    );
  }
  return findings;
}

/** Extensions that a dump could not bring back, and those that know the database by its name. */
export async function surveyExtensions(inside: Session, by: 'template' | 'dump'): Promise<Finding[]> {
  const findings: Finding[] = [];
  const bound = await names(
    inside,
    `select extname as name from pg_extension where extname in ('pg_cron', 'pglogical', 'bdr', 'pg_partman_bgw')`,
  );
  if (bound.length > 0) {
    findings.push(
      fail(
        `${bound.join(', ')} works on this database by itself and would follow the replaced one`,
        'keep it in a database of its own',
      ),
    );
  }
  if (by === 'template') return findings;
  const gone = await names(
    inside,
    `select e.extname || ' ' || e.extversion as name from pg_extension e
      where not exists (select from pg_available_extension_versions v where v.name = e.extname and v.version = e.extversion)`,
  );
  if (gone.length > 0) {
    findings.push(
      fail(
        `the server can no longer create ${gone.join(', ')}`,
        'install that version of the extension, or use savepoint: { by: template }',
      ),
    );
  }
  return findings;
}

/** Writers that could not be kept out of the database. */
export async function surveyWriters(session: Session, place: Place, role: Role): Promise<Finding[]> {
  const known = session.rows<{ application: string }>(
    `select distinct application_name as application from pg_stat_activity where application_name like 'savepoint/%'`,
  );
  const ours = (await known).map((row) => row.application);
  const present = await foreignSessions(session, place.database, ours);
  const unstoppable = present.filter((one) => one.super || one.role === role.name);
  if (unstoppable.length === 0) return [];
  return [
    fail(
      `sessions that cannot be kept out are in ${place.database}: ${named(unstoppable)}`,
      'give writers a role of their own that is neither a superuser nor the role in url',
    ),
  ];
}

/** What earlier releases left, so that somebody looks after it. */
export async function surveyLeftovers(session: Session, place: Place, expected: string[]): Promise<Finding[]> {
  const rows = await session.rows<{ name: string; size: string }>(
    `select datname as name, case when has_database_privilege(oid, 'CONNECT') then pg_size_pretty(pg_database_size(oid)) else 'size unknown' end as size from pg_database where not datistemplate order by 1`,
  );
  const left = rows.filter((row) => derivedFrom(row.name, place.database) !== null && !expected.includes(row.name));
  if (left.length === 0) return [];
  const listed = left.map((row) => `${row.name} (${row.size})`).join(', ');
  return [{ status: 'WARN', what: `kept by earlier releases: ${listed}`, remedy: 'savepoint superseded list' }];
}

/** Does an earlier release still keep writers out? */
export async function surveyHold(maintenance: Session, place: Place, release: string): Promise<Finding[]> {
  if (maintenance.database !== maintenanceDatabase) return [];
  const [there] = await maintenance.rows<{ there: boolean }>(
    `select to_regclass('savepoint.holds') is not null as there`,
  );
  if (there?.there !== true) return [];
  const rows = await maintenance.rows<{ release: string }>(
    'select release from savepoint.holds where database = $1 and release <> $2',
    [place.database, release],
  );
  if (rows.length === 0) return [];
  return [
    {
      status: 'WARN',
      what: `writers are still kept out by release ${rows[0]?.release}`,
      remedy: 'this release lets them in when it ends',
    },
  ];
}
