import { createHash } from 'node:crypto';
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  type CreateServiceRequest,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import {
  CreateDBInstanceCommand,
  type CreateDBInstanceMessage,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { manifestOf } from './programs.ts';
import { openSignals, type Signals } from './signals.ts';
import type { AwsConfig } from './world.ts';

/** `reference`: with the tag; `pinned`: with the digest. */
export type Pushed = { digest: string; reference: string; pinned: string };

/** A service with one container, called `app`, unless `definition` and `service` say more. */
export type ServiceWish = {
  cluster: string;
  name: string;
  image: string;
  count?: number;
  environment?: Record<string, string>;
  /** More of the container definition, and more of CreateService. */
  container?: Record<string, unknown>;
  service?: Partial<CreateServiceRequest>;
};

/** `url`: of the database as its master user, at the address that the instance's name leads to. */
export type Database = { identifier: string; url: string; user: string; password: string; database: string };

/** What tests do to AWS themselves; past the proxy, so that it is in no ledger and meets no fault. */
export type AwsHands = Signals & {
  /** Makes the repository where there is none. The same tag may be pushed again and again. */
  pushImage(repository: string, tag: string, program: string): Promise<Pushed>;
  /** Makes cluster, task definition (family = name) and service, and waits until it is COMPLETED. Resolves to the definition's ARN. */
  createService(wish: ServiceWish): Promise<string>;
  /** The stable address of a service's load balancer. */
  serviceUrl(cluster: string, service: string): Promise<string>;
  /** Makes an instance with database `shop` and waits until it is available. */
  createDatabase(identifier: string, wish?: Partial<CreateDBInstanceMessage>): Promise<Database>;
};

type Parts = {
  account: string;
  region: string;
  direct: AwsConfig;
  services(): Promise<{ name: string; cluster: string; port: number }[]>;
};

export async function until<T>(ask: () => Promise<T | null>, what: string, patienceMs = 60_000): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; ) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

export function openHands(parts: Parts): AwsHands {
  return { ...serviceHands(parts), ...databaseHands(parts), ...openSignals(parts.direct) };
}

function serviceHands({
  account,
  region,
  direct,
  services,
}: Parts): Pick<AwsHands, 'pushImage' | 'createService' | 'serviceUrl'> {
  const ecr = new ECRClient(direct);
  const ecs = new ECSClient(direct);
  const completed = async (cluster: string, name: string): Promise<true | null> => {
    const { services: found = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [name] }));
    return found[0]?.deployments?.[0]?.rolloutState === 'COMPLETED' ? true : null;
  };
  return {
    async pushImage(repositoryName, imageTag, program) {
      await ecr.send(new CreateRepositoryCommand({ repositoryName })).catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'RepositoryAlreadyExistsException')) throw error;
      });
      const imageManifest = manifestOf(program);
      const digest = `sha256:${createHash('sha256').update(imageManifest).digest('hex')}`;
      await ecr.send(new PutImageCommand({ repositoryName, imageTag, imageManifest })).catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'ImageAlreadyExistsException')) throw error;
      });
      const base = `${account}.dkr.ecr.${region}.amazonaws.com/${repositoryName}`;
      return { digest, reference: `${base}:${imageTag}`, pinned: `${base}@${digest}` };
    },
    async createService({ cluster, name, image, count = 1, environment = {}, container = {}, service = {} }) {
      await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
      const definition = await ecs.send(
        new RegisterTaskDefinitionCommand({
          family: name,
          cpu: '256',
          memory: '512',
          containerDefinitions: [
            {
              name: 'app',
              image,
              portMappings: [{ containerPort: 3000 }],
              environment: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
              ...container,
            },
          ],
        }),
      );
      const taskDefinition = definition.taskDefinition?.taskDefinitionArn ?? '';
      await ecs.send(
        new CreateServiceCommand({ cluster, serviceName: name, taskDefinition, desiredCount: count, ...service }),
      );
      await until(() => completed(cluster, name), `the service ${name}`);
      return taskDefinition;
    },
    async serviceUrl(cluster, service) {
      const found = (await services()).find((one) => one.cluster === cluster && one.name === service);
      if (found === undefined) throw new Error(`there is no service ${service} in ${cluster}`);
      return `http://127.0.0.1:${found.port}`;
    },
  };
}

function databaseHands({ direct }: Parts): Pick<AwsHands, 'createDatabase'> {
  const rds = new RDSClient(direct);
  return {
    async createDatabase(identifier, wish = {}) {
      const [user, password, database] = ['shop_admin', 'A-secret/of-1', 'shop'];
      await rds.send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: identifier,
          Engine: 'postgres',
          DBInstanceClass: 'db.t3.medium',
          AllocatedStorage: 20,
          MasterUsername: user,
          MasterUserPassword: password,
          DBName: database,
          ...wish,
        }),
      );
      const endpoint = await until(async () => {
        const { DBInstances = [] } = await rds.send(
          new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }),
        );
        return DBInstances[0]?.DBInstanceStatus === 'available' ? (DBInstances[0].Endpoint ?? null) : null;
      }, `the instance ${identifier}`);
      const place = `${endpoint.Address}:${endpoint.Port}`;
      const url = `postgres://${user}:${encodeURIComponent(password)}@${place}/${database}`;
      return { identifier, url, user, password, database };
    },
  };
}
