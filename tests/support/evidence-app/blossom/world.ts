import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../postgres.ts';
import { type RedisServer, startRedis } from '../../redis.ts';
import { testSecrets } from '../app.ts';
import { type BlossomApp, startBlossom } from './app.ts';
import { migrate } from './migrate.ts';
import { sealed } from './sealing.ts';

/** Everything that the runbook of SMS Blossom speaks of, running: database, Redis, application and worker. */
export type BlossomWorld = {
  postgres: Postgres;
  redis: RedisServer;
  app: BlossomApp;
  /** As `.env.verification` of the runbook names them. */
  env: Record<string, string>;
  worker: ChildProcess;
  stop(): Promise<void>;
};

export const keys = {
  encryption: 'k3-of-the-evidence-app-with-32-bytes-or-more',
  pepper: 'p3pper-of-the-evidence-app-0007',
};
const database = 'blossom';
const role = { user: 'blossom', password: 'petals-0008' };

/** Only what the application starts on: an empty database, and Redis. */
export async function startStores(): Promise<Pick<BlossomWorld, 'postgres' | 'redis' | 'env'>> {
  const [postgres, redis] = await Promise.all([
    startPostgres(),
    startRedis({ settings: ['--maxmemory', '200mb', '--maxmemory-policy', 'noeviction'] }),
  ]);
  await postgres.sql(`CREATE ROLE ${role.user} LOGIN PASSWORD '${role.password}'`);
  await postgres.sql(`CREATE DATABASE ${database}`);
  // What migrations make belongs to the administrator; the application may use it.
  for (const things of ['TABLES', 'SEQUENCES']) {
    await postgres.sql(`ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON ${things} TO ${role.user}`, database);
  }
  const env = {
    DATABASE_URL: postgres.url(database, role),
    DATABASE_ADMIN_URL: postgres.url(database),
    REDIS_URL: redis.url,
    FRONTEND_URL: 'https://app.shop.test',
    DEV_SHOP_DOMAIN: 'smoke-shop.example',
    WEBHOOK_HMAC_SECRET: testSecrets.shopify,
    JWT_SECRET: testSecrets.jwt,
    ENCRYPTION_KEY: keys.encryption,
    HASH_PEPPER: keys.pepper,
  };
  return { postgres, redis, env };
}

export async function startBlossomWorld({ port = 0 } = {}): Promise<BlossomWorld> {
  const { postgres, redis, env } = await startStores();
  await migrate(env.DATABASE_ADMIN_URL ?? '');
  await fill(env.DATABASE_URL ?? '');
  const worker = await startWorkerProcess(env);
  const app = await startBlossom({ databaseUrl: env.DATABASE_URL ?? '', redisUrl: redis.url, port });
  const stop = async (): Promise<void> => {
    await app.stop();
    await end(worker);
    await Promise.all([redis.stop(), postgres.stop()]);
  };
  return { postgres, redis, app, env: { ...env, BASE_URL: app.url }, worker, stop };
}

/** A shop with customers whose numbers and addresses are all encrypted. */
export async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`INSERT INTO shops (domain) VALUES ('smoke-shop.example')`);
  for (let index = 0; index < 20; index += 1) {
    const phone = sealed(`+1555010${index}`, keys);
    const email = sealed(`customer-${index}@shop.example`, keys);
    await client.query(
      `INSERT INTO customers (shop_id, phone_encrypted, phone_hash, email_encrypted, email_hash) VALUES (1, $1, $2, $3, $4)`,
      [phone.encrypted, phone.hash, email.encrypted, email.hash],
    );
  }
  await client.end();
}

async function startWorkerProcess(env: Record<string, string>): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
