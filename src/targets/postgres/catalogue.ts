import { createHash } from 'node:crypto';
import type { Session } from './connection.ts';
import { ownSchema } from './names.ts';

/** Kind of object → name of the object → hash of its definition. Two databases of the same structure have equal ones. */
export type Catalogue = Record<string, Record<string, string>>;

/** Schemas of users, told by `n`. */
export const userSchema = `n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema', '${ownSchema}')`;

/** What an extension brings is covered by the extension's name and version. */
export function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend e where e.classid = '${catalog}'::regclass and e.objid = ${oid} and e.deptype = 'e')`;
}

/** Grants in an order that does not depend on when they were given; what nobody granted counts as the default. */
function grants(acl: string, kind: string, owner: string): string {
  return `(select string_agg(coalesce(g.rolname, 'public') || '=' || a.privilege_type || case when a.is_grantable then '*' else '' end, ',' order by g.rolname, a.privilege_type)
     from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) a left join pg_roles g on g.oid = a.grantee)`;
}

const qualified = `format('%I.%I', n.nspname, c.relname)`;

/** Each yields `name` and `definition`; definitions hold names only, never an oid, so that copies compare equal. */
export const queries: Record<string, string> = {
  schemas: `select n.nspname as name, row(n.nspowner::regrole, ${grants('n.nspacl', 'n', 'n.nspowner')})::text as definition
    from pg_namespace n where ${userSchema} and ${notOfExtension('pg_namespace', 'n.oid')}`,
  relations: `select ${qualified} as name, row(c.relkind, c.relowner::regrole, c.relpersistence, c.reloptions, c.relrowsecurity,
      c.relforcerowsecurity, c.relreplident, am.amname, ts.spcname, pg_get_expr(c.relpartbound, c.oid),
      case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end, case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
      case when c.relkind = 'm' then c.relispopulated end,
      (select string_agg(i.inhparent::regclass::text, ',' order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid),
      ${grants('c.relacl', 'r', 'c.relowner')})::text as definition
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am am on am.oid = c.relam left join pg_tablespace ts on ts.oid = c.reltablespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${userSchema} and ${notOfExtension('pg_class', 'c.oid')}`,
  columns: `select ${qualified} || '.' || quote_ident(t.attname) as name, row(rank() over (partition by c.oid order by t.attnum),
      format_type(t.atttypid, t.atttypmod), t.attnotnull, t.attidentity, t.attgenerated, t.attstorage, nullif(t.attcompression, ''),
      nullif(t.attcollation, 0)::regcollation, t.attoptions, t.attfdwoptions, nullif(t.attstattarget, -1), pg_get_expr(d.adbin, d.adrelid),
      (select string_agg(coalesce(g.rolname, 'public') || '=' || a.privilege_type || a.is_grantable, ',' order by g.rolname, a.privilege_type)
         from aclexplode(t.attacl) a left join pg_roles g on g.oid = a.grantee))::text as definition
    from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_namespace n on n.oid = c.relnamespace
      left join pg_attrdef d on d.adrelid = t.attrelid and d.adnum = t.attnum
    where t.attnum > 0 and not t.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${userSchema} and ${notOfExtension('pg_class', 'c.oid')}`,
  constraints: `select concat_ws(' on ', quote_ident(k.conname), coalesce(nullif(k.conrelid, 0)::regclass::text, nullif(k.contypid, 0)::regtype::text))
      || case when k.convalidated then '' else ' NOT VALID' end as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_namespace n on n.oid = k.connamespace where ${userSchema} and k.contype <> 't'
      and ${notOfExtension('pg_class', 'k.conrelid')} and ${notOfExtension('pg_type', 'k.contypid')}`,
  indexes: `select ${qualified} || case when i.indisvalid and i.indisready then '' else ' INVALID' end as name,
      row(pg_get_indexdef(i.indexrelid), i.indisclustered, i.indisreplident, ts.spcname)::text as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace left join pg_tablespace ts on ts.oid = c.reltablespace
    where ${userSchema} and ${notOfExtension('pg_class', 'i.indrelid')}`,
  functions: `select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name,
      row(p.proowner::regrole, ${grants('p.proacl', 'f', 'p.proowner')},
      case when p.prokind = 'a' then (select concat_ws(',', a.aggtransfn, a.aggfinalfn, a.agginitval, a.aggcombinefn, a.aggtranstype::regtype) from pg_aggregate a where a.aggfnoid = p.oid)
        else pg_get_functiondef(p.oid) end)::text as definition
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${userSchema} and ${notOfExtension('pg_proc', 'p.oid')}`,
  triggers: `select quote_ident(t.tgname) || ' on ' || ${qualified} as name, t.tgenabled::text || pg_get_triggerdef(t.oid)::text as definition
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal and ${userSchema}`,
  rules: `select quote_ident(r.rulename) || ' on ' || ${qualified} as name, r.ev_enabled::text || pg_get_ruledef(r.oid)::text as definition
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
    where r.rulename <> '_RETURN' and ${userSchema} and ${notOfExtension('pg_class', 'c.oid')}`,
  policies: `select quote_ident(p.polname) || ' on ' || ${qualified} as name, row(p.polcmd, p.polpermissive,
      (select string_agg(coalesce(g.rolname, 'public'), ',' order by g.rolname) from unnest(p.polroles) o left join pg_roles g on g.oid = o),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))::text as definition
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where ${userSchema}`,
  types: `select format('%I.%I', n.nspname, t.typname) as name, row(t.typtype, t.typowner::regrole, ${grants('t.typacl', 'T', 't.typowner')},
      nullif(t.typbasetype, 0)::regtype, t.typnotnull, t.typdefault, nullif(t.typcollation, 0)::regcollation,
      (select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
      (select r.rngsubtype::regtype from pg_range r where r.rngtypid = t.oid))::text as definition
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype in ('e', 'd', 'r') and ${userSchema} and ${notOfExtension('pg_type', 't.oid')}`,
  sequences: `select ${qualified} as name, row(c.relowner::regrole, format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
      (select format('%s.%I', d.refobjid::regclass, t.attname) from pg_depend d join pg_attribute t on t.attrelid = d.refobjid and t.attnum = d.refobjsubid
         where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass),
      ${grants('c.relacl', 's', 'c.relowner')})::text as definition
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace where ${userSchema} and ${notOfExtension('pg_class', 'c.oid')}`,
  extensions: `select e.extname as name, row(e.extversion, n.nspname)::text as definition
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace`,
  'default grants': `select concat_ws(' ', d.defaclrole::regrole, nullif(d.defaclnamespace, 0)::regnamespace, d.defaclobjtype) as name,
      (select string_agg(coalesce(g.rolname, 'public') || '=' || a.privilege_type || a.is_grantable, ',' order by g.rolname, a.privilege_type)
         from aclexplode(d.defaclacl) a left join pg_roles g on g.oid = a.grantee)::text as definition from pg_default_acl d`,
  publications: `select p.pubname as name, row(p.pubowner::regrole, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
      (select string_agg(format('%I.%I', t.schemaname, t.tablename), ',' order by t.schemaname, t.tablename) from pg_publication_tables t where t.pubname = p.pubname))::text as definition
    from pg_publication p`,
  'event triggers': `select evtname as name, row(evtevent, evtowner::regrole, evtfoid::regprocedure, evtenabled, evttags)::text as definition from pg_event_trigger`,
  'foreign servers': `select quote_ident(s.srvname) as name, row(w.fdwname, s.srvowner::regrole, s.srvtype, s.srvversion, s.srvoptions,
      (select string_agg(u.usename, ',' order by u.usename) from pg_user_mappings u where u.srvid = s.oid))::text as definition
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw`,
  comments: `select i.type || ' ' || i.identity as name, d.description as definition
    from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i where d.objoid >= 16384`,
  'other objects': `select i.type || ' ' || i.identity as name, coalesce(o.definition, '')::text as definition from (
      select 'pg_statistic_ext'::regclass as class, oid, pg_get_statisticsobjdef(oid)::text as definition from pg_statistic_ext
      union all select 'pg_collation'::regclass, oid, row(collprovider, collcollate, collctype)::text from pg_collation
      union all select 'pg_cast'::regclass, oid, castcontext::text || castmethod::text from pg_cast
      union all select 'pg_operator'::regclass, oid, row(oprcode, oprrest, oprjoin)::text from pg_operator
      union all select 'pg_opclass'::regclass, oid, opcdefault::text from pg_opclass
      union all select 'pg_ts_config'::regclass, oid, null from pg_ts_config
      union all select 'pg_ts_dict'::regclass, oid, dictinitoption from pg_ts_dict
      union all select 'pg_language'::regclass, oid, lanowner::regrole::text from pg_language
    ) o, pg_identify_object(o.class, o.oid, 0) i where o.oid >= 16384`,
};

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Reads the structure inside the transaction that the session is in; `search_path` must be `pg_catalog`. */
export async function readCatalogue(session: Session): Promise<Catalogue> {
  const catalogue: Catalogue = {};
  for (const [kind, query] of Object.entries(queries)) {
    const objects: Record<string, string> = {};
    for (const row of await session.rows<{ name: string; definition: string | null }>(query)) {
      objects[row.name] = hash(row.definition ?? '');
    }
    catalogue[kind] = objects;
  }
  return catalogue;
}

/** One hash for all objects of one kind. */
export function catalogueHash(objects: Record<string, string>): string {
  return hash(
    Object.keys(objects)
      .sort()
      .map((name) => `${name}=${objects[name]}`)
      .join('\n'),
  );
}

/** Names what differs between two structures of one kind, a few of each sort. */
export function describeDifference(before: Record<string, string>, now: Record<string, string>): string {
  const some = (names: string[], what: string) =>
    names.length === 0
      ? []
      : [`${what} ${names.slice(0, 4).join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''}`];
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(now, name));
  const added = Object.keys(now).filter((name) => !Object.hasOwn(before, name));
  const changed = Object.keys(now).filter((name) => Object.hasOwn(before, name) && before[name] !== now[name]);
  return [...some(added, 'new:'), ...some(gone, 'gone:'), ...some(changed, 'changed:')].join('; ');
}
