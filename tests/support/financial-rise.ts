import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFrontClient, CreateDistributionCommand, ListInvalidationsCommand } from '@aws-sdk/client-cloudfront';
import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  type PutMetricAlarmInput,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { parse } from 'yaml';
import { writeAttestation } from '../../src/checks/attest/attestation.ts';
import type { Database } from './aws/hands.ts';
import { type AwsWorld, startAws } from './aws/world.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { type Bench, type Handle, openBench } from './release.ts';
import { startTemporal } from './temporal.ts';

const example = fileURLToPath(new URL('../../examples/financial-rise/', import.meta.url));
const shim = fileURLToPath(new URL('aws/docker.mjs', import.meta.url));
const cluster = 'financial-rise-prod';
const groups = ['/ecs/financial-rise-backend', '/ecs/financial-rise-frontend'];

type Alarm = {
  name: string;
  namespace: string;
  metric: string;
  above: number;
  period: number;
  periods: number;
  action: string;
};
const alarms: readonly Alarm[] = [
  {
    name: '5xx',
    namespace: 'AWS/ApplicationELB',
    metric: 'HTTPCode_Target_5XX_Count',
    above: 10,
    period: 300,
    periods: 1,
    action: 'page-on-call',
  },
  {
    name: 'response-time',
    namespace: 'AWS/ApplicationELB',
    metric: 'TargetResponseTime',
    above: 1,
    period: 60,
    periods: 5,
    action: 'page-on-call',
  },
  {
    name: 'database-cpu',
    namespace: 'AWS/RDS',
    metric: 'CPUUtilization',
    above: 80,
    period: 300,
    periods: 2,
    action: 'mail-operations',
  },
  {
    name: 'memory',
    namespace: 'AWS/ECS',
    metric: 'MemoryUtilization',
    above: 85,
    period: 300,
    periods: 2,
    action: 'mail-operations',
  },
];

/** The example on an AWS of its own, running v0.9.0 with users in it. */
export type FinancialRise = {
  world: AwsWorld;
  bench: Bench;
  redis: RedisServer;
  database: Database;
  /** Addresses of the load balancers. */
  api: string;
  app: string;
  /** What the status page and the channel were told, in order. */
  told: { to: 'status page' | 'channel'; event: string }[];
  /** Starts a release of the example's own plan; `change` edits it first, `backend` the source of the backend. */
  release(version: string, change?: Change): Promise<Handle>;
  sql<T extends object>(query: string): Promise<T[]>;
  versions(): Promise<{ backend: string; frontend: string }>;
  invalidations(): Promise<number>;
  alarm(name: string, state: 'OK' | 'ALARM'): Promise<void>;
  stop(): Promise<void>;
};

type PlanObject = { [key: string]: unknown } & { targets: Record<string, Record<string, unknown>> };
export type Change = {
  plan?: (plan: PlanObject) => void;
  backend?: (source: string) => string;
  files?: Record<string, string>;
};

async function query<T extends object>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Mails, the status page and the channel: one server with a path for each. */
async function startOutside(told: FinancialRise['told']): Promise<{ origin: string; stop(): Promise<void> }> {
  const mails: { to: string; text: string }[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://outside');
    const body = await textOf(request);
    const event = (): string => (JSON.parse(body) as { event: string }).event;
    if (pathname === '/mail' && request.method === 'POST') mails.push(JSON.parse(body) as { to: string; text: string });
    if (pathname === '/status-page/told') told.push({ to: 'status page', event: event() });
    if (pathname === '/channel') told.push({ to: 'channel', event: event() });
    const answer =
      pathname === '/mail'
        ? mails.filter(({ to }) => to === searchParams.get('to'))
        : { status: { indicator: 'none' } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, stop };
}

function alarmInput(
  { name, namespace, metric, above, period, periods, action }: Alarm,
  world: AwsWorld,
): PutMetricAlarmInput {
  return {
    AlarmName: `financial-rise-${name}`,
    Namespace: namespace,
    MetricName: metric,
    Statistic: name === '5xx' ? 'Sum' : 'Average',
    Period: period,
    EvaluationPeriods: periods,
    Threshold: above,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [`arn:aws:sns:${world.region}:${world.account}:${action}`],
  };
}

async function prepareMonitoring(world: AwsWorld): Promise<FinancialRise['alarm']> {
  const cloudWatch = new CloudWatchClient(world.direct);
  const logs = new CloudWatchLogsClient(world.direct);
  for (const logGroupName of groups) {
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 30 }));
  }
  const move: FinancialRise['alarm'] = async (name, StateValue) => {
    const AlarmName = `financial-rise-${name}`;
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'a test says so' }));
  };
  for (const alarm of alarms) {
    await cloudWatch.send(new PutMetricAlarmCommand(alarmInput(alarm, world)));
    await move(alarm.name, 'OK');
  }
  return move;
}

