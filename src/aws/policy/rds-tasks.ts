import type { AwsRdsSpec, TaskSpec } from '../../targets/aws-rds/aws-rds.schema.ts';
import { anything, arn, globalArn, known, type Need, type Part } from './statement.ts';

type TaskPart = Part<AwsRdsSpec> & { application: string; environment: string };

/** What a migration or seed needs that is run as a one-off task; nothing where none is. */
export function taskStatements(part: TaskPart): Need[] {
  const tasks = [part.spec.migrate?.task, part.spec.seed?.task].filter((task) => task != null);
  const [first] = tasks;
  return first === undefined ? [] : [...running(part, tasks), ...registering(part, tasks), ...reading(part)];
}

/** A cluster is named, or given by its ARN. */
function clusterOf({ cluster }: TaskSpec): string {
  return known(cluster).replace(/^.*:cluster\//, '');
}

/** The plan's own, and the copies with another image. */
function definitions({ application, environment, name, ground }: TaskPart, tasks: readonly TaskSpec[]): string[] {
  const named = tasks.map(
    ({ taskDefinition }) =>
      known(taskDefinition)
        .replace(/^.*:task-definition\//, '')
        .split(':')[0],
  );
  const families = [...new Set([...named, `sp-${application}-${environment}-${name}`])];
  return families.map((family) => arn('ecs', `task-definition/${family}:*`, ground));
}

function running(part: TaskPart, tasks: readonly TaskSpec[]): Need[] {
  const { name, ground } = part;
  const clusters = [...new Set(tasks.map(clusterOf))];
  const resources = clusters.map((cluster) => arn('ecs', `task/${cluster}/*`, ground));
  return [
    {
      of: [name],
      purpose: 'Task',
      actions: ['ecs:DescribeTasks', 'ecs:RunTask', 'ecs:StopTask', 'ecs:TagResource'],
      resources: [...definitions(part, tasks), ...resources],
      why: `runs the migration of ${name} as a task, and stops one that an earlier attempt left`,
    },
    {
      of: [name],
      purpose: 'TaskList',
      actions: ['ecs:ListTasks'],
      resources: anything,
      why: `finds tasks that an earlier attempt left; the action knows clusters only as a condition`,
    },
  ];
}

function registering(part: TaskPart, tasks: readonly TaskSpec[]): Need[] {
  const { name, ground } = part;
  return [
    {
      of: [name],
      purpose: 'TaskDefinition',
      actions: ['ecs:DescribeTaskDefinition'],
      resources: anything,
      why: `copies the definition of the task; the action knows no resource`,
    },
    {
      of: [name],
      purpose: 'TaskRevision',
      actions: ['ecs:RegisterTaskDefinition', 'ecs:TagResource'],
      resources: definitions(part, tasks),
      why: `registers the copy with the new image`,
    },
    {
      of: [name],
      purpose: 'TaskRole',
      actions: ['iam:PassRole'],
      resources: [globalArn('iam', 'role/*', ground)],
      condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      why: `lets the task of ${name} have its roles; write them instead of role/*`,
    },
  ];
}

function reading({ name, ground }: TaskPart): Need[] {
  return [
    {
      of: [name],
      purpose: 'TaskLogs',
      actions: ['logs:GetLogEvents'],
      resources: [arn('logs', 'log-group:*', ground)],
      why: `shows what the task of ${name} said; write its log group instead of *`,
    },
  ];
}
