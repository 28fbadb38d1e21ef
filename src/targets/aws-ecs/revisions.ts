import { ListTaskDefinitionsCommand, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { asking } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import { type Attempt, checkAgain } from './attempt.ts';
import { ecsOf } from './clients.ts';
import { type Content, contentOf, normalised } from './content.ts';
import { type EcsCall, lookAtRevision, type Revision } from './look.ts';
import { registerRequest } from './requests.ts';

/** What a revision holds never changes; only its status and its tags do. */
const known = new Map<string, Revision>();
const knownAtMost = 200;

/** @throws TargetFailure `not-found` when it was deleted */
export async function revisionOf(call: EcsCall, name: string): Promise<Revision> {
  const kept = known.get(JSON.stringify([call.spec.endpoint, name]));
  if (kept !== undefined) return kept;
  const found = await lookAtRevision(call, name);
  if (found === null) {
    throw new TargetFailure('not-found', `the task definition ${name} is no longer there`, {
      remedy: 'register it again, or restore another savepoint',
    });
  }
  if (known.size >= knownAtMost) known.clear();
  known.set(JSON.stringify([call.spec.endpoint, found.arn]), found);
  return found;
}

/** How many of the newest revisions are looked at for one that is equal. */
const looked = 10;

/** The newest usable revision that would run exactly this, whoever registered it. */
async function equalRevision(call: EcsCall, content: Content): Promise<Revision | null> {
  const { read } = ecsOf(call.spec);
  const command = new ListTaskDefinitionsCommand({
    familyPrefix: content.family,
    status: 'ACTIVE',
    sort: 'DESC',
    maxResults: looked,
  });
  const { taskDefinitionArns = [] } = await asking(`listing the task definitions ${content.family}`, () =>
    read.send(command, { abortSignal: call.signal }),
  );
  const wanted = normalised(content);
  for (const arn of taskDefinitionArns) {
    const found = await lookAtRevision(call, arn);
    if (found?.definition.status === 'ACTIVE' && normalised(contentOf(found.definition)) === wanted) return found;
  }
  return null;
}

export type Registration = { content: Content; version: string | null; inherited: Readonly<Record<string, string>> };

/**
 * A revision that runs exactly this: the one in use, one that is there, else a new one. Registering has no token against
 * repetition (botocore model of ECS), so an answer that was lost is found here by what it made.
 *
 * @returns its ARN
 */
export async function revisionFor(attempt: Attempt, registration: Registration): Promise<string> {
  const { call, scene } = attempt;
  const { content, version, inherited } = registration;
  const used = await revisionOf(call, scene.primary.taskDefinition ?? scene.service.taskDefinition ?? '');
  if (normalised(contentOf(used.definition)) === normalised(content)) return used.arn;
  const equal = await equalRevision(call, content);
  if (equal !== null) return equal.arn;
  await checkAgain(attempt);
  const command = new RegisterTaskDefinitionCommand(registerRequest(content, { ...call, version }, inherited));
  const { taskDefinition } = await asking(`registering the task definition ${content.family}`, () =>
    ecsOf(call.spec).write.send(command),
  );
  const arn = taskDefinition?.taskDefinitionArn;
  if (arn === undefined) throw new TargetFailure('unknown', `ECS named no revision of ${content.family}`);
  call.log.info('registered', { revision: arn });
  return arn;
}
