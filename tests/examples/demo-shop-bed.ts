import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';
import { startFront } from '../../src/dev/demo/front.ts';
import { type DemoPostgres, startDemoPostgres } from '../../src/dev/demo/postgres.ts';
import { buildShop } from '../../src/dev/demo/versions.ts';
import { freePort } from '../../src/dev/ports.ts';

/** The shop without Savepoint: what a release would do is done here by hand. */
export type Bed = {
  home: string;
  origin: string;
  postgres: DemoPostgres;
  plans: Map<string, string>;
  /** Makes a database with the version's migrations; answers the URLs of its owner and of the shop. */
  database(name: string, migrated: string): Promise<{ owner: string; app: string }>;
  /** Starts the version's backend; answers its port. It is stopped with the bed. */
  backend(version: string, databaseUrl: string): Promise<{ port: number; child: ChildProcess; log: () => string }>;
  /** Sends users to the backend, or shows the page of maintenance. */
  turn(to: { port: number } | 'maintenance'): Promise<void>;
  site(version: string): Promise<void>;
  stop(): Promise<void>;
};

export async function startBed(): Promise<Bed> {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-shop-'));
  const front = await freePort();
  const origin = `http://127.0.0.1:${front}`;
  const plans = await buildShop(home, { origin, backendPorts: [await freePort(), await freePort()] });
  const postgres = await startDemoPostgres(join(home, 'postgres'));
  const children: ChildProcess[] = [];
  const started = await startFront(home, front);
  return {
    home,
    origin,
    postgres,
    plans,
    database: (name, migrated) => makeDatabase(home, postgres, { name, migrated }),
    backend: async (version, databaseUrl) => {
      const port = await freePort();
      const running = await startBackend(join(home, 'versions', version, 'backend'), { version, port, databaseUrl });
      children.push(running.child);
      return { port, ...running };
    },
    turn: async (to) => {
      const file = join(home, 'run', 'front', 'backend.json');
      const content =
        to === 'maintenance' ? { maintenance: true } : { host: '127.0.0.1', port: to.port, version: 'any' };
      await writeFile(`${file}.new`, JSON.stringify(content));
      await rename(`${file}.new`, file);
    },
    site: (version) => showSite(home, version),
    stop: async () => {
      await started.stop();
      await Promise.all(children.map(endChild));
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

type Wanted = { name: string; migrated: string };

async function makeDatabase(home: string, postgres: DemoPostgres, { name, migrated }: Wanted) {
  await runSql(at(postgres.adminUrl, 'postgres'), [`CREATE DATABASE ${name}`]);
  const urls = { owner: at(postgres.adminUrl, name), app: at(postgres.appUrl, name) };
  for (const sql of await sqlFiles(join(home, 'versions', migrated, 'migrations'))) {
    const single = sql.startsWith('-- savepoint: no-transaction');
    await runSql(urls.owner, single ? sql.split(/;\n/).filter((statement) => statement.trim() !== '') : [sql]);
  }
  return urls;
}

export function at(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** The contents of a directory of SQL files, in the order in which they run. */
export async function sqlFiles(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).sort();
  return Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
}

/** Runs each statement in one session; answers the rows of the last one. */
export async function runSql(url: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

type Started = { version: string; port: number; databaseUrl: string };

async function startBackend(directory: string, { version, port, databaseUrl }: Started) {
  const child = spawn(process.execPath, ['server.mjs'], {
    cwd: directory,
    env: { ...process.env, PORT: String(port), VERSION: version, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const listening = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes('listening on')) resolve();
      });
    }
    child.once('exit', () => reject(new Error(`the backend ended: ${log}`)));
  });
  await listening;
  return { child, log: () => log };
}

/** Builds the frontend and points the site's link at it. */
async function showSite(home: string, version: string): Promise<void> {
  const root = join(home, 'run', 'www');
  const release = join(root, 'releases', version);
  await cp(join(home, 'versions', version, 'frontend'), release, { recursive: true });
  await execa(process.execPath, ['build.mjs'], { cwd: release, env: { VERSION: version } });
  await symlink(join(release, 'dist'), join(root, 'next'));
  await rename(join(root, 'next'), join(root, 'current'));
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
