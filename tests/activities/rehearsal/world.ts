import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { RehearseInput } from '../../../src/activities/inputs.ts';
import { rehearse } from '../../../src/activities/rehearsal/rehearse.ts';
import { systemClock } from '../../../src/checks/clock.ts';
import { freePort } from '../../../src/dev/ports.ts';
import type { PlannedCheck } from '../../../src/release/check.ts';
import type { Json } from '../../../src/release/json.ts';
import type { Compatibility, PlannedTarget } from '../../../src/release/plan.ts';
import type { Rehearsal } from '../../../src/release/rehearsal.ts';
import type { Artefact, Call, Savepoint, Step } from '../../../src/release/target.ts';
import { type PostgresSpec, postgresSchema } from '../../../src/targets/postgres/postgres.schema.ts';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import type { PostgresState } from '../../../src/targets/postgres/savepoints.ts';
import { type ProcessSpec, processSchema } from '../../../src/targets/process/process.schema.ts';
import { process as service } from '../../../src/targets/process/process.ts';
import { endAll, findMarked } from '../../../src/targets/shell/processes.ts';
import type { Postgres } from '../../support/postgres.ts';

/** How a version differs: what it selects, what it inserts, what it runs when it starts. */
export type Version = { read?: string; write?: string; start?: string };

export type Trying = {
  /** SQL files by name, or a program that migrates. */
  migrations?: Record<string, string>;
  migrate?: Record<string, unknown>;
  seeds?: Record<string, string>;
  versions?: { v1?: Version; v2?: Version };
  rehearsal?: Partial<RehearseInput['rehearsal']>;
  compatibility?: Compatibility;
  /** Before a version was ever deployed. */
  first?: boolean;
};

function program({
  read = 'select id, name from items',
  write = `insert into items (name) values ('new')`,
  start = 'select 1',
}: Version): string {
  return `
import { createServer } from 'node:http';
import pg from 'pg';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1, application_name: 'shop ' + process.env.VERSION });
pool.on('error', () => {});
await pool.query(${JSON.stringify(start)});
createServer(async (request, response) => {
  const version = process.env.VERSION;
  try {
    if (request.method === 'POST') await pool.query(${JSON.stringify(write)});
    const { rows } = request.url === '/health' ? { rows: [] } : await pool.query(${JSON.stringify(read)});
    const names = rows.map(({ name }) => name.toUpperCase());
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ version, names }));
  } catch (error) {
    response.writeHead(500).end(error.message);
  }
}).listen(Number(process.env.PORT), process.env.HOST);
process.once('SIGTERM', () => process.exit(0));
`;
}

export const check = (name: string, spec: Json, kind = 'http'): PlannedCheck => ({
  name,
  kind,
  critical: true,
  withinMs: 0,
  everyMs: 100,
  remedy: null,
  spec,
});

const http = (path: string, method = 'GET'): Json => ({
  url: `\${rehearsal.service}${path}`,
  method,
  headers: {},
  timeout: 5_000,
  expect: { status: ['2xx'], json: {}, text: [], notText: [], header: {}, latency: { warn: null, fail: null } },
});

const reads = check('items are shown', http('/items'));
const writes = check('an item is made', http('/items', 'POST'));

let count = 0;
let fences = 0;
const environment = { application: 'shop', environment: 'test' };

export type RehearsalWorld = Awaited<ReturnType<typeof openRehearsal>>;

