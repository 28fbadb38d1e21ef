import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { ContainerDefinition, Task } from '@aws-sdk/client-ecs';
import { lastLines } from '../shell/tail.ts';
import type { Attempt } from './attempt.ts';
import { logsOf } from './clients.ts';
import { type EcsCall, lookAtTasks } from './look.ts';
import { revisionOf } from './revisions.ts';

/** Where the lines of one container of one task are (ECS guide, awslogs log driver: `prefix/container/task`). */
export type Stream = { group: string; region: string | null; name: string };

/** @returns null where the container does not log to CloudWatch under names that can be told */
export function streamOf(container: ContainerDefinition | undefined, task: Task): Stream | null {
  const { logDriver, options = {} } = container?.logConfiguration ?? {};
  const group = options['awslogs-group'];
  const prefix = options['awslogs-stream-prefix'];
  if (logDriver !== 'awslogs' || group === undefined || prefix === undefined) return null;
  const id = task.taskArn?.split('/').at(-1) ?? '';
  return { group, region: options['awslogs-region'] ?? null, name: `${prefix}/${container?.name ?? ''}/${id}` };
}

/** The last lines, oldest first; none where they cannot be read. */
export async function linesOf(call: EcsCall, stream: Stream, limit: number): Promise<string[]> {
  const command = new GetLogEventsCommand({
    logGroupName: stream.group,
    logStreamName: stream.name,
    limit,
    startFromHead: false,
  });
  const { events = [] } = await logsOf(call.spec, stream.region).read.send(command, { abortSignal: call.signal });
  return events.map(({ message = '' }) => message.trimEnd());
}

/** Why a task stopped, in one line. */
export function endOf(task: Task): string {
  const ends = (task.containers ?? []).flatMap(({ name, exitCode, reason }) =>
    exitCode === undefined && reason === undefined
      ? []
      : [`${name} ended with ${exitCode ?? 'no exit code'}${reason === undefined ? '' : `: ${reason}`}`],
  );
  const id = task.taskArn?.split('/').at(-1) ?? '';
  return [`task ${id.slice(0, 8)}: ${task.stoppedReason ?? task.stopCode ?? 'stopped'}`, ...ends].join('; ');
}

/**
 * What ECS and the tasks themselves say about a deployment that failed: events, reasons and exit codes of stopped tasks,
 * the last lines of one of them. What cannot be read is left out: this explains a failure and is none.
 */
export async function evidenceOf({ call, scene }: Attempt, arn: string): Promise<string> {
  const began = scene.service.deployments?.find(({ taskDefinition }) => taskDefinition === arn)?.createdAt;
  const events = (scene.service.events ?? [])
    .filter(({ createdAt }) => began === undefined || (createdAt !== undefined && createdAt >= began))
    .slice(0, 4)
    .map(({ message = '' }) => message);
  const stopped = await lookAtTasks(call, 'STOPPED').catch(() => []);
  const ours = stopped
    .filter(({ taskDefinitionArn }) => taskDefinitionArn === arn)
    .sort((a, b) => (b.stoppedAt?.getTime() ?? 0) - (a.stoppedAt?.getTime() ?? 0));
  const said = await lastWords(call, arn, ours).catch(() => '');
  return lastLines([...events, ...ours.slice(0, 3).map(endOf), said].filter((line) => line !== '').join('\n'), 30);
}

async function lastWords(call: EcsCall, arn: string, tasks: readonly Task[]): Promise<string> {
  const { definition } = await revisionOf(call, arn);
  for (const task of tasks.slice(0, 3)) {
    const failed = task.containers?.find(({ exitCode }) => exitCode !== undefined && exitCode !== 0)?.name;
    const container = definition.containerDefinitions?.find(({ name }) => name === failed);
    const stream = streamOf(container, task);
    if (stream === null) continue;
    const lines = await linesOf(call, stream, 10).catch(() => []);
    if (lines.length > 0) return [`last lines of ${failed}:`, ...lines].join('\n');
  }
  return '';
}
