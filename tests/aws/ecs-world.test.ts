import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { BatchGetImageCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { whyNoAws } from '../support/aws/for-file.ts';
import { until } from '../support/aws/hands.ts';
import { versionAt } from '../support/aws/looking.ts';
import { webProgram } from '../support/aws/programs.ts';
import { ecsForFile } from './ecs-for-file.ts';

const skip = whyNoAws();
if (skip !== null) console.warn(skip);
const aws = ecsForFile();

const cluster = 'shop';
const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };

describe.skipIf(skip !== null)('ECS in the test world', () => {
  test('runs the pushed program, which answers its version and gets its environment', async () => {
    const image = await aws.world.pushImage('answering', 'v1', webProgram({ version: '1.0.0' }));
    await aws.world.createService({
      cluster,
      name: 'answering',
      image: image.reference,
      environment: { COLOUR: 'blue' },
    });
    const url = await aws.world.serviceUrl(cluster, 'answering');
    expect(await versionAt(url)).toBe('1.0.0');
    expect(await (await fetch(`${url}/environment?name=COLOUR`)).json()).toEqual({ value: 'blue' });
    const [task] = await aws.sight.tasks(cluster, 'answering');
    expect(task?.containers?.[0]?.imageDigest).toBe(image.digest);
    expect(task?.lastStatus).toBe('RUNNING');
  });

  test('starts the new bytes when the same tag is pushed twice, keeps the old ones, and is never down', async () => {
    const first = await aws.world.pushImage('moving', 'live', webProgram({ version: '1.0.0' }));
    await aws.world.createService({ cluster, name: 'moving', image: first.reference });
    const url = await aws.world.serviceUrl(cluster, 'moving');
    const second = await aws.world.pushImage('moving', 'live', webProgram({ version: '2.0.0' }));
    expect(second.digest).not.toBe(first.digest);
    const before = (await aws.sight.service(cluster, 'moving')).deployments?.[0]?.id;
    const answers = new Set<unknown>();
    let watching = true;
    const watch = (async () => {
      while (watching) answers.add(await versionAt(url));
    })();
    await aws.ecs.send(new UpdateServiceCommand({ cluster, service: 'moving', forceNewDeployment: true }));
    await aws.sight.rolledOut(cluster, 'moving', before);
    watching = false;
    await watch;
    expect([...answers].sort()).toEqual(['1.0.0', '2.0.0']);
    expect((await aws.sight.tasks(cluster, 'moving')).map((task) => task.containers?.[0]?.imageDigest)).toEqual([
      second.digest,
    ]);
    const asked = new BatchGetImageCommand({ repositoryName: 'moving', imageIds: [{ imageDigest: first.digest }] });
    const { images = [] } = await new ECRClient(aws.world.config).send(asked);
    expect(images[0]?.imageId?.imageDigest).toBe(first.digest);
  });

  test('shows why a task stopped that crashes at its start, and what it wrote', async () => {
    const good = await aws.world.pushImage('crashing', 'v1', webProgram({ version: '1.0.0' }));
    await aws.world.createService({ cluster, name: 'crashing', image: good.reference });
    const bad = await aws.world.pushImage('crashing', 'v2', webProgram({ version: '2.0.0', crashes: true }));
    const options = { 'awslogs-group': '/shop', 'awslogs-create-group': 'true', 'awslogs-stream-prefix': 'shop' };
    const logConfiguration = { logDriver: 'awslogs' as const, options };
    const { taskDefinition } = await aws.ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'crashing',
        memory: '512',
        containerDefinitions: [
          { name: 'app', image: bad.reference, portMappings: [{ containerPort: 3000 }], logConfiguration },
        ],
      }),
    );
    const revision = taskDefinition?.taskDefinitionArn ?? '';
    await aws.ecs.send(new UpdateServiceCommand({ cluster, service: 'crashing', taskDefinition: revision }));
    const stopped = await until(async () => {
      const tasks = await aws.sight.tasks(cluster, 'crashing', 'STOPPED');
      return tasks.find((task) => task.taskDefinitionArn === revision) ?? null;
    }, 'a stopped task');
    expect(stopped.stoppedReason).toBe('Essential container in task exited');
    expect(stopped.containers?.[0]?.exitCode).toBe(1);
    expect(await versionAt(await aws.world.serviceUrl(cluster, 'crashing'))).toBe('1.0.0');
    const logs = new CloudWatchLogsClient(aws.world.config);
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/shop' }));
    expect(events.map(({ message }) => message)).toContain('fatal: version 2.0.0 cannot start');
    const service = await aws.sight.service(cluster, 'crashing');
    expect(service.deployments?.map(({ status, rolloutState }) => [status, rolloutState])).toEqual([
      ['PRIMARY', 'IN_PROGRESS'],
      ['ACTIVE', 'COMPLETED'],
    ]);
    expect(service.deployments?.[0]?.failedTasks).toBeGreaterThan(0);
  });

  test('goes back by itself where the circuit breaker says so', async () => {
    const good = await aws.world.pushImage('breaking', 'v1', webProgram({ version: '1.0.0' }));
    const service = { deploymentConfiguration: breaker };
    const old = await aws.world.createService({ cluster, name: 'breaking', image: good.reference, service });
    const sick = await aws.world.pushImage('breaking', 'v2', webProgram({ version: '2.0.0', sick: true }));
    const definition = new RegisterTaskDefinitionCommand({
      family: 'breaking',
      memory: '512',
      containerDefinitions: [{ name: 'app', image: sick.reference, portMappings: [{ containerPort: 3000 }] }],
    });
    const { taskDefinition } = await aws.ecs.send(definition);
    const before = (await aws.sight.service(cluster, 'breaking')).deployments?.[0]?.id;
    const update = { cluster, service: 'breaking', taskDefinition: taskDefinition?.taskDefinitionArn ?? '' };
    const updated = await aws.ecs.send(new UpdateServiceCommand(update));
    const ours = updated.service?.deployments?.[0]?.id;
    expect(ours).not.toBe(before);
    const after = await until(async () => {
      const service = await aws.sight.service(cluster, 'breaking');
      const [primary] = service.deployments ?? [];
      return primary?.id !== ours && primary?.rolloutState === 'COMPLETED' ? service : null;
    }, 'the breaker');
    expect(after.taskDefinition).toBe(old);
    expect(await versionAt(await aws.world.serviceUrl(cluster, 'breaking'))).toBe('1.0.0');
    expect(after.events?.map(({ message }) => message).join()).toContain(`(deployment ${ours}) deployment failed`);
    const { serviceDeployments = [] } = await aws.ecs.send(
      new ListServiceDeploymentsCommand({ cluster, service: 'breaking' }),
    );
    expect(serviceDeployments.map(({ status }) => status)).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL']);
  });

  test('stops everything at a desired count of 0, and runs one-off tasks to their exit code', async () => {
    const image = await aws.world.pushImage('resting', 'v1', webProgram({ version: '1.0.0' }));
    await aws.world.createService({ cluster, name: 'resting', image: image.reference, count: 2 });
    const url = await aws.world.serviceUrl(cluster, 'resting');
    await aws.ecs.send(new UpdateServiceCommand({ cluster, service: 'resting', desiredCount: 0 }));
    await until(async () => ((await aws.sight.tasks(cluster, 'resting')).length === 0 ? true : null), 'no tasks');
    expect(await versionAt(url)).toBe(503);
    const once = webProgram({ version: '1', first: "process.exit(process.argv[2] === 'migrate' ? 7 : 1)" });
    const { reference } = await aws.world.pushImage('once', 'v1', once);
    const containerDefinitions = [{ name: 'app', image: reference }];
    await aws.ecs.send(new RegisterTaskDefinitionCommand({ family: 'once', memory: '512', containerDefinitions }));
    const overrides = { containerOverrides: [{ name: 'app', command: ['migrate'] }] };
    const { tasks = [] } = await aws.ecs.send(new RunTaskCommand({ cluster, taskDefinition: 'once', overrides }));
    const arn = tasks[0]?.taskArn ?? '';
    const ended = await until(async () => {
      const { tasks: found = [] } = await aws.ecs.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
      return found[0]?.lastStatus === 'STOPPED' ? found[0] : null;
    }, 'the task');
    expect(ended.containers?.[0]?.exitCode).toBe(7);
  });
});
