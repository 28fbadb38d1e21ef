import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Artefact, Call, Savepoint, Step } from '../../../src/release/target.ts';
import { type PostgresSpec, postgresSchema } from '../../../src/targets/postgres/postgres.schema.ts';
import type { PostgresState } from '../../../src/targets/postgres/savepoints.ts';
import type { Postgres } from '../../support/postgres.ts';

/** What a test says about a call; the rest is usual. */
export type Wanted = Partial<Omit<Call<PostgresSpec>, 'spec'>> & { spec?: Record<string, unknown> };

export type World = {
  server: Postgres;
  home: string;
  database: string;
  call(wanted?: Wanted): Call<PostgresSpec>;
  /** Writes a file below the plan's directory. */
  write(path: string, text: string): Promise<void>;
  sql(text: string, database?: string): Promise<Record<string, unknown>[]>;
  end(): Promise<void>;
};

let count = 0;
let fences = 1000;

export function nextFence(): number {
  fences += 1;
  return fences;
}

/** A database of its own with a small shop in it, an application role and a directory for a plan. */
export async function startWorld(server: Postgres, options: { empty?: boolean } = {}): Promise<World> {
  count += 1;
  const database = `shop_${process.pid}_${count}`;
  const home = await mkdtemp(join(tmpdir(), 'savepoint-plan-'));
  if (options.empty !== true) await fillShop(server, database);
  const release = `00000000-0000-7000-8000-0000${(0x10000000 + process.pid * 1000 + count).toString(16)}`;
  return {
    server,
    home,
    database,
    call: ({ spec, key = 'database', ...rest } = {}) => ({
      spec: postgresSchema.parse({ url: server.url(database), ...spec }),
      application: 'shop',
      environment: 'test',
      target: 'database',
      release,
      home,
      key: `${release}/${key}`,
      fence: nextFence(),
      pinned: null,
      signal: new AbortController().signal,
      log: { info: () => undefined, warn: () => undefined },
      ...rest,
    }),
    write: async (path, text) => {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), text);
    },
    sql: (text, other = database) => server.sql(text, other),
    end: () => rm(home, { recursive: true, force: true }),
  };
}

const shop = `
  create table products (id serial primary key, name text not null unique, price numeric(10, 2) not null check (price >= 0));
  create table orders (id bigserial primary key, product int not null references products, amount int not null default 1, placed timestamptz not null default now());
  create index orders_placed on orders (placed);
  create view expensive as select * from products where price > 100;
  create function total(p int) returns bigint language sql stable as 'select sum(amount) from orders where product = p';
  insert into products (name, price) select 'product ' || i, i * 1.5 from generate_series(1, 100) i;
  insert into orders (product, amount) select 1 + i % 100, i from generate_series(1, 500) i;
  grant select, insert, update on all tables in schema public to shop_app;
  grant usage on all sequences in schema public to shop_app;
`;

async function fillShop(server: Postgres, database: string): Promise<void> {
  await server.sql(`do $$ begin if to_regrole('shop_app') is null then
    create role shop_app login password 'app-secret'; create role shop_owner; create role shop_reports login password 'reports'; end if; end $$`);
  await server.sql(`create database ${database} owner shop_owner`);
  await server.sql(`revoke connect, temporary on database ${database} from public`);
  await server.sql(`grant connect on database ${database} to shop_app`);
  await server.sql(`alter database ${database} set search_path to "$user", public`);
  await server.sql(`alter database ${database} set app.region to 'north "1"'`);
  await server.sql(`alter role shop_app in database ${database} set statement_timeout to '7s'`);
  await server.sql(`alter database ${database} connection limit 77`);
  await server.sql(`comment on database ${database} is 'the shop''s own'`);
  await server.sql(shop, database);
}

export const appRole = { user: 'shop_app', password: 'app-secret' };

/** Drives a verb to its end as a worker does. */
export async function settle<T>(look: () => Promise<Step<T>>): Promise<T> {
  for (;;) {
    const step = await look();
    if (step.state === 'done') return step.value;
    if (step.state === 'ask') throw new Error(step.question);
    await new Promise((resolve) => setTimeout(resolve, Math.min(step.lookAgainMs, 50)));
  }
}

/** One attempt: the same call looked at until it ends. */
export function attempt<T>(call: Call<PostgresSpec>, verb: (call: Call<PostgresSpec>) => Promise<Step<T>>): Promise<T> {
  return settle(() => verb(call));
}

export async function failureOf(
  promise: Promise<unknown>,
): Promise<Error & { kind?: string; details?: Record<string, unknown> }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

export type AnySavepoint = Savepoint<PostgresState>;
export type Pinned = Artefact;