/** A shop with a version that runs, a savepoint of its database, and a next version that is prepared. */
export async function openRehearsal(server: Postgres, trying: Trying) {
  count += 1;
  const database = `rehearsed_${process.pid}_${count}`;
  const release = `00000000-0000-7000-8000-0000${(0x20000000 + process.pid * 1000 + count).toString(16)}`;
  const home = await mkdtemp(join(tmpdir(), 'savepoint-rehearsal-'));
  const modules = fileURLToPath(import.meta.resolve('pg'));
  await symlink(modules.slice(0, modules.lastIndexOf('node_modules') + 12), join(home, 'node_modules'));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  };
  await fill(server, database);
  for (const version of ['v1', 'v2'] as const)
    await write(`${version}/server.mjs`, `// ${version}\n${program(trying.versions?.[version] ?? {})}`);
  await mkdir(join(home, 'm'), { recursive: true });
  for (const [name, text] of Object.entries(trying.migrations ?? {})) await write(`m/${name}`, text);
  for (const [name, text] of Object.entries(trying.seeds ?? {})) await write(`s/${name}`, text);
  const databaseSpec = postgresSchema.parse({
    url: server.url(database),
    migrate: { directory: trying.migrate?.command === undefined ? 'm' : null, ...trying.migrate },
    ...(trying.seeds === undefined ? {} : { seed: { directory: 's' } }),
  });
  const serviceSpec = processSchema.parse({
    root: './run',
    source: './v2',
    run: ['node', 'server.mjs'],
    env: { DATABASE_URL: server.url(database, { user: 'rehearsed_app', password: 'app-Secret/5' }) },
    ports: [await freePort(), await freePort()],
    health: { timeout: '20s', every: '30ms', version: '$.version' },
    stopWithin: '1s',
    drain: '0s',
  });
  const call = <Spec>(spec: Spec, target: string, verb: string, pinned: Artefact | null = null): Call<Spec> => {
    fences += 1_000;
    const { signal } = new AbortController();
    const log = { info: () => {}, warn: () => {} };
    return {
      ...environment,
      spec,
      target,
      release,
      home,
      key: `${release}/${target}/${verb}`,
      fence: fences,
      pinned,
      signal,
      log,
    };
  };
  const pinned = await deployFirst({ call, serviceSpec, first: trying.first === true });
  const savepoint = await settle((one) => postgres.save(one), call(databaseSpec, 'database', 'save'));
  const target = (name: string, kind: string, spec: PostgresSpec | ProcessSpec): PlannedTarget => ({
    name,
    kind,
    traits: { changes: [], stores: kind === 'postgres', holds: true, prepares: true, splits: false, local: true },
    compatibility: kind === 'postgres' ? (trying.compatibility ?? { backward: true, forward: false }) : null,
    writers: [],
    scope: 'all',
    spec: JSON.parse(JSON.stringify(spec)) as Json,
  });
  const input = (): RehearseInput => {
    fences += 1_000;
    return {
      place: { ...environment, version: 'v2', home, records: join(home, 'records'), release, references: [] },
      target: target('database', 'postgres', databaseSpec),
      key: `${release}/database/rehearse`,
      fence: fences,
      pinned: null,
      patienceMs: 60_000,
      savepoint: savepoint as Savepoint,
      rehearsal: {
        service: 'backend',
        variable: 'DATABASE_URL',
        checks: [reads],
        writes: [writes],
        ...trying.rehearsal,
      },
      changes: [
        { change: 'migrate', checks: [] },
        ...(trying.seeds === undefined ? [] : [{ change: 'seed' as const, checks: [] }]),
      ],
      service:
        trying.rehearsal?.service === null ? null : { target: target('backend', 'process', serviceSpec), pinned },
    };
  };
  const world = {
    home,
    database,
    savepoint: savepoint as Savepoint<PostgresState>,
    input,
    write,
    sql: (text: string, other = database) => server.sql(text, other),
    /** One attempt in an activity of its own. `during` gets what cancels it. */
    rehearse: (more: Partial<RehearseInput> = {}, during?: (cancel: () => void) => Promise<void>): Promise<Rehearsal> =>
      rehearseOnce({ ...input(), ...more }, during),
    fingerprint: () => postgres.fingerprint(call(databaseSpec, 'database', 'fingerprint')),
    /** What a rehearsal may have left: databases and processes. */
    async left(): Promise<string[]> {
      const rows = await server.sql(
        `select datname as name from pg_database where datname ~ '^${database}_(scratch|beside|superseded)' order by 1`,
      );
      const processes = await findMarked({ SAVEPOINT_ROOT: join(home, 'run'), SAVEPOINT_ROLE: 'staged' });
      const recorded = await server.sql(
        `select database as name from savepoint.fences where database ~ '^${database}_scratch' union select database from savepoint.attempts where database ~ '^${database}_scratch'`,
        'savepoint',
      );
      return [...rows, ...recorded]
        .map(({ name }) => String(name))
        .concat(processes.map(({ pid }) => `process ${pid}`));
    },
    async close(): Promise<void> {
      await endAll(() => findMarked({ SAVEPOINT_ROOT: join(home, 'run') }), 500);
      await rm(home, { recursive: true, force: true });
    },
  };
  return world;
}

async function fill(server: Postgres, database: string): Promise<void> {
  await server.sql(`do $$ begin if to_regrole('rehearsed_app') is null then
    create role rehearsed_app login password 'app-Secret/5'; end if; end $$`);
  await server.sql(`create database ${database}`);
  await server.sql(
    `alter database ${database} set app.region to 'north'; grant connect on database ${database} to rehearsed_app`,
  );
  await server.sql(
    `create table items (id int generated always as identity primary key, name text not null, price int);
     insert into items (name, price) select 'item ' || i, nullif(i, 7) from generate_series(1, 50) i;
     grant select, insert, update on items to rehearsed_app; grant create on schema public to rehearsed_app`,
    database,
  );
}

type Deploying = {
  call: <Spec>(spec: Spec, target: string, verb: string, pinned?: Artefact | null) => Call<Spec>;
  serviceSpec: ProcessSpec;
  first: boolean;
};

/** v1 runs and users are led to it; v2 is prepared. */
async function deployFirst({ call, serviceSpec, first }: Deploying): Promise<Artefact> {
  const prepare = (version: string) => {
    const spec = { ...serviceSpec, source: `./${version}` };
    const verb = service.prepare ?? (() => Promise.reject(new Error('no prepare')));
    return settle((one) => verb(one, version), call(spec, 'backend', `prepare ${version}`));
  };
  if (!first) {
    const pinned = await prepare('v1');
    await settle((one) => service.apply(one, 'deploy', 'v1'), call(serviceSpec, 'backend', 'deploy v1', pinned));
  }
  return prepare('v2');
}

async function settle<Spec, T>(verb: (call: Call<Spec>) => Promise<Step<T>>, call: Call<Spec>): Promise<T> {
  for (;;) {
    const step = await verb(call);
    if (step.state === 'done') return step.value;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** One attempt at the activity. */
export async function rehearseOnce(
  input: RehearseInput,
  during?: (cancel: () => void) => Promise<void>,
): Promise<Rehearsal> {
  const activity = new MockActivityEnvironment({ scheduledTimestampMs: Date.now(), heartbeatTimeoutMs: 5_000 });
  const running = activity.run<[], Rehearsal, () => Promise<Rehearsal>>(() => rehearse(input, systemClock));
  running.catch(() => undefined);
  await during?.(() => activity.cancel());
  return await running;
}
