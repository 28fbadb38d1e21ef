import { randomUUID } from 'node:crypto';
import type { Call, Savepoint, Step } from '../src/release/target.ts';
import { hold, resume } from '../src/targets/postgres/hold.ts';
import { beside } from '../src/targets/postgres/loss/beside.ts';
import { loss } from '../src/targets/postgres/loss/loss.ts';
import { type PostgresSpec, postgresSchema } from '../src/targets/postgres/postgres.schema.ts';
import { restore } from '../src/targets/postgres/restore.ts';
import { save } from '../src/targets/postgres/save.ts';
import type { PostgresState } from '../src/targets/postgres/savepoints.ts';
import { type Postgres, startPostgres } from '../tests/support/postgres.ts';
import { timed } from './pairs.ts';
import { ensurePostgresTools } from './postgres-tools.ts';
import type { Scope } from './scope.ts';
import { serverSettings } from './settings.ts';

export type Server = Postgres & { bin: string };

/** A PostgreSQL that also has pg_dump and pg_restore. It ends with the scope. */
export async function startServer(scope: Scope): Promise<Server> {
  const { bin, libraries } = await ensurePostgresTools();
  if (libraries !== null) process.env.LD_LIBRARY_PATH = libraries;
  const server = await scope.open(
    () => startPostgres({ bin, settings: serverSettings }),
    (each) => each.stop(),
  );
  return { ...server, bin };
}

/** About as many rows as make a megabyte with their indexes. */
export const rowsPerMb = 5830;

export type Filled = { database: string; rows: number; mb: number };

/** A database with one big table of orders, two indexes beside its key, and a small one. */
export async function fill(server: Server, database: string, rows: number): Promise<Filled> {
  await server.sql(`create database ${database}`);
  await server.sql(
    `create table products (id serial primary key, name text not null, price numeric(10, 2) not null);
     insert into products (name, price) select 'product ' || i, i from generate_series(1, 1000) i;
     create table orders (id bigserial primary key, customer int not null, product int not null references products,
       amount int not null default 1, note text not null, placed timestamptz not null default now())`,
    database,
  );
  await addOrders(server, database, rows);
  await server.sql('create index orders_customer on orders (customer)', database);
  await server.sql('create index orders_placed on orders (placed)', database);
  await server.sql('vacuum analyze orders', database);
  await server.sql('checkpoint');
  return { database, rows, mb: await sizeOfDatabase(server, database) };
}

/** Orders as users write them. */
export async function addOrders(server: Server, database: string, rows: number): Promise<void> {
  await server.sql(
    `insert into orders (customer, product, note, placed)
     select i % 50000, 1 + i % 1000, md5(i::text) || md5((i + 1)::text), now() - i * interval '1 second'
       from generate_series(1, ${rows}) i`,
    database,
  );
}

export async function sizeOfDatabase(server: Server, database: string): Promise<number> {
  const [row] = await server.sql(`select pg_database_size('${database}')::float8 / 1048576 as mb`);
  return Number(row?.mb ?? 0);
}

/** Removes what savepoints and restores left, and the database itself. */
export async function dropAll(server: Server, database: string): Promise<void> {
  const rows = await server.sql(`select datname from pg_database where datname ~ '^${database}(_|$)'`);
  for (const { datname } of rows) await server.sql(`drop database "${datname}" with (force)`);
}

export type PostgresCall = Call<PostgresSpec>;

let fence = 1000;

/** Calls of one release, as an activity makes them; the verbs of a restore share their key. */
export function callsOf(server: Server, database: string, home: string): (key: string) => PostgresCall {
  const release = randomUUID();
  const spec = postgresSchema.parse({ url: server.url(database), savepoint: { maxHold: '10m' } });
  return (key) => {
    fence += 1;
    return {
      spec,
      application: 'shop',
      environment: 'test',
      target: 'database',
      release,
      home,
      key: `${release}/${key}`,
      fence,
      pinned: null,
      signal: new AbortController().signal,
      log: { info: () => undefined, warn: () => undefined },
    };
  };
}

/** Drives a verb to its end as an activity does. */
async function driven<T>(verb: () => Promise<Step<T>>): Promise<T> {
  for (;;) {
    const step = await verb();
    if (step.state === 'done') return step.value;
    if (step.state === 'ask') throw new Error(step.question);
    await new Promise((resolve) => setTimeout(resolve, Math.max(20, step.lookAgainMs)));
  }
}

export type Saved = { savepoint: Savepoint<PostgresState>; ms: number; heldMs: number };

export async function takeSavepoint(call: PostgresCall): Promise<Saved> {
  const begun = performance.now();
  const savepoint = await driven(() => save(call));
  return { savepoint, ms: performance.now() - begun, heldMs: savepoint.heldMs };
}

/** Milliseconds of each part. `heldMs`: writers were kept out for it, from the first to the last. */
export type BroughtBack = {
  besideMs: number;
  lossMs: number;
  restoreMs: number;
  swapMs: number;
  heldMs: number;
  rows: number;
  proved: string;
};

/** The way back as a release takes it: beside, hold, measure the loss, exchange, let writers in. */
export async function bringBack(
  call: (key: string) => PostgresCall,
  { savepoint }: Pick<Saved, 'savepoint'>,
): Promise<BroughtBack> {
  const copying = call('restore');
  const besideMs = await timed(() => driven(() => beside(copying, savepoint)));
  const begun = performance.now();
  await driven(() => hold(call('hold')));
  const measuring = call('restore');
  const measured = performance.now();
  const lost = await driven(() => loss(measuring, savepoint, { ignore: [], marks: [] }));
  const lossMs = performance.now() - measured;
  const exchanging = call('restore');
  const exchanged = performance.now();
  const { downtimeMs, proof } = await driven(() => restore(exchanging, savepoint));
  const restoreMs = performance.now() - exchanged;
  await driven(() => resume(call('resume')));
  const heldMs = performance.now() - begun;
  return { besideMs, lossMs, restoreMs, swapMs: downtimeMs, heldMs, rows: lost.rows, proved: proof.level };
}