const app = { user: 'financialrise_app', password: 'the-password-of-the-app' };

/** As an earlier release left it: the first migration, 20 questions, users and their assessments; the app has a role of its own. */
async function fillDatabase(url: string): Promise<void> {
  const first = await readFile(join(example, 'backend/migrations/1761000000000-accounts.sql'), 'utf8');
  await query(
    url,
    `CREATE ROLE ${app.user} LOGIN PASSWORD '${app.password}';
     ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO ${app.user};
     ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO ${app.user};
     ${first};
     CREATE TABLE migrations (id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name text NOT NULL UNIQUE);
     INSERT INTO migrations ("timestamp", name) VALUES (1761000000000, '1761000000000-accounts.sql');
     INSERT INTO questions SELECT n, 'Question ' || n FROM generate_series(1, 20) n;
     INSERT INTO users (email, password, verified) SELECT 'user-' || n || '@example.com', 'x', true FROM generate_series(1, 50) n;
     INSERT INTO assessments (consultant, client, link) SELECT n, 'client-' || n || '@example.com', 'link-' || n FROM generate_series(1, 50) n`,
  );
}

/** The same database as the application's own role. */
function asApp(url: string): string {
  const found = new URL(url);
  return Object.assign(found, { username: app.user, password: app.password }).href;
}

/** The container definition of a running service, as `task-definition-*.json` has it. */
function containerOf(name: 'backend' | 'frontend', region: string): Record<string, unknown> {
  return {
    name,
    essential: true,
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': `/ecs/financial-rise-${name}`,
        'awslogs-region': region,
        'awslogs-stream-prefix': name,
      },
    },
  };
}

async function sourceOf(folder: string, version: string): Promise<string> {
  return `process.env.VERSION ??= '${version}';\n${await readFile(join(folder, 'server.mjs'), 'utf8')}`;
}

async function startServices(world: AwsWorld, environment: Record<string, string>): Promise<void> {
  for (const name of ['backend', 'frontend'] as const) {
    const image = await world.pushImage(
      `financial-rise-${name}`,
      'v0.9.0',
      await sourceOf(join(example, name), 'v0.9.0'),
    );
    await world.createService({
      cluster,
      name: `${name}-service`,
      image: image.reference,
      count: 2,
      environment,
      container: containerOf(name, world.region),
    });
  }
}

async function createDistribution(world: AwsWorld): Promise<{ id: string; invalidations(): Promise<number> }> {
  const cloudFront = new CloudFrontClient(world.direct);
  const { Distribution } = await cloudFront.send(
    new CreateDistributionCommand({
      DistributionConfig: {
        CallerReference: 'financial-rise',
        Comment: '',
        Enabled: true,
        Origins: { Quantity: 1, Items: [{ Id: 'app', DomainName: 'app.example.com' }] },
        DefaultCacheBehavior: { TargetOriginId: 'app', ViewerProtocolPolicy: 'redirect-to-https' },
      },
    }),
  );
  const id = Distribution?.Id ?? '';
  const invalidations = async (): Promise<number> => {
    const { InvalidationList } = await cloudFront.send(new ListInvalidationsCommand({ DistributionId: id }));
    return InvalidationList?.Items?.length ?? 0;
  };
  return { id, invalidations };
}

/** Everything that the example's plan asks people to state beforehand. */
async function attestAll(plan: PlanObject, records: string, version: string): Promise<void> {
  const checks = [plan.preflight, plan.monitoring].flat() as { kind: string; by: string[]; statement: string }[];
  for (const { by, statement } of checks.filter(({ kind }) => kind === 'attest')) {
    const words = statement.replaceAll(`\${version}`, version);
    await writeAttestation(records, {
      statement: words,
      by: by[0] ?? '',
      version,
      at: new Date().toISOString(),
      holds: true,
    });
  }
}

