import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type Service,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { forgetClients } from '../../../src/aws/client.ts';
import { TargetFailure } from '../../../src/release/failure.ts';
import type { Artefact, Call, Step } from '../../../src/release/target.ts';
import { type AwsEcsSpec, awsEcsSchema } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { type Pushed, until } from '../../support/aws/hands.ts';
import { type WebProgram, webProgram } from '../../support/aws/programs.ts';
import { type AwsWorld, type Script, startAws } from '../../support/aws/world.ts';

type Wish = {
  /** Tasks; 0: nothing ever ran. */
  count?: number;
  environment?: Record<string, string>;
  container?: Record<string, unknown>;
  service?: Record<string, unknown>;
  /** Minimum and maximum of the scaling; left out: nobody scales it. */
  scaled?: [number, number];
};

type Attempt = { release?: string; fence?: number; spec?: AwsEcsSpec; signal?: AbortSignal };

/** An AWS for one file, and services in it, each of its own. Savepoint speaks to it through the fault proxy. */
export async function openAws(script: Script = {}) {
  const aws = await startAws(script);
  const before = { ...process.env };
  Object.assign(process.env, aws.environment);
  forgetClients();
  let services = 0;
  return {
    aws,
    async serviceOf(wish: Wish = {}): Promise<EcsWorld> {
      services += 1;
      const name = `shop-${services}`;
      return openService(aws, name, wish);
    },
    async close() {
      for (const key of Object.keys(aws.environment)) {
        if (before[key] === undefined) delete process.env[key];
        else process.env[key] = before[key];
      }
      forgetClients();
      await aws.stop();
    },
  };
}
export type OpenAws = Awaited<ReturnType<typeof openAws>>;

export const cluster = 'shop';

/** Calls that change what users get; tags and logins do not. */
const effective = ['RegisterTaskDefinition', 'UpdateService', 'RegisterScalableTarget', 'DeregisterTaskDefinition'];

async function openService(aws: AwsWorld, name: string, wish: Wish) {
  const push = (tag: string, program: Omit<WebProgram, 'version'> & { version?: string } = {}): Promise<Pushed> =>
    aws.pushImage(name, tag, webProgram({ version: tag, ...program }));
  const first = await push('v1');
  await aws.createService({
    cluster,
    name,
    image: first.reference,
    count: wish.count ?? 2,
    environment: { SECRET: 'hunter2-secret', ...wish.environment },
    container: wish.container ?? {},
    service: wish.service ?? {},
  });
  const scaling = new ApplicationAutoScalingClient(aws.direct);
  const scalable = {
    ServiceNamespace: 'ecs',
    ResourceId: `service/${cluster}/${name}`,
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const;
  if (wish.scaled !== undefined) {
    const [MinCapacity, MaxCapacity] = wish.scaled;
    await scaling.send(new RegisterScalableTargetCommand({ ...scalable, MinCapacity, MaxCapacity }));
  }
  const url = await aws.serviceUrl(cluster, name);
  const ecs = new ECSClient(aws.direct);
  let fence = 100;
  const world = {
    aws,
    ecs,
    scaling,
    scalable,
    name,
    url,
    first,
    push,
    pinned: null as Artefact | null,
    /** A spec as a plan would give it. */
    specOf(fields: Record<string, unknown> = {}): AwsEcsSpec {
      return awsEcsSchema.parse({
        endpoint: aws.endpoint,
        region: aws.region,
        cluster,
        service: name,
        image: first.reference.replace(/:v1$/, ':v2'),
        ...fields,
      });
    },
    call(verb: string, attempt: Attempt = {}): Call<AwsEcsSpec> {
      fence += 1;
      const release = attempt.release ?? 'aaaaaaaa-1111-4111-8111-111111111111';
      return {
        spec: attempt.spec ?? world.specOf(),
        application: 'shop',
        environment: 'test',
        target: 'backend',
        release,
        home: process.cwd(),
        key: `${release}/backend/${name}/${verb}`,
        fence: attempt.fence ?? fence,
        pinned: world.pinned,
        signal: attempt.signal ?? new AbortController().signal,
        log: { info: () => {}, warn: () => {} },
      };
    },
    /** As a release does it: looks again, and tries again after what a retry can help. Every look is a new attempt. */
    async drive<T>(
      verb: string,
      step: (call: Call<AwsEcsSpec>) => Promise<Step<T>>,
      attempt: Attempt = {},
    ): Promise<T> {
      return until(
        async () => {
          try {
            const answer = await step(world.call(verb, attempt));
            if (answer.state === 'ask') throw new Error(`asked a person: ${answer.question}`);
            return answer.state === 'done' ? { value: answer.value } : null;
          } catch (error) {
            if (error instanceof TargetFailure && ['unreachable', 'busy'].includes(error.kind)) return null;
            throw error;
          }
        },
        verb,
        55_000,
      ).then(({ value }) => value);
    },
    async version(): Promise<string> {
      const answer = await fetch(`${url}/version`).catch(() => null);
      if (answer === null || !answer.ok) return 'nothing';
      return ((await answer.json()) as { version: string }).version;
    },
    async service(): Promise<Service> {
      const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [name] }));
      return services[0] ?? {};
    },
    async digests(): Promise<string[]> {
      const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName: name }));
      if (taskArns.length === 0) return [];
      const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
      return tasks.map(({ containers }) => containers?.[0]?.imageDigest ?? 'none');
    },
    async suspended(): Promise<unknown> {
      const { ScalableTargets = [] } = await scaling.send(
        new DescribeScalableTargetsCommand({ ...scalable, ResourceIds: [scalable.ResourceId] }),
      );
      // moto leaves it out until it is set for the first time.
      const none = {
        DynamicScalingInSuspended: false,
        DynamicScalingOutSuspended: false,
        ScheduledScalingSuspended: false,
      };
      return ScalableTargets[0] === undefined ? null : (ScalableTargets[0].SuspendedState ?? none);
    },
    /** What users get, how many tasks are wanted, in how many deployments, and how it is scaled. */
    async observe(): Promise<string> {
      const { desiredCount, deployments = [] } = await world.service();
      return JSON.stringify([await world.version(), desiredCount, deployments.length, await world.suspended()]);
    },
    effects(name_?: string): string[] {
      return aws.ledger
        .effects()
        .filter(({ name: operation }) => effective.includes(operation) && (name_ ?? operation) === operation)
        .filter(({ parameters: p }) => [p.service, p.family, String(p.ResourceId).split('/').at(-1)].includes(name))
        .map(({ name: operation }) => operation);
    },
    update: (fields: Record<string, unknown>) =>
      ecs.send(new UpdateServiceCommand({ cluster, service: name, ...fields })),
  };
  return world;
}
export type EcsWorld = Awaited<ReturnType<typeof openService>>;
