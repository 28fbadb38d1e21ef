import type { ScalableTarget } from '@aws-sdk/client-application-auto-scaling';
import type { Task } from '@aws-sdk/client-ecs';
import { TargetFailure } from '../../release/failure.ts';
import type { Fingerprint, FingerprintPart } from '../../release/fingerprint.ts';
import { type Content, contentOf, environmentHash, environmentNames, hashOf, shapeHash } from './content.ts';
import { parseImage, shortDigest } from './images.ts';
import { digestsOf } from './judging.ts';
import { type EcsCall, lookAtScaling, lookAtTasks, type Revision, type Scene } from './look.ts';
import { type Held, revisionName, type Suspended } from './marks.ts';
import { versionTag } from './requests.ts';
import { revisionOf } from './revisions.ts';
import { askServed } from './served.ts';

/** Who scales the service and between what; `suspended` as it was before any hold. */
export type Scaling = { least: number; most: number; suspended: Suspended };

/**
 * What a savepoint keeps. Values of the environment are in `revision` and nowhere else.
 *
 * - `revision`: ARN of the task definition · `images`: container → digest that all running tasks reported
 * - `environment`: container → names, secrets with their references
 */
export type EcsState =
  | { service: 'missing' }
  | {
      service: 'there';
      revision: string;
      images: Record<string, string>;
      desired: number;
      environment: Record<string, string[]>;
      scaling: Scaling | null;
      deployment: { least: number | null; most: number | null; breaker: boolean; rollback: boolean };
    };
export type StateThere = Extract<EcsState, { service: 'there' }>;

/** Everything that a savepoint and a fingerprint are made of, as one look found it. */
export type Sight = {
  scene: Scene;
  held: Held | null;
  revision: Revision;
  content: Content;
  tasks: Task[];
  scaling: Scaling | null;
  images: Record<string, string>;
  mixed: string[];
};

export function scalingFrom(found: ScalableTarget | null): Scaling | null {
  if (found === null) return null;
  const { SuspendedState: suspended } = found;
  return {
    least: found.MinCapacity ?? 0,
    most: found.MaxCapacity ?? 0,
    suspended: {
      in: suspended?.DynamicScalingInSuspended ?? false,
      out: suspended?.DynamicScalingOutSuspended ?? false,
      scheduled: suspended?.ScheduledScalingSuspended ?? false,
    },
  };
}

/** `held`: a hold that is seen through, since what ran before it is what there is to go back to; null: as it is now. */
export async function see(call: EcsCall, scene: Scene, held: Held | null): Promise<Sight> {
  const revision = await revisionOf(call, scene.primary.taskDefinition ?? scene.service.taskDefinition ?? '');
  const content = contentOf(revision.definition);
  const [tasks, found] = await Promise.all([lookAtTasks(call, 'RUNNING'), lookAtScaling(call)]);
  const names = (content.containerDefinitions ?? []).flatMap(({ name }) => name ?? []);
  const { digests, mixed } = digestsOf(tasks, names);
  const scaling = scalingFrom(found);
  const suspended = held?.scaling ?? scaling?.suspended;
  return {
    scene,
    held,
    revision,
    content,
    tasks,
    scaling: scaling === null || suspended === undefined ? null : { ...scaling, suspended },
    images: held === null ? digests : held.images,
    mixed: held === null ? mixed : names.filter((name) => !(name in held.images)),
  };
}

/** The version that runs: as it answers, as its revision says, or the tag of its image. */
export async function versionOf(call: EcsCall, { held, revision, content }: Sight): Promise<string | null> {
  if (held !== null) return held.version;
  if (answersVersion(call)) return (await askServed(call))?.version ?? null;
  const containers = content.containerDefinitions ?? [];
  const found = containers.find(({ name }) => name === call.spec.container) ?? containers[0];
  return revision.tags[versionTag] ?? parseImage(found?.image ?? '').tag;
}

function answersVersion({ spec }: EcsCall): boolean {
  return spec.url !== null && spec.health.version !== null;
}

export function stateOf({ scene, held, revision, content, scaling, images }: Sight): StateThere {
  const { service } = scene;
  const configuration = service.deploymentConfiguration;
  return {
    service: 'there',
    revision: revision.arn,
    images,
    desired: held?.desired ?? service.desiredCount ?? 0,
    environment: environmentNames(content),
    scaling,
    deployment: {
      least: configuration?.minimumHealthyPercent ?? null,
      most: configuration?.maximumPercent ?? null,
      breaker: configuration?.deploymentCircuitBreaker?.enable ?? false,
      rollback: configuration?.deploymentCircuitBreaker?.rollback ?? false,
    },
  };
}

/** `version`: what users get, null where the plan names no place for it. */
type Seen = { state: StateThere; content: Content; version: string | null };

/** Of something that runs, or that a hold will start again. */
export function fingerprintOf(call: EcsCall, { state, content, version }: Seen): Fingerprint {
  const { images } = state;
  const parts: FingerprintPart[] = [
    {
      name: 'image',
      level: 'digest',
      value: imagesHash(images),
      detail: Object.entries(images)
        .map(([name, digest]) => `${name} ${shortDigest(digest)}`)
        .join(', '),
    },
    {
      name: 'task definition',
      level: 'structure',
      value: shapeHash(content),
      detail: revisionName(state.revision),
    },
    { name: 'environment', level: 'structure', value: environmentHash(content) },
    scalingPart(state),
  ];
  if (answersVersion(call)) {
    parts.push({ name: 'version', level: 'version', value: version ?? 'no answer' });
  }
  return { takenAt: new Date().toISOString(), parts };
}

function imagesHash(images: Record<string, string>): string {
  return hashOf(JSON.stringify(Object.entries(images).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** How many tasks a scaled service has is not its state: its limits are. */
function scalingPart({ desired, scaling }: StateThere): FingerprintPart {
  if (scaling === null)
    return { name: 'tasks', level: 'structure', value: String(desired), detail: `${desired} tasks` };
  const { least, most, suspended } = scaling;
  const detail = `${least} to ${most} tasks`;
  return { name: 'tasks', level: 'structure', value: JSON.stringify([least, most, suspended]), detail };
}

/** Nothing runs and nothing is held: there is nothing, as before a first release. */
export function fingerprintOfNothing(value: 'absent' | 'stopped'): Fingerprint {
  return { takenAt: new Date().toISOString(), parts: [{ name: 'image', level: 'digest', value }] };
}

/** @throws TargetFailure `refused` when the tasks do not agree on what they run */
export function expectAgreement(call: EcsCall, { mixed, tasks, held }: Sight): void {
  if (mixed.length === 0) return;
  const { service } = call.spec;
  const what =
    held !== null
      ? `the tasks of ${service} did not agree on the image of ${mixed.join(', ')} when they were held`
      : `${tasks.length} tasks of ${service} do not report one image digest for ${mixed.join(', ')}`;
  throw new TargetFailure('refused', `there is nothing certain to go back to: ${what}`, {
    remedy: 'let the service become stable on one image first: aws ecs update-service --force-new-deployment',
  });
}
