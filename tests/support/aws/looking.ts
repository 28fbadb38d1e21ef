import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type Service,
  type Task,
} from '@aws-sdk/client-ecs';
import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { until } from './hands.ts';
import type { AwsConfig } from './world.ts';

/** How tests look at what is there. Give it `world.direct`, so that looking meets no fault and is not counted. */
export type Sight = {
  service(cluster: string, name: string): Promise<Service>;
  tasks(cluster: string, service: string, status?: 'RUNNING' | 'STOPPED'): Promise<Task[]>;
  /** Waits until one deployment is left and it is COMPLETED; `not`: its id must be another one than this. */
  rolledOut(cluster: string, service: string, not?: string): Promise<Service>;
  /** Null when there is no instance of this name. */
  instance(identifier: string): Promise<DBInstance | null>;
  available(identifier: string): Promise<DBInstance>;
};

export function openSight(config: AwsConfig): Sight {
  const ecs = new ECSClient(config);
  const service: Sight['service'] = async (cluster, name) => {
    const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [name] }));
    const [found] = services;
    if (found === undefined) throw new Error(`there is no service ${name}`);
    return found;
  };
  return {
    service,
    async tasks(cluster, serviceName, desiredStatus = 'RUNNING') {
      const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName, desiredStatus }));
      if (taskArns.length === 0) return [];
      return (await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))).tasks ?? [];
    },
    rolledOut: (cluster, name, not) =>
      until(async () => {
        const found = await service(cluster, name);
        const [primary, ...others] = found.deployments ?? [];
        const done = primary?.rolloutState === 'COMPLETED' && others.length === 0 && primary.id !== not;
        return done ? found : null;
      }, `${name} to be rolled out`),
    ...databaseSight(new RDSClient(config)),
  };
}

function databaseSight(rds: RDSClient): Pick<Sight, 'instance' | 'available'> {
  const instance: Sight['instance'] = async (identifier) =>
    await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier })).then(
      ({ DBInstances = [] }) => DBInstances[0] ?? null,
      (error: unknown) => {
        if (error instanceof Error && error.name === 'DBInstanceNotFoundFault') return null;
        throw error;
      },
    );
  const available: Sight['available'] = (identifier) =>
    until(async () => {
      const found = await instance(identifier);
      return found?.DBInstanceStatus === 'available' ? found : null;
    }, `${identifier} to be available`);
  return { instance, available };
}

/** The same address of a database, at another instance. */
export function addressed(url: string, { Endpoint }: DBInstance): string {
  const moved = new URL(url);
  moved.hostname = Endpoint?.Address ?? '';
  moved.port = String(Endpoint?.Port ?? '');
  return moved.href;
}

/** The version that a service of `webProgram` answers, or the status of an answer that is none. */
export async function versionAt(url: string): Promise<string | number> {
  const answer = await fetch(`${url}/version`);
  if (!answer.ok) return answer.status;
  return String(Reflect.get(Object(await answer.json()), 'version'));
}
