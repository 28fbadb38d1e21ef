import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type CreateDBInstanceMessage,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  type DBInstance,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import type { Artefact, Call, Savepoint, Step } from '../../../src/release/target.ts';
import { type AwsRdsSpec, awsRdsSchema } from '../../../src/targets/aws-rds/aws-rds.schema.ts';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import type { RdsState } from '../../../src/targets/aws-rds/state.ts';
import type { Database } from '../../support/aws/hands.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { type AwsOptions, type AwsWorld, startAws } from '../../support/aws/world.ts';
import { runSql } from '../../support/postgres.ts';
import { isMissing } from '../../support/tools.ts';

const moto = findMoto();
/** Why these tests cannot run here; undefined when they can. */
export const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

/** An AWS whose credentials and endpoint the SDK finds by itself, as where a worker runs. */
export async function openAws(options: AwsOptions = {}): Promise<AwsWorld> {
  const aws = await startAws(options);
  Object.assign(process.env, aws.environment);
  return aws;
}

export type Wanted = Partial<Omit<Call<AwsRdsSpec>, 'spec'>> & { spec?: Record<string, unknown> };

export type Shop = {
  aws: AwsWorld;
  instance: string;
  database: Database;
  home: string;
  call(wanted?: Wanted): Call<AwsRdsSpec>;
  /** Writes a file below the plan's directory. */
  write(path: string, text: string): Promise<void>;
  /** As the role of the plan, at the address of the name. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** As a user of the shop. */
  asUser(text: string): Promise<Record<string, unknown>[]>;
  described(name?: string): Promise<DBInstance | null>;
  end(): Promise<void>;
};

let count = 0;
let fences = 1000;

export function nextFence(): number {
  fences += 1;
  return fences;
}

const tables = `
  create table products (id serial primary key, name text not null unique, price numeric(10, 2) not null);
  create table orders (id bigserial primary key, product int not null references products, amount int not null default 1);
  insert into products (name, price) select 'product ' || i, i * 1.5 from generate_series(1, 20) i;
  insert into orders (product, amount) select 1 + i % 20, i from generate_series(1, 50) i;
  do $$ begin if to_regrole('shop_app') is null then create role shop_app login password 'app-secret'; end if; end $$;
  grant select, insert, update, delete on all tables in schema public to shop_app;
  grant usage on all sequences in schema public to shop_app;
`;

/** An instance of its own with a small shop on it, and a directory for a plan with one migration and one seed. */
export async function openShop(
  aws: AwsWorld,
  options: { wish?: Partial<CreateDBInstanceMessage>; empty?: boolean } = {},
): Promise<Shop> {
  count += 1;
  const instance = `shop-db-${count}`;
  const database = await aws.createDatabase(instance, options.wish);
  const url = options.empty === true ? database.url.replace(/\/shop$/, '/market') : database.url;
  const home = await mkdtemp(join(tmpdir(), 'savepoint-rds-'));
  if (options.empty !== true) await runSql(url, tables);
  const release = `00000000-0000-7000-8000-0000${(0x10000000 + count).toString(16)}`;
  const user = url.replace(/\/\/[^@]*@/, '//shop_app:app-secret@');
  const rds = new RDSClient(aws.direct);
  const shop: Shop = {
    aws,
    instance,
    database,
    home,
    call: ({ spec, key = 'database', ...rest } = {}) => ({
      spec: awsRdsSchema.parse({
        ...{ region: aws.region, endpoint: aws.endpoint, instance, url },
        ...{ migrate: { directory: './migrations' }, seed: { directory: './seeds' } },
        ...spec,
      }),
      ...{ application: 'shop', environment: 'test', target: 'database', release, home, key: `${release}/${key}` },
      ...{ fence: nextFence(), pinned: null, signal: new AbortController().signal },
      log: { info: () => undefined, warn: () => undefined },
      ...rest,
    }),
    write: async (path, text) => {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), text);
    },
    sql: (text) => runSql(url, text),
    asUser: (text) => runSql(user, text),
    described: async (name = instance) => {
      const found = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: name })).catch(() => null);
      return found?.DBInstances?.[0] ?? null;
    },
    end: () => rm(home, { recursive: true, force: true }),
  };
  await shop.write(
    'migrations/1_colours.sql',
    'create table colours (id int primary key, name text not null); alter table products add column colour int;',
  );
  await shop.write(
    'seeds/1_colours.sql',
    `insert into colours values (1, 'red'), (2, 'blue'); update products set colour = 1;`,
  );
  return shop;
}

