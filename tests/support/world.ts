import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { stringify } from 'yaml';
import { connect, type ReleaseClient } from '../../src/client.ts';
import { freePort } from '../../src/dev/ports.ts';
import { loadPlan } from '../../src/plan/load.ts';
import { endAll, findMarked } from '../../src/targets/shell/processes.ts';
import type { Continuation } from '../../src/workflows/messages.ts';
import type { release } from '../../src/workflows/release.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { type Handle, type ReleaseResult, statusOf } from './release.ts';
import { startTemporal, type TemporalForTests } from './temporal.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process-control.ts';
import { workflowBundle } from './workflow-bundle.ts';
import { type Front, startFront } from './world-front.ts';
import { type Logged, loggedBy } from './world-log.ts';
import { type PlanOptions, worldPlan } from './world-plan.ts';
import { runningVersions, type Sight, seeApi, seeData, seePage } from './world-sight.ts';
import { type VersionContent, writeVersion } from './world-versions.ts';

/** What the worlds of one test file share: a Temporal server, a PostgreSQL with its log, the workflow's bundle. */
export type Stage = {
  temporal: TemporalForTests;
  postgres: Postgres;
  client: ReleaseClient;
  bundle: string;
  /** Does a session of Savepoint run a statement that begins so, in this database or on the whole server? */
  runs(beginning: string, database: string): Promise<boolean>;
  /** Passwords of the two roles are in these variables of a worker. */
  env: { WORLD_OWNER: string; WORLD_APP: string };
  /** `shared`: served by the stage's own worker, which is started for the first such world. */
  openWorld(application: string, shared?: 'shared'): Promise<World>;
  stop(): Promise<void>;
};

export type StartOptions = PlanOptions & { continuation?: Continuation; approved?: boolean };

export type OwnWorker = { script: URL; env: Record<string, string> };

/** One application with everything it needs, empty at first, and workers of its own. */
export type World = {
  application: string;
  home: string;
  ledger: Ledger;
  front: Front;
  /** Workers that were started; the last one is the newest. */
  workers: WorkerProcess[];
  write(version: string, content?: VersionContent): Promise<void>;
  /** `own`: another script than usual, and more in its environment. */
  startWorker(own?: OwnWorker): Promise<WorkerProcess>;
  /** Starts a release as the command line does; approved beforehand unless told otherwise. */
  start(version: string, options?: StartOptions): Promise<Handle>;
  /** Writes and releases a version that works, and waits for its end. */
  released(version: string, options?: StartOptions, content?: VersionContent): Promise<void>;
  see(): Promise<Sight>;
  /** Versions of the services that live. */
  running(): string[];
  /** Names of the databases made from this application's. */
  databases(): Promise<string[]>;
  /** What sessions of Savepoint did to this application's databases. */
  log(): Promise<Logged[]>;
  close(): Promise<void>;
};

const passwords = { owner: 'owner-Secret/7', app: 'app-Secret/5' };

export async function openStage(): Promise<Stage> {
  const [bundle, temporal, postgres] = await Promise.all([
    workflowBundle(),
    startTemporal(),
    startPostgres({ settings: ['log_disconnections=on', 'log_timezone=UTC', 'max_connections=200'] }),
  ]);
  await postgres.sql(
    `create role shop_app login password '${passwords.app}';
     create role shop_owner login createdb password '${passwords.owner}';
     grant shop_app, pg_signal_backend, pg_read_all_stats to shop_owner`,
  );
  const client = await connect({ address: temporal.address, namespace: 'default', identity: 'deployment-lead' });
  const url = (user: string, password: string): string => postgres.url('', { user, password }).replace(/\/$/, '');
  const looker = new pg.Client({ connectionString: postgres.url(), application_name: 'looker' });
  await looker.connect();
  const worlds: World[] = [];
  let serving: Promise<WorkerProcess> | undefined;
  const stage: Stage = {
    temporal,
    postgres,
    client,
    bundle,
    env: { WORLD_OWNER: url('shop_owner', passwords.owner), WORLD_APP: url('shop_app', passwords.app) },
    async runs(beginning, database) {
      const { rows } = await looker.query(
        `select from pg_stat_activity where datname in ($1, 'savepoint') and state = 'active'
            and application_name like 'savepoint/%' and starts_with(lower(query), $2)`,
        [database, beginning],
      );
      return rows.length > 0;
    },
    async openWorld(application, shared) {
      const world = await openWorld(stage, application, shared ?? application);
      worlds.push(world);
      if (shared !== undefined) serving ??= startWorker(stage, shared);
      await serving;
      return world;
    },
    async stop() {
      await Promise.allSettled([...worlds.map((world) => world.close()), serving?.then((worker) => worker.stop())]);
      await Promise.all([client.close(), looker.end()]);
      await Promise.allSettled([temporal.stop(), postgres.stop()]);
    },
  };
  return stage;
}

function startWorker(stage: Stage, host: string, own?: OwnWorker): Promise<WorkerProcess> {
  const words = { address: stage.temporal.address, host, taskQueue: queueOf(host), bundle: stage.bundle };
  if (own === undefined) return startWorkerProcess(words, stage.env);
  return startWorkerProcess({ ...words, script: own.script }, { ...stage.env, ...own.env });
}

