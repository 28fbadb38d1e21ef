import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { ContainerDefinition, Task } from '@aws-sdk/client-ecs';
import { logsOf } from '../aws-ecs/clients.ts';
import { streamOf } from '../aws-ecs/evidence.ts';
import type { TaskRun } from './task-run.ts';

/** The last lines of the container, oldest first; none where they cannot be read, which is no reason to fail. */
export async function linesOf({ call }: TaskRun, container: ContainerDefinition, task: Task): Promise<string[]> {
  const stream = streamOf(container, task);
  if (stream === null) return [];
  const command = new GetLogEventsCommand({
    ...{ logGroupName: stream.group, logStreamName: stream.name, limit: 20, startFromHead: false },
  });
  const { events = [] } = await logsOf(call.spec, stream.region)
    .read.send(command)
    .catch(() => ({ events: [] }));
  return events.map(({ message = '' }) => message.trimEnd());
}
