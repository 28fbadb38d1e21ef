import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { cacheDirectory } from '../../src/dev/cache.ts';
import { type Guarded, startGuarded } from '../../src/dev/guarded.ts';
import { freePort } from '../../src/dev/ports.ts';
import { postgresPrograms, serverUser } from '../../src/dev/postgres-programs.ts';

/** Directory of Debian's PostgreSQL 15, which unlike the embedded one has pg_dump; null where it is not installed. */
export const debianBin = existsSync('/usr/lib/postgresql/15/bin/pg_dump') ? '/usr/lib/postgresql/15/bin' : null;

export type Postgres = {
  host: string;
  port: number;
  dataDirectory: string;
  /** Superuser `postgres` unless another role is named. */
  url(database?: string, role?: { user: string; password: string }): string;
  /** Runs one statement as superuser in a session of its own and returns the rows. */
  sql(text: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Everything that the server wrote: every statement, connection and disconnection. */
  log(): Promise<string>;
  stop(): Promise<void>;
};

const password = 'super-Secret/9';

async function binaries(bin: string | undefined): Promise<{ initdb: string; postgres: string }> {
  if (bin !== undefined) return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  return postgresPrograms(serverUser());
}

async function until(ready: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await ready())) {
    if (Date.now() > deadline) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function stopServer(server: Guarded, directory: string): Promise<void> {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

/** Makes `data` below `directory`, or copies one that was made before by the same program in the same way. */
async function initialise(initdb: string, directory: string): Promise<void> {
  const user = serverUser();
  const data = join(directory, 'data');
  if (user !== null) {
    await chmod(directory, 0o711);
    await chown(directory, user.uid, user.gid);
  }
  const words = ['-U', 'postgres', '--auth=scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const { size, mtimeMs } = await stat(initdb);
  const made = createHash('sha256').update(JSON.stringify([initdb, size, mtimeMs, words, password, user]));
  const template = join(cacheDirectory(), 'test-clusters', made.digest('hex').slice(0, 32));
  if (existsSync(template)) return await copyTree(template, data);
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${password}\n`);
  if (user !== null) await chown(passwordFile, user.uid, user.gid);
  const ran = spawnSync(initdb, ['-D', data, `--pwfile=${passwordFile}`, ...words], {
    encoding: 'utf8',
    cwd: directory,
    ...user,
  });
  if (ran.status !== 0) throw new Error(`initdb failed: ${ran.stderr}`);
  await keepTemplate(data, template);
}

async function copyTree(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', '--reflink=auto', from, to]);
}

/** Copied beside and renamed, so that nobody finds half of it; who comes second leaves what the first one made. */
async function keepTemplate(data: string, template: string): Promise<void> {
  const draft = `${template}.${process.pid}`;
  await mkdir(dirname(template), { recursive: true });
  try {
    await copyTree(data, draft);
    await rename(draft, template).catch((error: unknown) => {
      if (!existsSync(template)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * A real PostgreSQL on a port of its own, with every statement in its log. The embedded one (18) unless `bin` names
 * another. `settings` are server settings such as `wal_level=logical`.
 */
export async function startPostgres(options: { bin?: string; settings?: string[] } = {}): Promise<Postgres> {
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-postgres-'));
  const programs = await binaries(options.bin);
  await initialise(programs.initdb, directory);
  const port = await freePort();
  const logFile = join(directory, 'server.log');
  const settings = [
    'fsync=off',
    'log_statement=all',
    'log_connections=on',
    'log_line_prefix=%m [%p] %a|%u|%d ',
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `port=${port}`,
    'max_prepared_transactions=4',
    ...(options.settings ?? []),
  ];
  const words = ['-D', join(directory, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
  const output = await open(logFile, 'a');
  // A test that is killed must not leave a server behind.
  const serving = { cwd: directory, log: output.fd, signal: 'QUIT', ...serverUser() } as const;
  const server = startGuarded(programs.postgres, words, serving);
  await output.close();
  const url: Postgres['url'] = (database = 'postgres', role = { user: 'postgres', password }) =>
    `postgres://${role.user}:${encodeURIComponent(role.password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  try {
    await until(() => {
      if (server.hasEnded()) throw new Error('the server ended');
      return answers(url());
    }, 'PostgreSQL');
  } catch (error) {
    const said = await readFile(logFile, 'utf8');
    await stopServer(server, directory);
    throw new Error(`PostgreSQL did not start: ${said}`, { cause: error });
  }
  return {
    host: '127.0.0.1',
    port,
    dataDirectory: join(directory, 'data'),
    url,
    sql: (text, database) => runSql(url(database), text),
    log: () => readFile(logFile, 'utf8'),
    stop: () => stopServer(server, directory),
  };
}

/** Runs one statement in a session of its own and returns the rows. */
export async function runSql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result: pg.QueryResult<Record<string, unknown>> = await client.query(text);
    return result.rows;
  } finally {
    await client.end();
  }
}