async function openWorld(stage: Stage, application: string, host: string): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), `savepoint-world-${application}-`));
  const ledger = openLedger(join(home, 'ledger.jsonl'));
  const modules = fileURLToPath(import.meta.resolve('pg'));
  await symlink(modules.slice(0, modules.lastIndexOf('node_modules') + 12), join(home, 'node_modules'));
  const front = await startFront(home, ledger);
  const ports = [await freePort(), await freePort()];
  const { postgres } = stage;
  const world: World = {
    application,
    home,
    ledger,
    front,
    workers: [],
    write: (version, content) => writeVersion(home, version, content),
    async startWorker(own) {
      const worker = await startWorker(stage, host, own);
      world.workers.push(worker);
      return worker;
    },
    start: (version, options = {}) => startRelease(stage, world, { version, ports, host, options }),
    released: (version, options, content) => releaseWell(world, version, { options, content }),
    async see() {
      const { origin } = front;
      return { data: await seeData(postgres, application), api: await seeApi(origin), page: await seePage(origin) };
    },
    running: () => runningVersions(ledger),
    async databases() {
      const rows = await postgres.sql(
        `select datname as name from pg_database where datname ~ '^${application}' order by 1`,
      );
      return rows.map(({ name }) => String(name));
    },
    async log() {
      const all = await loggedBy(postgres);
      const ours = new RegExp(`\\b${application}\\b|\\b${application}_(sp|beside|superseded)_`);
      const sessions = new Set(
        all.filter(({ database, what }) => ours.test(database) || ours.test(what)).map(({ pid }) => pid),
      );
      return all.filter(({ pid, application: name }) => sessions.has(pid) && name.startsWith('savepoint/'));
    },
    close: () => closeWorld(world),
  };
  return world;
}

export function queueOf(host: string): string {
  return `savepoint-${host}`;
}

type Starting = { version: string; ports: number[]; host: string; options: StartOptions };

async function startRelease(stage: Stage, world: World, { version, ports, host, options }: Starting): Promise<Handle> {
  const { application, home, front, ledger } = world;
  const file = join(home, 'release.yaml');
  const setting = { application, origin: front.origin, ports, ledger: ledger.file };
  await writeFile(file, stringify(worldPlan(setting, options)));
  const loaded = await loadPlan(file, version, { host, taskQueue: queueOf(host) });
  if ('problems' in loaded)
    throw new Error(loaded.problems.map(({ path, message }) => `${path} ${message}`).join('\n'));
  const { workflowId, runId } = await stage.client.start({
    plan: loaded.plan,
    planDigest: loaded.digest,
    requester: 'deployment-lead',
    preApproved: options.approved === false ? null : { by: 'product-owner', reason: 'a test' },
    windowOverride: null,
    continuation: options.continuation ?? { as: 'fresh' },
    // One world is released to the same version again and again.
    again: { by: 'deployment-lead', reason: 'tried once more' },
    workerWaitMs: 30_000,
  });
  const { workflow } = stage.temporal.client;
  const handle = workflow.getHandle<typeof release>(workflowId, undefined, { firstExecutionRunId: runId });
  return Object.assign(handle, { firstExecutionRunId: runId });
}

type Good = { options?: StartOptions | undefined; content?: VersionContent | undefined };

async function releaseWell(world: World, version: string, { options, content }: Good): Promise<void> {
  const seed = `insert into items (name, made_by) values ('first', '${version}')`;
  await world.write(version, { seeds: { [`0001_${version}.sql`]: seed }, ...content });
  const result = await ended(await world.start(version, options));
  if (result.outcome !== 'released') throw new Error(`${version} was to be released: ${JSON.stringify(result)}`);
}

async function closeWorld({ home, workers, front }: World): Promise<void> {
  await Promise.allSettled(workers.map((worker) => worker.kill()));
  await endAll(() => findMarked({ SAVEPOINT_ROOT: join(home, 'run', 'backend') }), 0);
  await endAll(() => findMarked({ SAVEPOINT_ROOT: join(home, 'run', 'www') }), 0);
  await front.close();
  await rm(home, { recursive: true, force: true });
}

/** The result of a release that is expected to end within `patienceMs`; where it stands when it does not. */
export async function ended(handle: Handle, patienceMs = 90_000): Promise<ReleaseResult> {
  const late = new AbortController();
  const overdue = sleep(patienceMs, null, { signal: late.signal }).catch(() => null);
  const result = await Promise.race([handle.result(), overdue]);
  late.abort();
  if (result !== null) return result;
  const { phase, question, timeline } = await statusOf(handle);
  throw new Error(`still ${phase}, asks ${question?.why}: ${JSON.stringify(timeline.slice(-8), null, 1)}`);
}

/** Waits until the world says so, for at most `patienceMs`. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = 60_000,
): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await isSo()); await sleep(5)) {
    if (Date.now() > deadline) throw new Error(`gave up waiting for ${what}`);
  }
}
