import type { RunTaskRequest } from '@aws-sdk/client-ecs';
import { asLowerTags, tagsOf } from '../../aws/owner.ts';
import type { Call } from '../../release/target.ts';
import { asIdentifier } from './names.ts';
import type { TaskRun } from './task-run.ts';

type Owner = Pick<Call<unknown>, 'application' | 'environment' | 'target'>;

/** By which tasks of any release are found again; at most 128 letters, digits, hyphens and the like (ECS, RunTask). */
export function startedBy({ application, environment, target }: Owner): string {
  return `savepoint/${application}/${environment}/${target}`.slice(0, 128);
}

/** Family of the copies that run with another image, so that nobody takes them for a version of the service. */
export function familyOf({ application, environment, target }: Owner): string {
  return asIdentifier(`sp-${application}-${environment}-${target}`);
}

/** What a task is told: nothing that is secret, since ECS shows overrides to whoever may describe tasks. */
const told = /^(SAVEPOINT_[A-Z]+|PGAPPNAME)$/;

export function runTaskRequest(
  { call, task, env }: TaskRun,
  { definition, container, token }: { definition: string; container: string; token: string },
): RunTaskRequest {
  const environment = Object.entries(env).flatMap(([name, value]) => (told.test(name) ? [{ name, value }] : []));
  const awsvpcConfiguration = {
    subnets: task.subnets,
    securityGroups: task.securityGroups,
    assignPublicIp: task.publicIp ? ('ENABLED' as const) : ('DISABLED' as const),
  };
  return {
    ...{ cluster: task.cluster, taskDefinition: definition, count: 1, clientToken: token, startedBy: startedBy(call) },
    ...(task.launchType === null ? {} : { launchType: task.launchType }),
    ...(task.subnets.length === 0 ? {} : { networkConfiguration: { awsvpcConfiguration } }),
    overrides: { containerOverrides: [{ name: container, command: task.command, environment }] },
    tags: asLowerTags(tagsOf(call)),
  };
}
