import { DescribeScalableTargetsCommand, type ScalableTarget } from '@aws-sdk/client-application-auto-scaling';
import {
  type Deployment,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  type Service,
  type Tag,
  type Task,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import type { Call } from '../../release/target.ts';
import type { AwsEcsSpec } from './aws-ecs.schema.ts';
import { ecsOf, scalingOf } from './clients.ts';

export type EcsCall = Call<AwsEcsSpec>;

/** One look at the service. `primary`: the deployment that ECS brings to all tasks. */
export type Scene = { service: Service; arn: string; primary: Deployment; tags: Record<string, string> };

export function tagsFrom(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ key = '', value = '' }) => [key, value]));
}

/** @returns null when there is no such service, or only what is left of one that was deleted */
export async function lookAtService(call: EcsCall): Promise<Scene | null> {
  const { cluster, service: name } = call.spec;
  const command = new DescribeServicesCommand({ cluster, services: [name], include: ['TAGS'] });
  const { services } = await asking(`describing the service ${name}`, () =>
    ecsOf(call.spec).read.send(command, { abortSignal: call.signal }),
  );
  const found = services?.find(({ status }) => status === 'ACTIVE');
  if (found?.serviceArn === undefined) return null;
  // INACTIVE: completely replaced (API reference, Deployment).
  const deployments = (found.deployments ?? []).filter(({ status }) => status !== 'INACTIVE');
  const primary = deployments.find(({ status }) => status === 'PRIMARY') ?? {};
  return { service: { ...found, deployments }, arn: found.serviceArn, primary, tags: tagsFrom(found.tags) };
}

/** A revision with its tags. */
export type Revision = { definition: TaskDefinition; arn: string; tags: Record<string, string> };

/** @returns null when there is none of that name, not even an inactive one */
export async function lookAtRevision(call: EcsCall, name: string): Promise<Revision | null> {
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: name, include: ['TAGS'] });
  try {
    const { taskDefinition, tags } = await ecsOf(call.spec).read.send(command, { abortSignal: call.signal });
    if (taskDefinition?.taskDefinitionArn === undefined) return null;
    return { definition: taskDefinition, arn: taskDefinition.taskDefinitionArn, tags: tagsFrom(tags) };
  } catch (error) {
    // ECS answers ClientException "Unable to describe task definition" for a name that it does not know.
    if (isNamed(error, 'ClientException')) return null;
    throw translated(`describing the task definition ${name}`, error);
  }
}

/** Most tasks that one DescribeTasks takes (botocore model of ECS). */
const together = 100;

/** Tasks of the service. `STOPPED`: those that are to stop or have stopped, for as long as ECS remembers them. */
export async function lookAtTasks(call: EcsCall, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Task[]> {
  const { cluster, service } = call.spec;
  const { read } = ecsOf(call.spec);
  const arns: string[] = [];
  let nextToken: string | undefined;
  return asking(`looking at the tasks of ${service}`, async () => {
    do {
      const command = new ListTasksCommand({ cluster, serviceName: service, desiredStatus, nextToken });
      const page = await read.send(command, { abortSignal: call.signal });
      arns.push(...(page.taskArns ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    const tasks: Task[] = [];
    for (let from = 0; from < arns.length; from += together) {
      const command = new DescribeTasksCommand({ cluster, tasks: arns.slice(from, from + together) });
      tasks.push(...((await read.send(command, { abortSignal: call.signal })).tasks ?? []));
    }
    return tasks;
  });
}

/** Both, in the order in which no task is missed that is told to stop between the two questions. */
export async function lookAtAllTasks(call: EcsCall): Promise<{ running: Task[]; stopped: Task[] }> {
  const running = await lookAtTasks(call, 'RUNNING');
  return { running, stopped: await lookAtTasks(call, 'STOPPED') };
}

/** The name of a cluster or service, of its name or its ARN. */
export function lastPart(name: string): string {
  return name.split('/').at(-1) ?? name;
}

/** How Application Auto Scaling names the service (its API reference, RegisterScalableTarget). */
export function scalableName({ cluster, service }: Pick<AwsEcsSpec, 'cluster' | 'service'>) {
  return {
    ServiceNamespace: 'ecs',
    ResourceId: `service/${lastPart(cluster)}/${lastPart(service)}`,
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const;
}

/** @returns null when nobody scales the service */
export async function lookAtScaling(call: EcsCall): Promise<ScalableTarget | null> {
  const { ResourceId, ...rest } = scalableName(call.spec);
  const command = new DescribeScalableTargetsCommand({ ...rest, ResourceIds: [ResourceId] });
  const { ScalableTargets } = await asking(`looking at the scaling of ${call.spec.service}`, () =>
    scalingOf(call.spec).read.send(command, { abortSignal: call.signal }),
  );
  return ScalableTargets?.find((found) => found.ResourceId === ResourceId) ?? null;
}
