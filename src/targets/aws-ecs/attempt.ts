import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { TagResourceCommand, UntagResourceCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { asking } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import { ecsOf, scalingOf } from './clients.ts';
import { type EcsCall, lookAtService, type Scene } from './look.ts';
import { deploymentNumber, fenceIn, type Marks, markNames, type Suspended } from './marks.ts';
import { suspendRequest, tagRequest, type Update, updateRequest } from './requests.ts';

/** One attempt: the call, and the service as it was when the attempt took its fence. */
export type Attempt = { call: EcsCall; scene: Scene };

/**
 * Cancelled and stale attempts end here, before they touch anything. The fence is a tag of the service: an older attempt
 * sees it before each effect. ECS has no conditional update, so what it sent in that same moment still arrives.
 *
 * @returns null when there is no such service
 */
export async function begin(call: EcsCall): Promise<Attempt | null> {
  call.signal.throwIfAborted();
  const scene = await lookAtService(call);
  if (scene === null) return null;
  const attempt = { call, scene };
  checkNewest(attempt);
  if (fenceIn(scene.tags) < call.fence) await mark(attempt, { [markNames.fence]: String(call.fence) });
  return attempt;
}

/** @throws TargetFailure `not-found`: Savepoint changes services and creates none */
export async function beginAtService(call: EcsCall): Promise<Attempt> {
  const attempt = await begin(call);
  if (attempt !== null) return attempt;
  const { cluster, service } = call.spec;
  throw new TargetFailure('not-found', `there is no active service ${service} in the cluster ${cluster}`, {
    remedy:
      'create it first, with a desired count of 0 if nothing may run yet; Savepoint changes services and creates none',
  });
}

function checkNewest({ call, scene }: Attempt): void {
  const newest = fenceIn(scene.tags);
  if (newest > call.fence) {
    throw new TargetFailure('stale-fence', `attempt ${call.fence} was replaced by attempt ${newest}`);
  }
}

/** Right before an effect: is this attempt still wanted, and still the newest? */
export async function checkAgain({ call }: Attempt): Promise<void> {
  call.signal.throwIfAborted();
  const scene = await lookAtService(call);
  if (scene !== null) checkNewest({ call, scene });
  call.signal.throwIfAborted();
}

/** Writes marks on the service. The same marks again change nothing. */
export async function mark({ call, scene }: Attempt, tags: Marks): Promise<void> {
  await asking(`tagging the service ${call.spec.service}`, () =>
    ecsOf(call.spec).write.send(new TagResourceCommand(tagRequest(scene.arn, tags))),
  );
  Object.assign(scene.tags, tags);
}

export async function unmark({ call, scene }: Attempt, tagKeys: string[]): Promise<void> {
  if (tagKeys.length === 0) return;
  await asking(`removing tags of the service ${call.spec.service}`, () =>
    ecsOf(call.spec).write.send(new UntagResourceCommand({ resourceArn: scene.arn, tagKeys })),
  );
  for (const name of tagKeys) delete scene.tags[name];
}

/**
 * Whoever calls it has looked first that it is needed: ECS would begin a deployment each time.
 * @returns id of the deployment that is primary from now on, without its prefix
 */
export async function updateService(attempt: Attempt, update: Update): Promise<string> {
  const { call } = attempt;
  await checkAgain(attempt);
  call.log.info('updating the service', { service: call.spec.service, ...update });
  const { service } = await asking(`updating the service ${call.spec.service}`, () =>
    ecsOf(call.spec).write.send(new UpdateServiceCommand(updateRequest(call.spec, update))),
  );
  return deploymentNumber(service?.deployments?.find(({ status }) => status === 'PRIMARY')?.id);
}

export async function setSuspended(attempt: Attempt, suspended: Suspended): Promise<void> {
  const { call } = attempt;
  await checkAgain(attempt);
  call.log.info('setting what is suspended of the scaling', { service: call.spec.service, ...suspended });
  await asking(`suspending the scaling of ${call.spec.service}`, () =>
    scalingOf(call.spec).write.send(new RegisterScalableTargetCommand(suspendRequest(call.spec, suspended))),
  );
}
