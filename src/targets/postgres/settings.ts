import { identifier, literal, type Session } from './connection.ts';

/** A grant on the database itself; `grantee` is null for everybody (PUBLIC). */
export type Grant = { grantee: string | null; privilege: string; grantable: boolean };

/** What belongs to a database but is lost by every copy of it. Values of settings may be secret: never shown or logged. */
export type DatabaseSettings = {
  owner: string;
  grants: Grant[];
  connectionLimit: number;
  allowConnections: boolean;
  comment: string | null;
  /** `role` is null for settings that hold for every role. */
  settings: { role: string | null; name: string; value: string }[];
  encoding: string;
  collate: string;
  ctype: string;
};

/** Reads them from the shared catalogue, so that no session in the database is needed; null when it does not exist. */
export async function readSettings(session: Session, database: string): Promise<DatabaseSettings | null> {
  const [row] = await session.rows<Omit<DatabaseSettings, 'grants' | 'settings'>>(
    `select r.rolname as owner, d.datconnlimit as "connectionLimit", d.datallowconn as "allowConnections",
            shobj_description(d.oid, 'pg_database') as comment, pg_encoding_to_char(d.encoding) as encoding,
            d.datcollate as collate, d.datctype as ctype
       from pg_database d join pg_roles r on r.oid = d.datdba where d.datname = $1`,
    [database],
  );
  if (row === undefined) return null;
  const settings = await session.rows<{ role: string | null; name: string; value: string }>(
    `select r.rolname as role, split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
       from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole,
            unnest(s.setconfig) c
      where d.datname = $1 order by r.rolname nulls first, 2`,
    [database],
  );
  return { ...row, grants: await readGrants(session, database), settings };
}

/** Grants on a database in a fixed order; what nobody granted counts as the default. */
export function readGrants(session: Session, database: string): Promise<Grant[]> {
  return session.rows<Grant>(
    `select g.rolname as grantee, a.privilege_type as privilege, bool_or(a.is_grantable) as grantable
       from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
            left join pg_roles g on g.oid = a.grantee
      where d.datname = $1 group by 1, 2 order by 1 nulls first, 2`,
    [database],
  );
}

function who(grantee: string | null): string {
  return grantee === null ? 'public' : identifier(grantee);
}

/** Statements after which exactly `wanted` is granted, whatever is granted now to the roles in `present`. */
export function grantStatements(database: string, present: Grant[], wanted: Grant[]): string[] {
  const name = identifier(database);
  const roles = [...new Set([null, ...present.map((grant) => grant.grantee)])];
  return [
    ...roles.map((role) => `revoke all on database ${name} from ${who(role)}`),
    ...wanted.map(
      (grant) =>
        `grant ${grant.privilege} on database ${name} to ${who(grant.grantee)}${grant.grantable ? ' with grant option' : ''}`,
    ),
  ];
}

/** Settings that are lists of names; each name is quoted by itself. As in pg_dump. */
const listSettings = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** Splits `"$user", public` into its names. */
function splitNames(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    (match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
}

function settingValue(name: string, value: string): string {
  if (!listSettings.has(name.toLowerCase())) return literal(value);
  const names = splitNames(value);
  return names.length === 0 ? "''" : names.map(literal).join(', ');
}

/** Names of settings may have a dot, for example `app.region`. */
function settingName(name: string): string {
  return name.split('.').map(identifier).join('.');
}

/** Statements that give a fresh copy everything that a copy loses, except its comment and whether it lets anybody in. */
export function settingsStatements(database: string, copy: DatabaseSettings, wanted: DatabaseSettings): string[] {
  const name = identifier(database);
  const statements = [`alter database ${name} owner to ${identifier(wanted.owner)}`];
  statements.push(...grantStatements(database, [...copy.grants, ...wanted.grants], wanted.grants));
  statements.push(`alter database ${name} connection limit ${wanted.connectionLimit}`);
  statements.push(`alter database ${name} reset all`);
  for (const setting of wanted.settings) {
    const subject =
      setting.role === null ? `alter database ${name}` : `alter role ${identifier(setting.role)} in database ${name}`;
    statements.push(`${subject} set ${settingName(setting.name)} to ${settingValue(setting.name, setting.value)}`);
  }
  statements.push(`comment on database ${name} is ${wanted.comment === null ? 'null' : literal(wanted.comment)}`);
  return statements;
}

/** What stays granted while writers are kept out: everything but the right of others to connect. */
export function heldGrants(grants: Grant[], role: string): Grant[] {
  const kept = grants.filter((grant) => grant.privilege !== 'CONNECT' || grant.grantee === role);
  if (kept.some((grant) => grant.privilege === 'CONNECT')) return kept;
  return [...kept, { grantee: role, privilege: 'CONNECT', grantable: false }];
}
