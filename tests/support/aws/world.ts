import { mkdtemp, open, readFile, rm, statfs, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Guarded, startGuarded } from '../../../src/dev/guarded.ts';
import { freePort } from '../../../src/dev/ports.ts';
import { postgresPrograms, serverUser } from '../../../src/dev/postgres-programs.ts';
import { isMissing } from '../tools.ts';
import { type Faults, openFaults } from './faults.ts';
import { type AwsHands, openHands } from './hands.ts';
import { type AwsLedger, openAwsLedger } from './ledger.ts';
import { findMoto } from './moto.ts';
import { startProxy } from './proxy.ts';

/** Milliseconds of the world's time by name, and limits; both are listed in `server/shared.py` with their defaults. */
export type Script = { durations?: Record<string, number>; settings?: Record<string, unknown> };

export type AwsOptions = Script & { region?: string };

/** What a client of the SDK is made with. */
export type AwsConfig = {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
};

export type AwsWorld = AwsHands & {
  region: string;
  account: string;
  /** Through the fault proxy: `new ECSClient(world.config)`. */
  endpoint: string;
  config: AwsConfig;
  /** Past the proxy: no faults, not in the ledger; for what a test sets up or looks at itself. */
  direct: AwsConfig;
  /** For processes, and for `process.env` where the SDK looks for itself: endpoint, region and credentials. */
  environment: Record<string, string>;
  faults: Faults;
  ledger: AwsLedger;
  /** Changes durations and limits from now on. */
  configure(script: Script): Promise<void>;
  /** The world's time goes on by so much at once, with all that happens meanwhile in its order. */
  advance(ms: number): Promise<void>;
  /** The world's time as epoch milliseconds. */
  now(): Promise<number>;
  /** Where it keeps its files; they go when it ends. */
  directories: string[];
  /** What the server wrote; for finding out why a test fails. */
  log(): Promise<string>;
  stop(): Promise<void>;
};

const credentials = { accessKeyId: 'AKIATESTWORLD0000000', secretAccessKey: 'a-secret-of-the-test-world' };
const program = fileURLToPath(new URL('server/main.py', import.meta.url));
const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

type Server = { direct: string; directory: string; memory: string; run: Guarded; logFile: string };

async function startServer({ region = 'us-east-1', durations = {}, settings = {} }: AwsOptions): Promise<Server> {
  const moto = findMoto();
  if (isMissing(moto)) throw new Error(moto.missing);
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-aws-'));
  // Programs of images may import what the project has installed.
  await symlink(modules, join(directory, 'node_modules'));
  const user = serverUser();
  const port = await freePort();
  const database = { ...(await postgresPrograms(user)), ...user, port: await freePort() };
  const memory = await memoryDirectory(directory);
  const given = { port, region, directory, memory, database, node: process.execPath, durations, settings };
  const logFile = join(directory, 'server.log');
  const output = await open(logFile, 'a');
  // Nothing of the machine's own AWS configuration reaches moto.
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    TZ: 'UTC',
  };
  const run = startGuarded(moto.path, [program, JSON.stringify(given)], { cwd: directory, env, log: output.fd });
  await output.close();
  return { direct: `http://127.0.0.1:${port}`, directory, memory, run, logFile };
}

/** Databases are copied again and again: in memory that costs no disk, which other tests need. */
async function memoryDirectory(otherwise: string): Promise<string> {
  const free = await statfs('/dev/shm').then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return free > 2 * 1024 ** 3 ? await mkdtemp('/dev/shm/savepoint-aws-') : otherwise;
}

async function ask<T>(direct: string, name: string, body: unknown = {}): Promise<T> {
  const answer = await fetch(`${direct}/world/${name}`, { method: 'POST', body: JSON.stringify(body) });
  const value: unknown = await answer.json();
  if (!answer.ok) throw new Error(`the AWS world refused ${name}: ${JSON.stringify(value)}`);
  return value as T;
}

async function stopServer({ run, directory, memory }: Server): Promise<void> {
  await run.stop();
  for (const path of [directory, memory]) await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

async function ready(server: Server): Promise<{ account: string; region: string }> {
  for (const deadline = Date.now() + 30_000; ; ) {
    const answer = await ask<{ account: string; region: string }>(server.direct, 'ready').catch(() => null);
    if (answer !== null) return answer;
    if (server.run.hasEnded() || Date.now() > deadline) {
      const said = await readFile(server.logFile, 'utf8');
      await stopServer(server);
      throw new Error(`the AWS world did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * An AWS of one's own: real moto behind a fault proxy, ECS tasks as real processes, RDS instances on real PostgreSQL. Ends
 * with the process that started it. Several may run side by side.
 *
 * @throws Error when moto is not installed; ask `findMoto` first and skip with its reason
 */
export async function startAws(options: AwsOptions = {}): Promise<AwsWorld> {
  const server = await startServer(options);
  const { account, region } = await ready(server);
  const faults = openFaults();
  const ledger = openAwsLedger();
  const proxy = await startProxy({ upstream: Number(new URL(server.direct).port), faults, ledger });
  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const direct = { endpoint: server.direct, region, credentials };
  return {
    ...openHands({ account, region, direct, services: () => ask(server.direct, 'services') }),
    region,
    account,
    endpoint,
    config: { endpoint, region, credentials },
    direct,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    faults,
    ledger,
    configure: async (script) => void (await ask(server.direct, 'configure', script)),
    advance: async (ms) => void (await ask(server.direct, 'advance', { ms })),
    now: async () => (await ask<{ now: number }>(server.direct, 'now')).now,
    directories: [...new Set([server.directory, server.memory])],
    log: () => readFile(server.logFile, 'utf8'),
    async stop() {
      await proxy.stop();
      await stopServer(server);
    },
  };
}
