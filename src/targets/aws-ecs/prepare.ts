import { TargetFailure } from '../../release/failure.ts';
import type { Artefact, Step } from '../../release/target.ts';
import { lookAtJob } from '../shell/job.ts';
import { buildImage } from './build.ts';
import { hashOf } from './content.ts';
import { approvedHash, baseOf, chooseContainer } from './definition.ts';
import { isEcr, parseImage, pinnedImage } from './images.ts';
import { type EcsCall, lookAtService, type Scene } from './look.ts';
import { resolveImage } from './registry.ts';

/** Names of the parts that people approve. */
export const taskDefinitionPart = 'task definition';
const imagePart = 'image ';

/** The container that an artefact has the image for. */
export function containerOf({ parts }: Artefact): string {
  return parts.find(({ name }) => name.startsWith(imagePart))?.name.slice(imagePart.length) ?? '';
}

/**
 * Builds and pushes the image, and pins it: whoever pushed, what counts is the digest that ECR answers for the tag
 * afterwards. Nothing that a user can see changes.
 */
export async function prepare(call: EcsCall, version: string): Promise<Step<Artefact>> {
  call.signal.throwIfAborted();
  const { image } = call.spec;
  const scene = await lookAtService(call);
  if (scene === null) {
    throw new TargetFailure('not-found', `there is no active service ${call.spec.service} in ${call.spec.cluster}`);
  }
  if (typeof image === 'string') return pin(call, { scene, version, reference: await pinReference(call, image) });
  const built = await lookAtJob(call.key, call.signal, () => buildImage(call, image, version));
  if (built === null) return { state: 'working', detail: `building the image of ${version}`, lookAgainMs: 500 };
  return pin(call, { scene, version, reference: built.value });
}

type Pinning = { scene: Scene; version: string; reference: string };

async function pin(call: EcsCall, { scene, version, reference }: Pinning): Promise<Step<Artefact>> {
  const base = await baseOf(call, scene, version);
  const { name } = chooseContainer(base.content, call.spec.container);
  const parts = [
    { name: `${imagePart}${name}`, digest: parseImage(reference).digest ?? '' },
    { name: taskDefinitionPart, digest: approvedHash(base, call.spec.container) },
  ];
  return { state: 'done', value: { digest: hashOf(JSON.stringify(parts)), location: reference, parts } };
}

/** @throws TargetFailure `not-found` without such an image, `invalid-input` where its registry cannot be asked */
async function pinReference(call: EcsCall, reference: string): Promise<string> {
  const image = parseImage(reference);
  if (!isEcr(image)) {
    if (image.digest !== null) return reference;
    throw new TargetFailure('invalid-input', `${reference} cannot be pinned: its registry is not ECR`, {
      remedy: 'write it with its digest: repository@sha256:…',
    });
  }
  const digest = await resolveImage(call, reference);
  if (digest === null) throw new TargetFailure('not-found', `ECR has no image ${reference}`);
  return pinnedImage(reference, digest);
}
