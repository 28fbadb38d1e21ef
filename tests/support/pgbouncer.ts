import { chmod, chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startGuarded } from '../../src/dev/guarded.ts';
import { freePort } from '../../src/dev/ports.ts';
import { serverUser } from '../../src/dev/postgres-programs.ts';
import type { Postgres } from './postgres.ts';
import { findPgbouncer } from './tools.ts';

export type Pgbouncer = {
  /** Address of a database through the pooler. */
  url(database: string, role: { user: string; password: string }): string;
  log(): Promise<string>;
  stop(): Promise<void>;
};

type Options = {
  mode: 'transaction' | 'session';
  /** Who may log in, with passwords. */
  roles: { user: string; password: string }[];
  /** Databases that it knows; left out: all of the server. */
  databases?: string[];
};

function configuration(server: Postgres, port: number, { mode, databases = ['*'] }: Options): string {
  return [
    '[databases]',
    ...databases.map((name) => `${name} = host=${server.host} port=${server.port}`),
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    'auth_file = users.txt',
    `pool_mode = ${mode}`,
    'default_pool_size = 4',
    'max_client_conn = 200',
    // After a hold it tries the server again this soon, in seconds; its default of 15 would be 15 s of outage.
    'server_login_retry = 0.2',
    'log_stats = 0',
    '',
  ].join('\n');
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

/**
 * A real PgBouncer before a server, on a port of its own. It refuses to run as root, and then runs as nobody.
 * @throws Error when there is none; ask `findPgbouncer` first and skip with its reason
 */
export async function startPgbouncer(server: Postgres, options: Options): Promise<Pgbouncer> {
  const found = await findPgbouncer();
  if ('missing' in found) throw new Error(found.missing);
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-pgbouncer-'));
  const port = await freePort();
  const users = options.roles.map(({ user, password }) => `"${user}" "${password}"\n`).join('');
  await writeFile(join(directory, 'users.txt'), users);
  await writeFile(join(directory, 'pgbouncer.ini'), configuration(server, port, options));
  const user = serverUser();
  if (user !== null) {
    await chmod(directory, 0o711);
    await chown(join(directory, 'users.txt'), user.uid, user.gid);
  }
  const output = await open(join(directory, 'log'), 'a');
  const run = startGuarded(found.path, ['pgbouncer.ini'], { cwd: directory, log: output.fd, ...user });
  await output.close();
  const log = () => readFile(join(directory, 'log'), 'utf8');
  const url: Pgbouncer['url'] = (database, role) =>
    `postgres://${role.user}:${encodeURIComponent(role.password)}@127.0.0.1:${port}/${database}`;
  const stop = async () => {
    await run.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const [first] = options.roles;
  for (const deadline = Date.now() + 15_000; first !== undefined; ) {
    if (await answers(url(options.databases?.[0] ?? 'postgres', first))) break;
    if (run.hasEnded() || Date.now() > deadline) {
      const said = await log();
      await stop();
      throw new Error(`PgBouncer did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return { url, log, stop };
}