/** Drives one verb to its end as a worker does; the pauses that are asked for are cut short. */
export async function settle<T>(
  look: () => Promise<Step<T>>,
  told: (detail: string, pauseMs: number) => Promise<void> | void = () => {},
): Promise<T> {
  for (const deadline = performance.now() + 60_000; ; ) {
    const step = await look();
    if (step.state === 'done') return step.value;
    if (step.state === 'ask') throw new Error(step.question);
    await told(step.detail, step.lookAgainMs);
    if (performance.now() > deadline) throw new Error(`it does not end: ${step.detail}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(step.lookAgainMs, 20)));
  }
}

export type Saved = Savepoint<RdsState>;

export function save(shop: Shop, wanted: Wanted = {}): Promise<Saved> {
  const call = shop.call({ key: 'save', ...wanted });
  return settle(() => awsRds.save(call));
}

export async function prepared(shop: Shop, wanted: Wanted = {}): Promise<Artefact> {
  const call = shop.call({ key: 'prepare', ...wanted });
  return await settle(() => (awsRds.prepare ?? missing())(call, 'v2'));
}

function missing(): never {
  throw new Error('the kind lacks it');
}

export async function change(shop: Shop, what: 'migrate' | 'seed' = 'migrate', wanted: Wanted = {}): Promise<unknown> {
  const call = shop.call({ key: `apply ${what}`, ...wanted });
  return await settle(() => awsRds.apply(call, what, 'v2'));
}

export function restore(shop: Shop, to: Saved, wanted: Wanted = {}, told?: Parameters<typeof settle>[1]) {
  const call = shop.call({ key: 'restore', ...wanted });
  return settle(() => awsRds.restore(call, to), told);
}

export async function hold(shop: Shop, wanted: Wanted = {}): Promise<void> {
  const call = shop.call({ key: 'hold', ...wanted });
  await settle(() => awsRds.hold(call));
}

export async function resume(shop: Shop): Promise<void> {
  const call = shop.call({ key: 'resume' });
  await settle(() => awsRds.resume(call, null));
}

export async function failureOf(
  promise: Promise<unknown>,
): Promise<Error & { kind?: string; details?: { remedy?: string; evidence?: string; notDone?: string[] } }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

/** Names of effects on AWS in their order, without tags. */
export function effectsOf(aws: AwsWorld): string[] {
  return aws.ledger
    .effects()
    .filter(({ name }) => name !== 'AddTagsToResource')
    .map(({ name, parameters }) => {
      const { DBSnapshotIdentifier, DBInstanceIdentifier, TargetDBInstanceIdentifier, NewDBInstanceIdentifier } =
        parameters;
      const to = NewDBInstanceIdentifier === undefined ? '' : ` → ${String(NewDBInstanceIdentifier)}`;
      return `${name} ${String(TargetDBInstanceIdentifier ?? (name === 'CreateDBSnapshot' ? DBSnapshotIdentifier : DBInstanceIdentifier))}${to}`;
    });
}

/** A parameter group and a subnet group of the account's default network. */
export async function openGroups(aws: AwsWorld): Promise<{ parameters: string; subnets: string }> {
  const rds = new RDSClient(aws.direct);
  const parameters = 'shop-parameters';
  await rds.send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: parameters,
      DBParameterGroupFamily: 'postgres18',
      Description: 'of the shop',
    }),
  );
  const SubnetIds = await subnetsOf(aws);
  const subnets = 'shop-subnets';
  await rds.send(
    new CreateDBSubnetGroupCommand({ DBSubnetGroupName: subnets, DBSubnetGroupDescription: 'of the shop', SubnetIds }),
  );
  return { parameters, subnets };
}

/** moto takes any signature. */
async function subnetsOf(aws: AwsWorld): Promise<string[]> {
  const authorization = `AWS4-HMAC-SHA256 Credential=${aws.config.credentials.accessKeyId}/20260101/${aws.region}/ec2/aws4_request, SignedHeaders=host, Signature=none`;
  const answer = await fetch(`${aws.direct.endpoint}/`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=DescribeSubnets&Version=2016-11-15',
  });
  return [...(await answer.text()).matchAll(/<subnetId>([^<]+)</g)].map(([, id]) => id ?? '');
}
