import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import type { Session } from './connection.ts';
import { type Place, urlOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';

/** Programs that write and read dumps, of the server's own major version. */
export type Tools = { dump: string; restore: string };

/** 15 for 15.4. */
export async function majorVersion(session: Session): Promise<number> {
  const [row] = await session.rows<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  );
  return row?.version ?? 0;
}

function directories(call: Call<PostgresSpec>, major: number): string[] {
  const { tools } = call.spec.savepoint;
  if (tools !== null) return [isAbsolute(tools) ? tools : resolve(call.home, tools)];
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    ...onPath,
  ];
}

async function versionOf(program: string): Promise<number | null> {
  try {
    await access(program);
    const { stdout } = await promisify(execFile)(program, ['--version']);
    return Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1] ?? Number.NaN) || null;
  } catch {
    return null;
  }
}

/**
 * A newer pg_dump writes what an older server may not read again, so only the same major version will do.
 * @throws TargetFailure `not-found` with the versions that were found instead
 */
export async function findTools(call: Call<PostgresSpec>, major: number): Promise<Tools> {
  const others: string[] = [];
  for (const directory of directories(call, major)) {
    const tools = { dump: join(directory, 'pg_dump'), restore: join(directory, 'pg_restore') };
    const versions = await Promise.all([versionOf(tools.dump), versionOf(tools.restore)]);
    if (versions.every((version) => version === major)) return tools;
    if (versions[0] !== null) others.push(String(versions[0]));
  }
  const instead = others.length > 0 ? `; found version ${[...new Set(others)].join(', ')}` : '';
  throw new TargetFailure(
    'not-found',
    `no pg_dump and pg_restore of version ${major} where the worker runs${instead}`,
    {
      remedy: `install postgresql-client-${major}, name its directory in savepoint.tools, or use savepoint: { by: template }`,
    },
  );
}

/** How a program reaches the database: the password goes through the environment, where `ps` does not show it. */
export function reach(
  place: Place,
  database: string,
  application: string,
): { url: string; env: Record<string, string> } {
  const url = urlOf(place, database);
  const password = decodeURIComponent(url.password);
  url.password = '';
  const env: Record<string, string> = { PGAPPNAME: application };
  if (password !== '') env.PGPASSWORD = password;
  return { url: url.href, env };
}
