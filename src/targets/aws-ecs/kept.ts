import { ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import { asking } from '../../aws/failures.ts';
import { isOf, ownerTags } from '../../aws/owner.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Kept, Step } from '../../release/target.ts';
import { ecsOf } from './clients.ts';
import { type EcsCall, lookAtRevision, lookAtService, type Revision } from './look.ts';
import { revisionName } from './marks.ts';

const listedAtMost = 30;

/** Revisions that releases registered for this target and that are not in use. They cost nothing, and ECS keeps them. */
export async function kept(call: EcsCall): Promise<Kept[]> {
  call.signal.throwIfAborted();
  const scene = await lookAtService(call);
  if (scene === null) return [];
  const used = new Set((scene.service.deployments ?? []).map(({ taskDefinition }) => taskDefinition));
  const family = revisionName(scene.primary.taskDefinition ?? scene.service.taskDefinition ?? '').split(':')[0];
  const command = new ListTaskDefinitionsCommand({
    familyPrefix: family,
    status: 'ACTIVE',
    sort: 'DESC',
    maxResults: listedAtMost,
  });
  const { taskDefinitionArns = [] } = await asking(`listing the task definitions ${family}`, () =>
    ecsOf(call.spec).read.send(command, { abortSignal: call.signal }),
  );
  const found: Kept[] = [];
  for (const arn of taskDefinitionArns.filter((one) => !used.has(one))) {
    const revision = await lookAtRevision(call, arn);
    if (revision !== null && isOurs(call, revision)) found.push(keptRevision(revision));
  }
  return found;
}

function isOurs({ target, application, environment }: EcsCall, { tags }: Revision): boolean {
  const release = tags[ownerTags.release];
  const names = [tags[ownerTags.target], tags[ownerTags.application], tags[ownerTags.environment]];
  return (
    release !== undefined && isOf(tags, { release }) && names.join('/') === [target, application, environment].join('/')
  );
}

function keptRevision({ arn, definition, tags }: Revision): Kept {
  return {
    name: revisionName(arn),
    what: 'version',
    release: tags[ownerTags.release] ?? null,
    since: definition.registeredAt?.toISOString() ?? null,
    bytes: null,
    owner: definition.registeredBy ?? null,
    level: 'unproved',
    obstacle: 'a revision takes no room: deregister it by hand if it is in the way',
  };
}

/** @throws TargetFailure `refused` always: a way back may need it, and it costs nothing */
export async function discard(call: EcsCall, name: string): Promise<Step<Json>> {
  const found = (await kept(call)).find((one) => one.name === name);
  if (found === undefined) {
    throw new TargetFailure('not-found', `${name} is nothing that releases of ${call.target} left behind`);
  }
  throw new TargetFailure('refused', `${name} is not discarded: ${found.obstacle}`);
}
