import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeContainerInstancesCommand, ListContainerInstancesCommand, type Service } from '@aws-sdk/client-ecs';
import { clientsOf } from '../../aws/client.ts';
import { asking } from '../../aws/failures.ts';
import type { Finding } from '../../release/target.ts';
import { ecsOf } from './clients.ts';
import type { EcsCall, Scene } from './look.ts';
import { revisionName } from './marks.ts';
import type { Sight } from './state.ts';

/** Can a rolling deployment of this service begin, end, and be judged? */
export async function deploymentFindings(call: EcsCall, { service, primary }: Scene): Promise<Finding[]> {
  const findings = kindFindings(service);
  const unsettled = (service.deployments?.length ?? 0) > 1 || primary.rolloutState === 'IN_PROGRESS';
  if (unsettled && service.desiredCount !== 0) {
    const what = `a deployment of ${revisionName(primary.taskDefinition ?? '')} is under way`;
    findings.push({ status: 'FAIL', what, remedy: 'wait until it has ended' });
  }
  if (primary.rolloutState === 'FAILED') {
    const what = `its last deployment failed: ${primary.rolloutStateReason ?? ''}`;
    findings.push({ status: 'FAIL', what, remedy: 'bring the service back to something that works first' });
  }
  return [...findings, ...limitFindings(service), breakerFinding(service), ...(await alarmFindings(call, service))];
}

function kindFindings(service: Service): Finding[] {
  const controller = service.deploymentController?.type ?? 'ECS';
  if (controller !== 'ECS') {
    const remedy = 'use the deployment controller ECS, or release it with the tool that controls it';
    return [{ status: 'FAIL', what: `its deployments are controlled by ${controller}`, remedy }];
  }
  const strategy = service.deploymentConfiguration?.strategy ?? 'ROLLING';
  if (strategy !== 'ROLLING') {
    const remedy = 'set the deployment strategy of the service to ROLLING';
    return [{ status: 'FAIL', what: `it is deployed by ${strategy}, which Savepoint does not judge`, remedy }];
  }
  if (service.schedulingStrategy === 'DAEMON') {
    const remedy = 'release it with another tool: a daemon cannot be scaled to 0';
    return [{ status: 'FAIL', what: 'it is a daemon service', remedy }];
  }
  return [{ status: 'PASS', what: 'it is changed by rolling deployments' }];
}

/** With room neither for one task more nor for one less nothing can ever be replaced (ECS guide, rolling update). */
export function limitFindings({ desiredCount = 0, deploymentConfiguration }: Service): Finding[] {
  const most = Math.floor((desiredCount * (deploymentConfiguration?.maximumPercent ?? 200)) / 100);
  const least = Math.ceil((desiredCount * (deploymentConfiguration?.minimumHealthyPercent ?? 100)) / 100);
  if (desiredCount === 0 || most > desiredCount || least < desiredCount) return [];
  const what = `with ${desiredCount} tasks, at least ${least} healthy and at most ${most}, no task can ever be replaced`;
  return [{ status: 'FAIL', what, remedy: 'raise maximumPercent or lower minimumHealthyPercent' }];
}

function breakerFinding({ deploymentConfiguration }: Service): Finding {
  const breaker = deploymentConfiguration?.deploymentCircuitBreaker;
  if (breaker?.enable !== true) {
    return { status: 'PASS', what: 'no circuit breaker: Savepoint itself ends a deployment whose tasks fail' };
  }
  const what = breaker.rollback === true ? 'its circuit breaker rolls back by itself' : 'its circuit breaker stops';
  return { status: 'PASS', what: `${what}; the release is then judged as failed` };
}

/** ECS ignores an alarm for the whole deployment when it fires as the deployment starts (ECS guide, CloudWatch alarms). */
async function alarmFindings(call: EcsCall, { deploymentConfiguration }: Service): Promise<Finding[]> {
  const { alarmNames = [], enable } = deploymentConfiguration?.alarms ?? {};
  if (enable !== true || alarmNames.length === 0) return [];
  const { region, endpoint, profile } = call.spec;
  const { read } = clientsOf('cloudwatch', { region, endpoint, profile }, (config) => new CloudWatchClient(config));
  const command = new DescribeAlarmsCommand({ AlarmNames: alarmNames, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
  const { MetricAlarms = [], CompositeAlarms = [] } = await asking('looking at the alarms of the deployment', () =>
    read.send(command, { abortSignal: call.signal }),
  );
  const firing = [...MetricAlarms, ...CompositeAlarms].flatMap(({ AlarmName, StateValue }) =>
    StateValue === 'ALARM' ? (AlarmName ?? []) : [],
  );
  if (firing.length === 0) return [{ status: 'PASS', what: `${alarmNames.length} alarms watch its deployments` }];
  const what = `${firing.join(', ')} fires already: ECS ignores it for the whole deployment`;
  return [{ status: 'WARN', what, remedy: 'find out why before the release, or watch it in the plan' }];
}

/** On instances of one's own there must be room for one more task; on Fargate nobody can tell before. */
export async function capacityFindings(call: EcsCall, { scene, tasks, revision }: Sight): Promise<Finding[]> {
  const onInstances = tasks.some(({ containerInstanceArn }) => containerInstanceArn !== undefined);
  if (!onInstances || (scene.service.capacityProviderStrategy?.length ?? 0) > 0) return [];
  const { cluster } = call.spec;
  const { read } = ecsOf(call.spec);
  const described = await asking(`looking at the instances of ${cluster}`, async () => {
    const list = new ListContainerInstancesCommand({ cluster, status: 'ACTIVE' });
    const { containerInstanceArns = [] } = await read.send(list, { abortSignal: call.signal });
    if (containerInstanceArns.length === 0) return [];
    const command = new DescribeContainerInstancesCommand({ cluster, containerInstances: containerInstanceArns });
    return (await read.send(command, { abortSignal: call.signal })).containerInstances ?? [];
  });
  if (described.length === 0) {
    const remedy = 'add container instances to the cluster';
    return [{ status: 'FAIL', what: `no container instance is active in ${cluster}`, remedy }];
  }
  const wanted = needsOf(revision.definition);
  const fits = described.some(({ remainingResources = [] }) => {
    const left = (name: string) => remainingResources.find((one) => one.name === name)?.integerValue ?? Infinity;
    return left('CPU') >= wanted.cpu && left('MEMORY') >= wanted.memory;
  });
  if (fits) return [{ status: 'PASS', what: `${described.length} instances, and room for one more task` }];
  const what = `no instance of ${cluster} has ${wanted.cpu} CPU units and ${wanted.memory} MiB left for one more task`;
  return [{ status: 'WARN', what, remedy: 'add instances, unless tasks may be stopped first (minimumHealthyPercent)' }];
}

function needsOf({ cpu, memory, containerDefinitions = [] }: Sight['revision']['definition']) {
  const sum = (values: (number | undefined)[]): number => values.reduce<number>((all, one) => all + (one ?? 0), 0);
  return {
    cpu: Number(cpu ?? 0) || sum(containerDefinitions.map((one) => one.cpu)),
    memory: Number(memory ?? 0) || sum(containerDefinitions.map((one) => one.memoryReservation ?? one.memory)),
  };
}
