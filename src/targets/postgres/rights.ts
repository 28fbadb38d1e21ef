import type { Finding } from '../../release/target.ts';
import type { Session } from './connection.ts';
import { maintenanceDatabase, type Place } from './names.ts';

/** What the role in `url` may do on the server as a whole. */
export type Role = { name: string; super: boolean; createDatabases: boolean; endSessions: boolean };

export async function readRole(session: Session): Promise<Role> {
  const [role] = await session.rows<Role>(
    `select rolname as name, rolsuper as super, rolsuper or rolcreatedb as "createDatabases",
            rolsuper or pg_has_role(oid, 'pg_signal_backend', 'USAGE') as "endSessions"
       from pg_roles where rolname = current_user`,
  );
  return role ?? { name: '', super: false, createDatabases: false, endSessions: false };
}

function fail(what: string, remedy: string): Finding {
  return { status: 'FAIL', what, remedy };
}

/** Rights that every savepoint and every way back needs. */
export async function surveyRights(session: Session, place: Place, role: Role): Promise<Finding[]> {
  if (role.super) return [{ status: 'PASS', what: `${role.name} is a superuser` }];
  const findings: Finding[] = [];
  if (!role.createDatabases) {
    findings.push(fail(`${role.name} may not create and rename databases`, `alter role ${role.name} createdb`));
  }
  if (!role.endSessions) {
    findings.push(fail(`${role.name} may not end sessions of other roles`, `grant pg_signal_backend to ${role.name}`));
  }
  findings.push(...(await surveyOwner(session, place, role)));
  findings.push(...(await surveyRoleSettings(session, place, role)));
  findings.push(...(await surveyParameters(session, place, role)));
  return findings.length === 0
    ? [{ status: 'PASS', what: `${role.name} may copy, rename and hold ${place.database}` }]
    : findings;
}

async function surveyOwner(session: Session, place: Place, role: Role): Promise<Finding[]> {
  const [database] = await session.rows<{ owner: string; member: boolean }>(
    `select o.rolname as owner, pg_has_role(current_user, o.oid, 'MEMBER') as member
       from pg_database d join pg_roles o on o.oid = d.datdba where d.datname = $1`,
    [place.database],
  );
  if (database === undefined || database.member) return [];
  return [
    fail(
      `${place.database} belongs to ${database.owner}, not to ${role.name}`,
      `grant ${database.owner} to ${role.name}`,
    ),
  ];
}

/** A copy loses them, and only a superuser or an administrator of the role may set them again. */
async function surveyRoleSettings(session: Session, place: Place, role: Role): Promise<Finding[]> {
  const rows = await session.rows<{ role: string }>(
    `select distinct r.rolname as role from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase join pg_roles r on r.oid = s.setrole
      where d.datname = $1 and r.rolname <> current_user`,
    [place.database],
  );
  if (rows.length === 0) return [];
  const names = rows.map((row) => row.role).join(', ');
  return [
    fail(
      `settings of ${names} in ${place.database} could not be carried over by ${role.name}`,
      'let Savepoint connect as a superuser, or move these settings to the roles themselves',
    ),
  ];
}

/** Settings that only a superuser, or a role that was given the parameter, may set on a copy. */
async function surveyParameters(session: Session, place: Place, role: Role): Promise<Finding[]> {
  const rows = await session.rows<{ name: string }>(
    `select distinct split_part(c, '=', 1) as name
       from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c
            left join pg_settings g on g.name = split_part(c, '=', 1)
      where d.datname = $1 and (g.name is null or g.context in ('superuser', 'superuser-backend'))
        and not (current_setting('server_version_num')::int >= 150000 and has_parameter_privilege(split_part(c, '=', 1), 'SET'))
      order by 1`,
    [place.database],
  );
  return rows.map(({ name }) =>
    fail(
      `the setting ${name} of ${place.database} could not be carried over by ${role.name}`,
      `grant set on parameter ${name} to ${role.name}`,
    ),
  );
}

/** Another role may have made Savepoint's own database before. */
export async function surveyMaintenance(session: Session, role: Role): Promise<Finding[]> {
  const [there] = await session.rows<{ owner: string }>(
    'select o.rolname as owner from pg_database d join pg_roles o on o.oid = d.datdba where d.datname = $1',
    [maintenanceDatabase],
  );
  if (there === undefined) return [];
  const what = `${role.name} may not use the database ${maintenanceDatabase}, which ${there.owner} made`;
  const refused = [fail(what, `use the role ${there.owner} in url, or: grant ${there.owner} to ${role.name}`)];
  if (session.database !== maintenanceDatabase) return refused;
  const [tables] = await session.rows<{ usable: boolean }>(
    `select coalesce(has_schema_privilege(to_regnamespace('savepoint'), 'USAGE')
       and bool_and(has_table_privilege(c.oid, 'INSERT') and has_table_privilege(c.oid, 'DELETE')), true) as usable
       from pg_class c where c.relnamespace = to_regnamespace('savepoint') and c.relkind = 'r'`,
  );
  return tables?.usable === true ? [] : refused;
}

/** In the database itself: everything has to be readable, or a fingerprint would leave it out. */
export async function surveyReading(inside: Session, role: Role): Promise<Finding[]> {
  if (role.super) return [];
  const rows = await inside.rows<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not (has_schema_privilege(n.oid, 'USAGE') and case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'SELECT') else has_table_privilege(c.oid, 'SELECT') end)
      order by 1 limit 5`,
  );
  if (rows.length === 0) return [];
  const names = rows.map((row) => row.name).join(', ');
  return [
    fail(
      `${role.name} may not read ${names}, so no copy of it could be proved`,
      `grant pg_read_all_data to ${role.name}`,
    ),
  ];
}
