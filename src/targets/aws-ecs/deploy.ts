import type { Task } from '@aws-sdk/client-ecs';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Artefact, Step } from '../../release/target.ts';
import { type Attempt, beginAtService } from './attempt.ts';
import { contentOf } from './content.ts';
import { approvedHash, baseOf, chooseContainer, released } from './definition.ts';
import { letGo } from './holding.ts';
import { isEcr, parseImage } from './images.ts';
import { leavingTasks } from './judging.ts';
import { watchLogs } from './logs.ts';
import { type EcsCall, lookAtTasks, type Scene } from './look.ts';
import { heldIn, ownIntent, revisionName } from './marks.ts';
import { taskDefinitionPart } from './prepare.ts';
import { manifestOf } from './registry.ts';
import { revisionFor, revisionOf } from './revisions.ts';
import { rollOut } from './rollout.ts';
import { awaitServed } from './served.ts';

/** @throws TargetFailure `not-found` when nothing was prepared */
export function pinnedImageOf(call: EcsCall): { artefact: Artefact; reference: string; digest: string } {
  const artefact = call.pinned;
  const reference = artefact?.location ?? null;
  const digest = reference === null ? null : parseImage(reference).digest;
  if (artefact === null || reference === null || digest === null) {
    throw new TargetFailure('not-found', `no image of ${call.target} was prepared`);
  }
  return { artefact, reference, digest };
}

/**
 * Registers what was approved with the pinned image, unless it is there, brings it to all tasks, and proves it by the
 * digests that they report, by what users get and by what was logged. Ends a hold: what was held is replaced.
 */
export async function deploy(call: EcsCall, version: string): Promise<Step<Json>> {
  const attempt = await beginAtService(call);
  const { scene } = attempt;
  const held = heldIn(scene.tags);
  const intent = ownIntent(scene.tags, call);
  const arn = intent === null ? await registered(attempt, version) : arnOf(scene, intent.revision);
  const desired = held?.desired ?? (scene.service.desiredCount === 0 ? call.spec.desiredCount : null);
  const step = await rollOut(attempt, { arn, desired });
  if (step.state !== 'done') return step;
  await expectImage(call, arn, step.value);
  const proved = await proveVersion(call, { arn, tasks: step.value, version });
  if (proved.state !== 'done') return proved;
  if (held !== null) await letGo(attempt, held);
  const { digest } = pinnedImageOf(call);
  const changed = intent !== null;
  return { state: 'done', value: { version, revision: revisionName(arn), digest, tasks: step.value.length, changed } };
}

/** The ARN of a revision by its name: of the same account and region as the one in use. */
export function arnOf({ primary, service }: Scene, revision: string): string {
  return (primary.taskDefinition ?? service.taskDefinition ?? '').replace(/[^/]*$/, revision);
}

/** @throws TargetFailure `changed` when the task definition is no longer what people approved */
async function registered(attempt: Attempt, version: string): Promise<string> {
  const { call, scene } = attempt;
  const { artefact, reference } = pinnedImageOf(call);
  const base = await baseOf(call, scene, version);
  const approved = artefact.parts.find(({ name }) => name === taskDefinitionPart)?.digest;
  if (approved !== approvedHash(base, call.spec.container)) {
    const what = call.spec.taskDefinition ?? `the task definition of ${call.spec.service}`;
    throw new TargetFailure('changed', `${what} is not what was prepared and approved`, {
      remedy: 'look at what changed, and start the release again',
    });
  }
  const content = released(base, call.spec.container, reference);
  return revisionFor(attempt, { content, version, inherited: base.tags });
}

/** @throws TargetFailure `changed` when a task reports other bytes than the pinned ones */
async function expectImage(call: EcsCall, arn: string, tasks: readonly Task[]): Promise<void> {
  const { name } = chooseContainer(contentOf((await revisionOf(call, arn)).definition), call.spec.container);
  const others = await otherDigests(call, name, tasks);
  if (others.length === 0) return;
  throw new TargetFailure('changed', `tasks of ${call.target} report another image than the prepared one`, {
    evidence: [`prepared: ${pinnedImageOf(call).digest}`, ...others].join('\n'),
  });
}

/** What tasks report of a container that is neither the pinned image nor a member of it. */
export async function otherDigests(call: EcsCall, container: string, tasks: readonly Task[]): Promise<string[]> {
  const { reference, digest } = pinnedImageOf(call);
  const reported = tasks.map(({ containers }) => containers?.find(({ name }) => name === container)?.imageDigest);
  const others = new Set(reported.map((one) => one ?? 'no digest').filter((one) => one !== digest));
  const image = parseImage(reference);
  if (others.size > 0 && isEcr(image)) {
    for (const member of (await manifestOf(call, image, { imageDigest: digest })).members) others.delete(member);
  }
  return [...others];
}

type Proving = { arn: string; tasks: readonly Task[]; version: string };

async function proveVersion(call: EcsCall, { arn, tasks, version }: Proving): Promise<Step<null>> {
  const served = await awaitServed(call, call.spec.health.version === null ? null : version);
  if (served.state !== 'done') return served;
  const content = contentOf((await revisionOf(call, arn)).definition);
  return watchLogs(call, tasks, chooseContainer(content, call.spec.container));
}

/** A cache that is emptied while old tasks answer fills with old answers. */
export async function oldTasksLeft(call: EcsCall, { service }: Scene): Promise<number> {
  const [primary, ...others] = service.deployments ?? [];
  if (others.length > 0) return others.reduce((sum, { runningCount = 0 }) => sum + runningCount, 0) || 1;
  const stopped = await lookAtTasks(call, 'STOPPED');
  const leaving = leavingTasks(stopped).filter(
    ({ taskDefinitionArn }) => taskDefinitionArn !== primary?.taskDefinition,
  );
  return leaving.length;
}
