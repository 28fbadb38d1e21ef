import {
  type ContainerDefinition,
  DescribeTasksCommand,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { asking } from '../../aws/failures.ts';
import { keyHash } from '../../aws/owner.ts';
import { lookAgainMs } from '../../aws/pacing.ts';
import { TargetFailure } from '../../release/failure.ts';
import { ecsOf } from '../aws-ecs/clients.ts';
import { pause } from '../postgres/connection.ts';
import type { Ran } from '../shell/run.ts';
import type { TaskSpec } from './aws-rds.schema.ts';
import { linesOf } from './task-lines.ts';
import { runTaskRequest, startedBy } from './task-requests.ts';
import { ensureRevision } from './task-revision.ts';
import type { TaskRun } from './task-run.ts';

const denseMs = 2_000;

/**
 * Runs the command of a change as a one-off task and waits until it has stopped. When `signal` aborts or time is over the
 * task is stopped and seen to be stopped.
 * @throws TargetFailure `refused` when ECS does not start it, `failed` when the container never ran
 */
export async function runTask(run: TaskRun, signal: AbortSignal): Promise<Ran> {
  const { call, task, timeoutMs } = run;
  const { arn, container } = await ensureRevision(run);
  signal.throwIfAborted();
  const token = keyHash(`${call.key}/${call.fence}`);
  const request = runTaskRequest(run, { definition: arn, container: container.name ?? '', token });
  const started = await asking(`starting a task of ${task.taskDefinition}`, () =>
    ecsOf(call.spec).write.send(new RunTaskCommand(request)),
  );
  const [first] = started.tasks ?? [];
  if (first?.taskArn === undefined) throw notStarted(task, started.failures?.[0]?.reason);
  const deadline = Date.now() + timeoutMs;
  const stopped = await untilStopped(run, first.taskArn, () => signal.aborted || Date.now() > deadline);
  if (stopped === null) await stop(run, [first.taskArn]);
  signal.throwIfAborted();
  return await judged(run, container, stopped);
}

function notStarted({ taskDefinition, cluster }: TaskSpec, reason = 'no reason given'): TargetFailure {
  return new TargetFailure('refused', `ECS started no task of ${taskDefinition} in ${cluster}: ${reason}`, {
    remedy: 'see that the cluster has room, and subnets and security groups fit',
  });
}

async function judged(run: TaskRun, container: ContainerDefinition, task: Task | null): Promise<Ran> {
  if (task === null) return { exitCode: null, signal: 'timeout', timedOut: true, stdout: '', output: '' };
  const lines = await linesOf(run, container, task);
  const ended = task.containers?.find(({ name }) => name === container.name);
  const why = [task.stoppedReason, ended?.reason].filter((each) => each !== undefined).join('; ');
  if (ended?.exitCode === undefined) {
    throw new TargetFailure('failed', `the container ${container.name} never ran: ${why}`, {
      evidence: lines.join('\n'),
    });
  }
  const output = [...lines, ended.exitCode === 0 ? '' : why].filter((line) => line !== '').join('\n');
  return { exitCode: ended.exitCode, signal: null, timedOut: false, stdout: output, output };
}

async function describe({ call, task }: TaskRun, arns: string[]): Promise<Task[]> {
  const command = new DescribeTasksCommand({ cluster: task.cluster, tasks: arns });
  const { tasks = [] } = await asking('looking at the task', () => ecsOf(call.spec).read.send(command));
  return tasks;
}

/** Null when `over` says so first. */
async function untilStopped(run: TaskRun, arn: string, over: () => boolean): Promise<Task | null> {
  const began = Date.now();
  for (;;) {
    const [task] = await describe(run, [arn]);
    if (task?.lastStatus === 'STOPPED') return task;
    if (over()) return null;
    const past = run.call.past ?? [];
    const pauseMs = lookAgainMs({ elapsedMs: Date.now() - began, past, percent: null, denseMs });
    for (const until = Date.now() + pauseMs; Date.now() < until && !over(); ) await pause(100);
  }
}

/** Sees them stopped: until then they go on writing. */
async function stop(run: TaskRun, arns: string[]): Promise<void> {
  const { call, task } = run;
  for (const arn of arns) {
    const command = new StopTaskCommand({ cluster: task.cluster, task: arn, reason: 'its release goes on without it' });
    await asking('stopping the task', () => ecsOf(call.spec).write.send(command));
  }
  for (let running = arns; running.length > 0; ) {
    const tasks = await describe(run, running);
    running = tasks.flatMap(({ lastStatus, taskArn }) => (lastStatus === 'STOPPED' ? [] : (taskArn ?? [])));
    if (running.length > 0) await pause(200);
  }
}

/** Ends what earlier attempts, or a release that was given up, left running. @returns how many there were */
export async function endTasks(run: Omit<TaskRun, 'env' | 'timeoutMs'>): Promise<number> {
  const { call, task } = run;
  const command = new ListTasksCommand({ cluster: task.cluster, startedBy: startedBy(call) });
  const { taskArns = [] } = await asking('looking for earlier tasks', () => ecsOf(call.spec).read.send(command));
  await stop({ ...run, env: {}, timeoutMs: 0 }, taskArns);
  if (taskArns.length > 0) call.log.warn('stopped tasks that an earlier attempt left', { tasks: taskArns.length });
  return taskArns.length;
}
