import { readFileSync } from 'node:fs';
import type { Ledger } from './ledger.ts';
import { type Postgres, runSql } from './postgres.ts';

/** A world as its users, its administrator and its operating system see it. Two equal sights are equal worlds. */
export type Sight = {
  /** Null when there is no such database. */
  data: { tables: Record<string, string>; columns: string[]; indexes: string[]; access: string } | null;
  /** Answer of the service and its version, as users get them. */
  api: string;
  /** Version on the page that users get. */
  page: string;
};

/** Rows and their hash, columns, indexes and who may connect, by SQL of the test's own. */
export async function seeData(postgres: Postgres, database: string): Promise<Sight['data']> {
  const [known] = await postgres.sql(
    `select datallowconn || ' ' || pg_get_userbyid(datdba) || ' ' || array(
              select a::text from unnest(coalesce(datacl, acldefault('d', datdba))) as a order by 1)::text as access
       from pg_database where datname = '${database}'`,
  );
  if (known === undefined) return null;
  const access = String(known.access);
  // An operator may look into a database that lets nobody in only by opening it, which would change it.
  if (access.startsWith('false')) return { tables: {}, columns: [], indexes: [], access };
  const list = async (text: string): Promise<string[]> =>
    (await runSql(postgres.url(database), text)).map((row) => String(row.value));
  const names = await list(`select tablename as value from pg_tables where schemaname = 'public' order by 1`);
  const tables: Record<string, string> = {};
  for (const name of names) {
    const rows = `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as value from "${name}" t`;
    tables[name] = (await list(rows))[0] ?? '';
  }
  const columns = await list(
    `select table_name || '.' || column_name || ' ' || data_type as value from information_schema.columns
      where table_schema = 'public' order by 1`,
  );
  const indexes = await list(
    `select indexrelid::regclass || ' ' || indisvalid as value from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relnamespace = 'public'::regnamespace order by 1`,
  );
  return { tables, columns, indexes, access };
}

export async function seeApi(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/api/health`, { signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  const version = /"version":"([^"]*)"/.exec(text)?.[1];
  return `${answer.status} ${version ?? text}`;
}

export async function seePage(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/`, { signal: AbortSignal.timeout(10_000) });
  const version = /<p id="version">([^<]*)</.exec(await answer.text())?.[1];
  return `${answer.status} ${version ?? 'nothing'}`;
}

/** Versions of the services that told the ledger of their start and still live. */
export function runningVersions(ledger: Ledger): string[] {
  const living = ledger.entries('started').filter(({ pid }) => isService(pid));
  return living.map(({ detail }) => String(detail)).sort();
}

/** A process that has ended and waits for its parent has no command line any more. */
function isService(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('server.mjs');
  } catch {
    return false;
  }
}