/** Hours become seconds, the window is any time, and the client of Docker is the one of the test world. */
function hasten(plan: PlanObject): void {
  delete plan.window;
  for (const name of ['backend', 'frontend']) {
    const target = plan.targets[name] ?? {};
    target.image = { ...(target.image as object), tool: shim };
    target.deploy = { timeout: '60s' };
  }
  const watch = plan.watch as Record<string, unknown>;
  Object.assign(watch, { schedule: [{ every: '2s', for: '4s' }], minimumSamples: 10, maxUnwatched: '50 %' });
  // Two processors carry AWS, databases, Temporal and the tests: how fast it is says nothing here.
  const slow = { rollBack: '25s', consult: '20s' };
  const { requests } = plan.performance as { requests: object[] };
  // Lighthouse takes half a minute; tests/workflows/performance.test.ts releases with a page.
  delete (plan.performance as { pages?: object }).pages;
  for (const request of requests) Object.assign(request, { samples: 20, every: '50ms', p95: slow });
  watch.criteria = { ...(watch.criteria as object), p95: slow };
  for (const check of watch.checks as object[]) Object.assign(check, { since: '3s' });
  watch.throughout = { ...(watch.throughout as object), every: '1s' };
  watch.probe = { ...(watch.probe as object), every: '100ms' };
}

export async function openFinancialRise(): Promise<FinancialRise> {
  const told: FinancialRise['told'] = [];
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-financial-rise-'));
  // The commands of the plan import what the project has installed.
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  const [world, temporal, outside, redis] = await Promise.all([
    startAws(),
    startTemporal(),
    startOutside(told),
    startRedis(),
  ]);
  const database = await world.createDatabase('financial-rise-db', {
    MultiAZ: true,
    DeletionProtection: true,
    BackupRetentionPeriod: 7,
  });
  await fillDatabase(database.url);
  const alarm = await prepareMonitoring(world);
  const secrets = new SecretsManagerClient(world.direct);
  const { ARN } = await secrets.send(
    new CreateSecretCommand({ Name: 'financial-rise/app-database-url', SecretString: asApp(database.url) }),
  );
  const mailUrl = `${outside.origin}/mail`;
  await startServices(world, { DATABASE_URL: asApp(database.url), MAIL_URL: mailUrl });
  const distribution = await createDistribution(world);
  const api = await world.serviceUrl(cluster, 'backend-service');
  const site = await world.serviceUrl(cluster, 'frontend-service');
  const before = { ...process.env };
  Object.assign(process.env, world.environment, {
    IMAGES: folder,
    DATABASE_URL: database.url,
    ADMIN_PASSWORD: 'an-admin-password-of-the-test',
    REDIS_URL: redis.url,
    INBOX_URL: mailUrl,
    STATUS_PAGE_URL: `${outside.origin}/status-page`,
    STATUS_PAGE_WEBHOOK: `${outside.origin}/status-page/told`,
    CHAT_WEBHOOK: `${outside.origin}/channel`,
  });
  const bench = await openBench(temporal);
  const places: [string, string][] = [
    ['https://api.financialrise.com', api],
    ['https://app.financialrise.com', site],
    ['E1234567890ABC', distribution.id],
    ['arn:aws:secretsmanager:us-east-1:123456789012:secret:financial-rise/app-database-url', ARN ?? ''],
  ];
  const placed = (text: string): string => places.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  let releases = 0;
  return {
    world,
    bench,
    redis,
    database,
    api,
    app: site,
    told,
    async release(version, { plan: edit = () => {}, backend = (source: string) => source, files = {} } = {}) {
      releases += 1;
      const home = join(folder, `plan-${releases}`);
      await cp(example, home, { recursive: true });
      const plan = parse(placed(await readFile(join(example, 'release.yaml'), 'utf8'))) as PlanObject;
      const definition = JSON.parse(placed(await readFile(join(example, 'task-definition-backend.json'), 'utf8'))) as {
        containerDefinitions: Record<string, unknown>[];
      };
      for (const container of definition.containerDefinitions)
        container.environment = [{ name: 'MAIL_URL', value: mailUrl }];
      await writeFile(join(home, 'task-definition-backend.json'), JSON.stringify(definition));
      await writeFile(
        join(home, 'backend/server.mjs'),
        backend(await readFile(join(example, 'backend/server.mjs'), 'utf8')),
      );
      for (const [name, content] of Object.entries(files)) await writeFile(join(home, name), content);
      hasten(plan);
      edit(plan);
      await mkdir(join(home, 'records'), { recursive: true });
      await attestAll(plan, join(home, 'records'), version);
      return await bench.start(plan, { version, home });
    },
    sql: (text) => query(database.url, text),
    async versions() {
      const [backend, frontend] = await Promise.all(
        [api, site].map(
          async (origin) => ((await (await fetch(`${origin}/version`)).json()) as { version: string }).version,
        ),
      );
      return { backend: backend ?? '', frontend: frontend ?? '' };
    },
    invalidations: distribution.invalidations,
    alarm,
    async stop() {
      await bench.stop();
      await Promise.all([world.stop(), temporal.stop(), outside.stop(), redis.stop()]);
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
