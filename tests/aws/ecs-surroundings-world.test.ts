import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { whyNoAws } from '../support/aws/for-file.ts';
import { until } from '../support/aws/hands.ts';
import { webProgram } from '../support/aws/programs.ts';
import { waitAsBoto3 } from '../support/aws/stock-waiter.ts';
import { ecsForFile } from './ecs-for-file.ts';

const skip = whyNoAws();
if (skip !== null) console.warn(skip);
const aws = ecsForFile();

const cluster = 'shop';

describe.skipIf(skip !== null)('What surrounds ECS in the test world', () => {
  test('starts no task where there is no room, and says so', async () => {
    const image = await aws.world.pushImage('crowded', 'v1', webProgram({ version: '1.0.0' }));
    await aws.world.createService({ cluster, name: 'crowded', image: image.reference });
    await aws.world.configure({ settings: { capacity: 0 } });
    try {
      await aws.ecs.send(new UpdateServiceCommand({ cluster, service: 'crowded', forceNewDeployment: true }));
      const told = await until(async () => {
        const { events = [], deployments = [] } = await aws.sight.service(cluster, 'crowded');
        return events[0]?.message?.includes('unable to place a task') ? deployments : null;
      }, 'the event');
      expect(told.map(({ status, rolloutState }) => [status, rolloutState])).toEqual([
        ['PRIMARY', 'IN_PROGRESS'],
        ['ACTIVE', 'COMPLETED'],
      ]);
    } finally {
      await aws.world.configure({ settings: { capacity: 1_000 } });
    }
    await aws.sight.rolledOut(cluster, 'crowded');
  });

  test.each([
    ['begins to fire meanwhile goes back', 'OK', 'FAILED'],
    ['fired before is not looked at', 'ALARM', 'COMPLETED'],
  ] as const)('a deployment whose alarm %s', async (_, before, ends) => {
    const name = `alarmed-${before.toLowerCase()}`;
    const image = await aws.world.pushImage(name, 'v1', webProgram({ version: '1.0.0' }));
    const alarms = { alarmNames: [name], enable: true, rollback: true };
    await aws.world.setAlarm(name, 'OK');
    const service = { deploymentConfiguration: { alarms } };
    await aws.world.createService({ cluster, name, image: image.reference, service });
    await aws.world.setAlarm(name, before);
    await aws.world.configure({ durations: { settleMs: 600_000 } });
    try {
      const update = new UpdateServiceCommand({ cluster, service: name, forceNewDeployment: true });
      const ours = (await aws.ecs.send(update)).service?.deployments?.[0]?.id;
      await until(async () => ((await aws.sight.service(cluster, name)).runningCount === 1 ? true : null), 'a look');
      await aws.world.setAlarm(name, 'ALARM');
      await until(async () => {
        const { deployments = [], events = [] } = await aws.sight.service(cluster, name);
        if (ends === 'FAILED') return events.some(({ message }) => message?.includes('alarm detected')) ? true : null;
        return deployments.length === 1 ? true : null;
      }, 'the end');
      await aws.world.configure({ durations: { settleMs: 20 } });
      const after = await aws.sight.rolledOut(cluster, name);
      expect(after.deployments?.[0]?.id === ours).toBe(ends === 'COMPLETED');
    } finally {
      await aws.world.configure({ durations: { settleMs: 30 } });
    }
  });

  test('scales out where an alarm asks for it, unless that is suspended', async () => {
    const image = await aws.world.pushImage('scaled', 'v1', webProgram({ version: '1.0.0' }));
    await aws.world.createService({ cluster, name: 'scaled', image: image.reference });
    const target = {
      ServiceNamespace: 'ecs' as const,
      ScalableDimension: 'ecs:service:DesiredCount' as const,
      ResourceId: `service/${cluster}/scaled`,
    };
    const scaling = new ApplicationAutoScalingClient(aws.world.config);
    await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 2, MaxCapacity: 3 }));
    expect(await aws.world.scaleOut(cluster, 'scaled')).toBe(true);
    expect((await aws.sight.service(cluster, 'scaled')).desiredCount).toBe(2);
    const suspended = { DynamicScalingInSuspended: true, DynamicScalingOutSuspended: true };
    await scaling.send(new RegisterScalableTargetCommand({ ...target, SuspendedState: suspended }));
    expect(await aws.world.scaleOut(cluster, 'scaled')).toBe(false);
    expect((await aws.sight.service(cluster, 'scaled')).desiredCount).toBe(2);
  });

  test('gives a task its secrets, and tells of one that is not there', async () => {
    const secrets = new SecretsManagerClient(aws.world.config);
    const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'shop', SecretString: '{"key":"blue"}' }));
    await new SSMClient(aws.world.config).send(
      new PutParameterCommand({ Name: '/shop/mode', Value: 'dark', Type: 'String' }),
    );
    const image = await aws.world.pushImage('secretive', 'v1', webProgram({ version: '1.0.0' }));
    const named = (...values: [string, string][]) => values.map(([name, valueFrom]) => ({ name, valueFrom }));
    const container = { secrets: named(['KEY', `${ARN}:key::`], ['MODE', '/shop/mode']) };
    await aws.world.createService({ cluster, name: 'secretive', image: image.reference, container });
    const url = await aws.world.serviceUrl(cluster, 'secretive');
    const value = async (name: string) => await (await fetch(`${url}/environment?name=${name}`)).json();
    expect([await value('KEY'), await value('MODE')]).toEqual([{ value: 'blue' }, { value: 'dark' }]);
    const [containerDefinition] = [{ name: 'app', image: image.reference, secrets: named(['KEY', '/shop/none']) }];
    const family = { family: 'secretless', memory: '512', containerDefinitions: [containerDefinition] };
    await aws.ecs.send(new RegisterTaskDefinitionCommand(family));
    const { tasks = [] } = await aws.ecs.send(new RunTaskCommand({ cluster, taskDefinition: 'secretless' }));
    const stopped = await until(async () => {
      const { tasks: found = [] } = await aws.ecs.send(
        new DescribeTasksCommand({ cluster, tasks: [tasks[0]?.taskArn ?? ''] }),
      );
      return found[0]?.lastStatus === 'STOPPED' ? found[0] : null;
    }, 'the task');
    expect([stopped.stopCode, stopped.stoppedReason]).toEqual([
      'TaskFailedToStart',
      expect.stringContaining('ResourceInitializationError: unable to pull secrets'),
    ]);
  });

  test('takes 6 simulated minutes for a deployment, to the second, and the stock waiter sees its end late', async () => {
    const image = await aws.world.pushImage('slow', 'v1', webProgram({ version: '1.0.0', startsInMs: 200 }));
    await aws.world.createService({ cluster, name: 'slow', image: image.reference });
    await aws.world.configure({ durations: { taskStartMs: 6 * 60_000 } });
    try {
      const before = await aws.world.now();
      await aws.ecs.send(new UpdateServiceCommand({ cluster, service: 'slow', forceNewDeployment: true }));
      const parameters = { cluster, services: ['slow'] };
      const waited = await waitAsBoto3(aws.world, { service: 'ecs', waiter: 'services_stable', parameters });
      expect(waited.outcome).toBe('done');
      // One every 15 s, for the 6 minutes and what is left of the last pause.
      expect(waited.calls).toBeGreaterThanOrEqual(25);
      expect(waited.calls).toBeLessThanOrEqual(26);
      const service = await aws.sight.rolledOut(cluster, 'slow');
      const end = service.events?.find(({ message }) => message?.includes('deployment completed'))?.createdAt;
      expect(Math.round(((end?.getTime() ?? 0) - before) / 1_000)).toBeGreaterThanOrEqual(360);
      expect(Math.round(((end?.getTime() ?? 0) - before) / 1_000)).toBeLessThan(370);
    } finally {
      await aws.world.configure({ durations: { taskStartMs: 10 } });
    }
  });
});
