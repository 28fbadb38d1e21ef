import {
  type ContainerDefinition,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import { asLowerTags, tagsOf } from '../../aws/owner.ts';
import { TargetFailure } from '../../release/failure.ts';
import { ecsOf } from '../aws-ecs/clients.ts';
import { type Content, contentOf, normalised, withImages } from '../aws-ecs/content.ts';
import { chooseContainer } from '../aws-ecs/definition.ts';
import { familyOf } from './task-requests.ts';
import type { TaskRun } from './task-run.ts';

/** What the task runs: the definition of the plan, or a copy of it with the image of the new version. */
export type Revision = { arn: string; container: ContainerDefinition };

/**
 * A copy is registered only where the newest one differs, so that a lost answer leaves no second one.
 * @throws TargetFailure `not-found` without the definition
 */
export async function ensureRevision(run: TaskRun): Promise<Revision> {
  const { task, call } = run;
  const base = await find(run, task.taskDefinition);
  if (base?.taskDefinitionArn === undefined) {
    throw new TargetFailure('not-found', `there is no task definition ${task.taskDefinition}`);
  }
  const content = contentOf(base);
  const container = chooseContainer(content, task.container);
  if (task.image === null) return { arn: base.taskDefinitionArn, container };
  const wanted: Content = { ...withImages(content, { [container.name]: task.image }), family: familyOf(call) };
  const newest = await find(run, familyOf(call));
  if (newest?.taskDefinitionArn !== undefined && normalised(contentOf(newest)) === normalised(wanted)) {
    return { arn: newest.taskDefinitionArn, container };
  }
  const command = new RegisterTaskDefinitionCommand({ ...wanted, tags: asLowerTags(tagsOf(call)) });
  const made = await asking(`registering ${wanted.family}`, () => ecsOf(call.spec).write.send(command));
  return { arn: made.taskDefinition?.taskDefinitionArn ?? '', container };
}

async function find({ call }: TaskRun, name: string): Promise<TaskDefinition | null> {
  try {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition: name });
    return (await ecsOf(call.spec).read.send(command)).taskDefinition ?? null;
  } catch (error) {
    // ECS says so of a family that it does not know (API reference, DescribeTaskDefinition).
    if (isNamed(error, 'ClientException')) return null;
    throw translated(`describing the task definition ${name}`, error);
  }
}
