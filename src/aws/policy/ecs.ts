import type { AwsEcsSpec } from '../../targets/aws-ecs/aws-ecs.schema.ts';
import { invalidations } from './cloudfront.ts';
import { anything, arn, globalArn, known, type Need, type Part } from './statement.ts';
import type { DefinitionFacts } from './task-definition.ts';

type EcsPart = Part<AwsEcsSpec> & { definition: DefinitionFacts | null };

/** What a service of ECS needs to be looked at, deployed, held and brought back. */
export function ecsStatements(part: EcsPart): Need[] {
  return [
    ...service(part),
    ...definitions(part),
    passRole(part),
    ...scaling(part),
    ...images(part),
    ...logs(part),
    ...(part.spec.invalidate === null ? [] : invalidations(part, part.spec.invalidate.distribution)),
  ];
}

/** A cluster is named, or given by its ARN. */
function clusterOf({ spec }: EcsPart): string {
  return known(spec.cluster).replace(/^.*:cluster\//, '');
}

function serviceArn(part: EcsPart): string {
  return arn('ecs', `service/${clusterOf(part)}/${known(part.spec.service)}`, part.ground);
}

function service(part: EcsPart): Need[] {
  const { name, ground } = part;
  const cluster = clusterOf(part);
  return [
    {
      of: [name],
      purpose: 'Look',
      actions: ['ecs:DescribeServices', 'ecs:ListServiceDeployments'],
      resources: [serviceArn(part)],
      why: `sees how the service of ${name} and its deployment stand`,
    },
    {
      of: [name],
      purpose: 'Tasks',
      actions: ['ecs:DescribeTasks'],
      resources: [arn('ecs', `task/${cluster}/*`, ground)],
      why: `sees which image the tasks of ${name} run, and why they stopped`,
    },
    {
      of: [name],
      purpose: 'Hosts',
      actions: ['ecs:DescribeContainerInstances', 'ecs:ListContainerInstances'],
      resources: [arn('ecs', `cluster/${cluster}`, ground), arn('ecs', `container-instance/${cluster}/*`, ground)],
      why: `sees whether there is room for new tasks of ${name}`,
    },
    {
      of: [name],
      purpose: 'Alarms',
      actions: ['cloudwatch:DescribeAlarms'],
      resources: anything,
      why: `sees whether an alarm fires that ECS would ignore for the deployment of ${name}`,
    },
    {
      of: [name],
      purpose: 'ListTasks',
      actions: ['ecs:ListTasks'],
      resources: anything,
      condition: { ArnLike: { 'ecs:cluster': arn('ecs', `cluster/${cluster}`, ground) } },
      why: `finds the tasks of ${name}; the action knows clusters only as a condition`,
    },
    {
      of: [name],
      purpose: 'Deploy',
      actions: ['ecs:UpdateService'],
      resources: [serviceArn(part)],
      why: `deploys ${name}, holds it and brings it back`,
    },
  ];
}

function definitions(part: EcsPart): Need[] {
  const { name, ground, definition } = part;
  const family = arn('ecs', `task-definition/${definition?.family ?? '*'}:*`, ground);
  return [
    {
      of: [name],
      purpose: 'ReadDefinitions',
      actions: ['ecs:DescribeTaskDefinition', 'ecs:ListTaskDefinitions'],
      resources: anything,
      why: `reads which revision ${name} runs; AWS knows no resource for it`,
    },
    {
      of: [name],
      purpose: 'Register',
      actions: ['ecs:RegisterTaskDefinition', 'ecs:TagResource', 'ecs:UntagResource'],
      resources: [family, serviceArn(part)],
      why: `registers a revision of ${name} with its image, and marks what a release made or holds`,
    },
  ];
}

/** Whoever registers a task definition passes its roles on (ECS guide, "Grant permissions to pass roles"). */
function passRole({ name, ground, definition }: EcsPart): Need {
  const named = definition?.roles.map(known) ?? [];
  const unknown = named.length === 0;
  return {
    of: [name],
    purpose: 'PassRole',
    actions: ['iam:PassRole'],
    resources: unknown ? [globalArn('iam', 'role/*', ground)] : named,
    condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    why: `lets the tasks of ${name} have their roles${unknown ? '; write them instead of role/*: the plan does not name them' : ''}`,
  };
}

function scaling({ name, ground }: EcsPart): Need[] {
  const ecsOnly = { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } };
  return [
    {
      of: [name],
      purpose: 'ReadScaling',
      actions: ['application-autoscaling:DescribeScalableTargets'],
      resources: anything,
      why: `sees whether ${name} scales by itself; AWS knows no resource for it`,
    },
    {
      of: [name],
      purpose: 'Scaling',
      actions: ['application-autoscaling:RegisterScalableTarget'],
      resources: [arn('application-autoscaling', 'scalable-target/*', ground)],
      condition: ecsOnly,
      why: `suspends the scaling of ${name} while it is held, and resumes it`,
    },
  ];
}

const looks = ['ecr:BatchGetImage', 'ecr:DescribeImages', 'ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy'];
/** What `docker push` sends (ECR guide, "IAM permissions for pushing an image"). */
const pushes = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:CompleteLayerUpload',
  'ecr:GetDownloadUrlForLayer',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
];

/** `name`, `registry/name`, with tag or digest where it is an image that is there; null outside of ECR. */
export function repositoryIn(written: string): { account: string | null; region: string | null; name: string } | null {
  const named = known(written)
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '');
  const found = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[^/]+\/(.+)$/.exec(named);
  if (found !== null) return { account: found[1] ?? null, region: found[2] ?? null, name: found[3] ?? '*' };
  const first = named.split('/')[0] ?? '';
  const elsewhere = named.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  return elsewhere ? null : { account: null, region: null, name: named };
}

function images({ name, spec, ground }: EcsPart): Need[] {
  const { image } = spec;
  const repository = repositoryIn(typeof image === 'string' ? image : image.repository);
  if (repository === null) return [];
  const there = {
    ...ground,
    account: repository.account ?? ground.account,
    region: repository.region ?? ground.region,
  };
  const pushed = typeof image !== 'string' && image.push;
  const login: Need = {
    of: [name],
    purpose: 'Login',
    actions: ['ecr:GetAuthorizationToken'],
    resources: anything,
    why: `logs in to push the image of ${name}; AWS knows no resource for it`,
  };
  return [
    {
      of: [name],
      purpose: 'Images',
      actions: pushed ? [...looks, ...pushes] : looks,
      resources: [arn('ecr', `repository/${repository.name}`, there)],
      why: `pins the image of ${name} by digest and sees that the previous one is still there${pushed ? '; pushes the new one' : ''}`,
    },
    ...(pushed ? [login] : []),
  ];
}

/** Evidence of a failed start is read even where the plan asks for no log. */
function logs({ name, ground, definition }: EcsPart): Need[] {
  const groups = definition === null || definition.logGroups.length === 0 ? ['*'] : definition.logGroups;
  return [
    {
      of: [name],
      purpose: 'Logs',
      actions: ['logs:FilterLogEvents', 'logs:GetLogEvents'],
      resources: groups.map((group) => arn('logs', `log-group:${known(group)}:*`, ground)),
      why: `reads what the new tasks of ${name} logged`,
    },
  ];
}
