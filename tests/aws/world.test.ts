import {
  CloudFrontClient,
  CreateDistributionCommand,
  CreateInvalidationCommand,
  GetInvalidationCommand,
} from '@aws-sdk/client-cloudfront';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { BatchGetImageCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import {
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/aws/hands.ts';
import { findMoto } from '../support/aws/moto.ts';
import { webProgram } from '../support/aws/programs.ts';
import { type AwsWorld, startAws } from '../support/aws/world.ts';
import { runSql } from '../support/postgres.ts';
import { isMissing } from '../support/tools.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

let world: AwsWorld;
let ecs: ECSClient;
let rds: RDSClient;

beforeAll(async () => {
  if (skip !== undefined) return;
  world = await startAws();
  ecs = new ECSClient(world.config);
  rds = new RDSClient(world.config);
});
afterAll(() => world?.stop());

const cluster = 'shop';
const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };

async function version(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/version`);
  return answer.ok ? Reflect.get(Object(await answer.json()), 'version') : answer.status;
}

async function described(name: string) {
  const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [name] }));
  const [service] = services;
  if (service === undefined) throw new Error(`no ${name}`);
  return service;
}

async function tasksOf(name: string, desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING') {
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName: name, desiredStatus }));
  if (taskArns.length === 0) return [];
  return (await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))).tasks ?? [];
}

async function rolledOut(name: string, deployment?: string) {
  return await until(async () => {
    const service = await described(name);
    const [primary, ...others] = service.deployments ?? [];
    const done = primary?.rolloutState === 'COMPLETED' && others.length === 0 && primary.id !== deployment;
    return done ? service : null;
  }, `${name} to be rolled out`);
}

async function instance(identifier: string): Promise<DBInstance | null> {
  const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier });
  return await rds.send(asked).then(
    ({ DBInstances = [] }) => DBInstances[0] ?? null,
    (error: unknown) => {
      if (error instanceof Error && error.name === 'DBInstanceNotFoundFault') return null;
      throw error;
    },
  );
}

async function available(identifier: string): Promise<DBInstance> {
  return await until(async () => {
    const found = await instance(identifier);
    return found?.DBInstanceStatus === 'available' ? found : null;
  }, `${identifier} to be available`);
}

function addressed(url: string, { Endpoint }: DBInstance): string {
  const moved = new URL(url);
  moved.hostname = Endpoint?.Address ?? '';
  moved.port = String(Endpoint?.Port ?? '');
  return moved.href;
}

describe.skipIf(skip !== undefined)('ECS', () => {
  test('runs the pushed program, which answers its version and gets its environment', async () => {
    const image = await world.pushImage('answering', 'v1', webProgram({ version: '1.0.0' }));
    await world.createService({ cluster, name: 'answering', image: image.reference, environment: { COLOUR: 'blue' } });
    const url = await world.serviceUrl(cluster, 'answering');
    expect(await version(url)).toBe('1.0.0');
    expect(await (await fetch(`${url}/environment?name=COLOUR`)).json()).toEqual({ value: 'blue' });
    const [task] = await tasksOf('answering');
    expect(task?.containers?.[0]?.imageDigest).toBe(image.digest);
    expect(task?.lastStatus).toBe('RUNNING');
  });

  test('starts the new bytes when the same tag is pushed twice, keeps the old ones, and is never down', async () => {
    const first = await world.pushImage('moving', 'live', webProgram({ version: '1.0.0' }));
    await world.createService({ cluster, name: 'moving', image: first.reference });
    const url = await world.serviceUrl(cluster, 'moving');
    const second = await world.pushImage('moving', 'live', webProgram({ version: '2.0.0' }));
    expect(second.digest).not.toBe(first.digest);
    const before = (await described('moving')).deployments?.[0]?.id;
    const answers = new Set<unknown>();
    let watching = true;
    const watch = (async () => {
      while (watching) answers.add(await version(url));
    })();
    await ecs.send(new UpdateServiceCommand({ cluster, service: 'moving', forceNewDeployment: true }));
    await rolledOut('moving', before);
    watching = false;
    await watch;
    expect([...answers].sort()).toEqual(['1.0.0', '2.0.0']);
    expect((await tasksOf('moving')).map((task) => task.containers?.[0]?.imageDigest)).toEqual([second.digest]);
    const asked = new BatchGetImageCommand({ repositoryName: 'moving', imageIds: [{ imageDigest: first.digest }] });
    const { images = [] } = await new ECRClient(world.config).send(asked);
    expect(images[0]?.imageId?.imageDigest).toBe(first.digest);
  });

  test('shows why a task stopped that crashes at its start, and what it wrote', async () => {
    const good = await world.pushImage('crashing', 'v1', webProgram({ version: '1.0.0' }));
    await world.createService({ cluster, name: 'crashing', image: good.reference });
    const bad = await world.pushImage('crashing', 'v2', webProgram({ version: '2.0.0', crashes: true }));
    const options = { 'awslogs-group': '/shop', 'awslogs-create-group': 'true', 'awslogs-stream-prefix': 'shop' };
    const logConfiguration = { logDriver: 'awslogs' as const, options };
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'crashing',
        memory: '512',
        containerDefinitions: [
          { name: 'app', image: bad.reference, portMappings: [{ containerPort: 3000 }], logConfiguration },
        ],
      }),
    );
    const revision = taskDefinition?.taskDefinitionArn ?? '';
    await ecs.send(new UpdateServiceCommand({ cluster, service: 'crashing', taskDefinition: revision }));
    const stopped = await until(async () => {
      const tasks = await tasksOf('crashing', 'STOPPED');
      return tasks.find((task) => task.taskDefinitionArn === revision) ?? null;
    }, 'a stopped task');
    expect(stopped.stoppedReason).toBe('Essential container in task exited');
    expect(stopped.containers?.[0]?.exitCode).toBe(1);
    expect(await version(await world.serviceUrl(cluster, 'crashing'))).toBe('1.0.0');
    const logs = new CloudWatchLogsClient(world.config);
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/shop' }));
    expect(events.map(({ message }) => message)).toContain('fatal: version 2.0.0 cannot start');
    const service = await described('crashing');
    expect(service.deployments?.map(({ status, rolloutState }) => [status, rolloutState])).toEqual([
      ['PRIMARY', 'IN_PROGRESS'],
      ['ACTIVE', 'COMPLETED'],
    ]);
    expect(service.deployments?.[0]?.failedTasks).toBeGreaterThan(0);
  });

  test('goes back by itself where the circuit breaker says so', async () => {
    const good = await world.pushImage('breaking', 'v1', webProgram({ version: '1.0.0' }));
    const service = { deploymentConfiguration: breaker };
    const old = await world.createService({ cluster, name: 'breaking', image: good.reference, service });
    const sick = await world.pushImage('breaking', 'v2', webProgram({ version: '2.0.0', sick: true }));
    const definition = new RegisterTaskDefinitionCommand({
      family: 'breaking',
      memory: '512',
      containerDefinitions: [{ name: 'app', image: sick.reference, portMappings: [{ containerPort: 3000 }] }],
    });
    const { taskDefinition } = await ecs.send(definition);
    const before = (await described('breaking')).deployments?.[0]?.id;
    const update = { cluster, service: 'breaking', taskDefinition: taskDefinition?.taskDefinitionArn ?? '' };
    const updated = await ecs.send(new UpdateServiceCommand(update));
    const ours = updated.service?.deployments?.[0]?.id;
    expect(ours).not.toBe(before);
    const after = await until(async () => {
      const service = await described('breaking');
      const [primary] = service.deployments ?? [];
      return primary?.id !== ours && primary?.rolloutState === 'COMPLETED' ? service : null;
    }, 'the breaker');
    expect(after.taskDefinition).toBe(old);
    expect(await version(await world.serviceUrl(cluster, 'breaking'))).toBe('1.0.0');
    expect(after.events?.map(({ message }) => message).join()).toContain(`(deployment ${ours}) deployment failed`);
    const { serviceDeployments = [] } = await ecs.send(
      new ListServiceDeploymentsCommand({ cluster, service: 'breaking' }),
    );
    expect(serviceDeployments.map(({ status }) => status)).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL']);
  });

  test('stops everything at a desired count of 0, and runs one-off tasks to their exit code', async () => {
    const image = await world.pushImage('resting', 'v1', webProgram({ version: '1.0.0' }));
    await world.createService({ cluster, name: 'resting', image: image.reference, count: 2 });
    const url = await world.serviceUrl(cluster, 'resting');
    await ecs.send(new UpdateServiceCommand({ cluster, service: 'resting', desiredCount: 0 }));
    await until(async () => ((await tasksOf('resting')).length === 0 ? true : null), 'no tasks');
    expect(await version(url)).toBe(503);
    const once = webProgram({ version: '1', first: "process.exit(process.argv[2] === 'migrate' ? 7 : 1)" });
    const { reference } = await world.pushImage('once', 'v1', once);
    const containerDefinitions = [{ name: 'app', image: reference }];
    await ecs.send(new RegisterTaskDefinitionCommand({ family: 'once', memory: '512', containerDefinitions }));
    const overrides = { containerOverrides: [{ name: 'app', command: ['migrate'] }] };
    const { tasks = [] } = await ecs.send(new RunTaskCommand({ cluster, taskDefinition: 'once', overrides }));
    const arn = tasks[0]?.taskArn ?? '';
    const ended = await until(async () => {
      const { tasks: found = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
      return found[0]?.lastStatus === 'STOPPED' ? found[0] : null;
    }, 'the task');
    expect(ended.containers?.[0]?.exitCode).toBe(7);
  });
});

describe.skipIf(skip !== undefined)('RDS', () => {
  test('brings rows back under another name, with default settings, and the old address leads to them after a swap', async () => {
    const group = { DBParameterGroupName: 'tuned', DBParameterGroupFamily: 'postgres18', Description: 'tuned' };
    await rds.send(new CreateDBParameterGroupCommand(group));
    const settings = { DBParameterGroupName: 'tuned', MultiAZ: true, DeletionProtection: true };
    const made = await world.createDatabase('orders-db', { ...settings, Tags: [{ Key: 'team', Value: 'orders' }] });
    await runSql(made.url, 'create table orders (id int primary key)');
    await runSql(made.url, 'insert into orders values (1), (2)');
    const names = { DBInstanceIdentifier: 'orders-db', DBSnapshotIdentifier: 'before' };
    await rds.send(new CreateDBSnapshotCommand(names));
    expect((await instance('orders-db'))?.DBInstanceStatus).toBe('backing-up');
    await runSql(made.url, 'delete from orders where id = 1');
    await until(async () => {
      const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'before' }));
      return DBSnapshots[0]?.Status === 'available' ? true : null;
    }, 'the snapshot');
    const restore = { DBInstanceIdentifier: 'orders-restored', DBSnapshotIdentifier: 'before', MultiAZ: true };
    await rds.send(new RestoreDBInstanceFromDBSnapshotCommand(restore));
    expect((await instance('orders-restored'))?.DBInstanceStatus).toBe('creating');
    const restored = await available('orders-restored');
    const rows = (await runSql(addressed(made.url, restored), 'select id from orders order by id')).map(({ id }) => id);
    expect(rows).toEqual([1, 2]);
    expect(restored).toMatchObject({
      MultiAZ: true,
      DeletionProtection: false,
      TagList: [{ Key: 'team', Value: 'orders' }],
    });
    expect(restored.DBParameterGroups?.[0]?.DBParameterGroupName).toBe('default.postgres18');

    const rename = (from: string, to: string) =>
      rds.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: from,
          NewDBInstanceIdentifier: to,
          ApplyImmediately: true,
        }),
      );
    await rename('orders-db', 'orders-superseded');
    expect(await instance('orders-db')).toBeNull();
    await expect(runSql(made.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await rename('orders-restored', 'orders-db');
    await available('orders-db');
    expect(await runSql(made.url, 'select id from orders order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    const old = await available('orders-superseded');
    expect(await runSql(addressed(made.url, old), 'select id from orders')).toEqual([{ id: 2 }]);
  });

  test('goes back to a moment', async () => {
    const made = await world.createDatabase('moment-db');
    await runSql(made.url, 'create table orders (id int primary key)');
    await runSql(made.url, 'insert into orders values (1)');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const moment = new Date(Math.floor((await world.now()) / 1000) * 1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await runSql(made.url, 'insert into orders values (2)');
    const target = { SourceDBInstanceIdentifier: 'moment-db', TargetDBInstanceIdentifier: 'moment-then' };
    await rds.send(new RestoreDBInstanceToPointInTimeCommand({ ...target, RestoreTime: moment }));
    const then = addressed(made.url, await available('moment-then'));
    expect(await runSql(then, 'select id from orders')).toEqual([{ id: 1 }]);
    const latest = { ...target, TargetDBInstanceIdentifier: 'moment-latest', UseLatestRestorableTime: true };
    await rds.send(new RestoreDBInstanceToPointInTimeCommand(latest));
    const now = addressed(made.url, await available('moment-latest'));
    expect(await runSql(now, 'select id from orders order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('takes 40 simulated minutes for a snapshot without waiting', async () => {
    await world.createDatabase('slow-db');
    await world.configure({ durations: { snapshotMs: 40 * 60_000 } });
    const names = { DBInstanceIdentifier: 'slow-db', DBSnapshotIdentifier: 'slow' };
    await rds.send(new CreateDBSnapshotCommand(names));
    const look = async () => {
      const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'slow' }));
      return [DBSnapshots[0]?.Status, DBSnapshots[0]?.PercentProgress];
    };
    await world.advance(30 * 60_000);
    expect(await look()).toEqual(['creating', 75]);
    await world.advance(10 * 60_000);
    expect(await look()).toEqual(['available', 100]);
    await world.configure({ durations: { snapshotMs: 40 } });
  });

  test('refuses a snapshot above the quota, and one whose name is taken', async () => {
    await world.createDatabase('full-db');
    const take = (name: string) =>
      rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'full-db', DBSnapshotIdentifier: name }));
    await take('first');
    await available('full-db');
    await expect(take('first')).rejects.toMatchObject({ name: 'DBSnapshotAlreadyExistsFault' });
    await world.configure({ settings: { snapshotQuota: 1 } });
    await expect(take('second')).rejects.toMatchObject({ name: 'SnapshotQuotaExceededFault' });
    await world.configure({ settings: { snapshotQuota: 100 } });
  });
});

describe.skipIf(skip !== undefined)('CloudFront', () => {
  test('answers the same reference with the earlier invalidation, which ends after a while', async () => {
    const client = new CloudFrontClient(world.config);
    const { Distribution } = await client.send(
      new CreateDistributionCommand({
        DistributionConfig: {
          CallerReference: 'made by a test',
          Comment: '',
          Enabled: true,
          Origins: {
            Quantity: 1,
            Items: [{ Id: 'site', DomainName: 'site.s3.amazonaws.com', S3OriginConfig: { OriginAccessIdentity: '' } }],
          },
          DefaultCacheBehavior: { TargetOriginId: 'site', ViewerProtocolPolicy: 'allow-all' },
        },
      }),
    );
    const DistributionId = Distribution?.Id ?? '';
    const invalidate = (CallerReference: string, path: string) =>
      client.send(
        new CreateInvalidationCommand({
          DistributionId,
          InvalidationBatch: { CallerReference, Paths: { Quantity: 1, Items: [path] } },
        }),
      );
    const { Invalidation: first } = await invalidate('one', '/*');
    const { Invalidation: again } = await invalidate('one', '/*');
    expect(again?.Id).toBe(first?.Id);
    await expect(invalidate('one', '/index.html')).rejects.toMatchObject({ name: 'InvalidationBatchAlreadyExists' });
    expect(first?.Status).toBe('InProgress');
    await until(async () => {
      const { Invalidation } = await client.send(new GetInvalidationCommand({ DistributionId, Id: first?.Id ?? '' }));
      return Invalidation?.Status === 'Completed' ? true : null;
    }, 'the invalidation');
  });
});

describe.skipIf(skip !== undefined)('The wire', () => {
  test('loses an answer after its effect, and the ledger has the effect once', async () => {
    await world.createDatabase('lost-db');
    world.ledger.forget();
    world.faults.loseAnswer('CreateDBSnapshot');
    const names = { DBInstanceIdentifier: 'lost-db', DBSnapshotIdentifier: 'lost' };
    const careless = new RDSClient({ ...world.config, maxAttempts: 1 });
    await expect(careless.send(new CreateDBSnapshotCommand(names))).rejects.toThrow(/hang up|ECONNRESET/);
    const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'lost' }));
    expect(DBSnapshots.length).toBe(1);
    const [effect, ...others] = world.ledger.effects();
    expect([effect?.service, effect?.name, effect?.parameters.DBSnapshotIdentifier]).toEqual([
      'rds',
      'CreateDBSnapshot',
      'lost',
    ]);
    expect(others).toEqual([]);
    expect(world.ledger.calls()).toEqual({ CreateDBSnapshot: 1, DescribeDBSnapshots: 1 });
  });

  test.each([
    ['throttled', () => world.faults.storm({ kind: 'throttled', share: 1 }), ['ThrottlingException', 'Throttling']],
    [
      'server-error',
      () => world.faults.storm({ kind: 'server-error', share: 1 }),
      ['InternalFailure', 'ServiceUnavailable'],
    ],
    ['expired', () => world.faults.expireCredentials(), ['ExpiredTokenException', 'ExpiredToken']],
    ['skewed', () => world.faults.setServerClock(20 * 60_000), ['InvalidSignatureException', 'SignatureDoesNotMatch']],
  ] as const)('refuses as AWS does: %s', async (kind, strike, [json, query]) => {
    const once = { ...world.config, maxAttempts: 1 };
    strike();
    try {
      const asked = new ECSClient(once).send(new DescribeServicesCommand({ cluster, services: ['answering'] }));
      await expect(asked).rejects.toMatchObject({ name: json });
      await expect(new RDSClient(once).send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({ name: query });
      expect(world.faults.struck()[kind]).toBeGreaterThanOrEqual(2);
    } finally {
      world.faults.calm();
    }
  });
});
