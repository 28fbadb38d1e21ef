import { DescribeImagesCommand, GetLifecyclePolicyCommand, type ImageDetail } from '@aws-sdk/client-ecr';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Finding } from '../../release/target.ts';
import { ecrOf } from './clients.ts';
import { type ImageName, isEcr, parseImage, pinnedImage, shortDigest } from './images.ts';
import { fateOf } from './lifecycle.ts';
import type { EcsCall } from './look.ts';
import { lookAtImage, lookAtRepository } from './registry.ts';
import type { Sight } from './state.ts';

/** An image must stay this long: two days of watch, and one to notice what the watch did not. */
const neededForMs = 3 * 24 * 60 * 60_000;

/** Can the repository that the release pushes to be reached? */
export async function repositoryFindings(call: EcsCall): Promise<Finding[]> {
  const { image } = call.spec;
  if (typeof image === 'string') return [];
  const where = parseImage(image.repository);
  const { imageTagMutability = 'MUTABLE' } = await lookAtRepository(call, where);
  if (imageTagMutability.startsWith('MUTABLE') || image.tags.length === 0) {
    return [{ status: 'PASS', what: `the repository ${where.repository} is there` }];
  }
  const what = `tags of ${where.repository} cannot be moved, and \`tags\` wants to move ${image.tags.join(', ')}`;
  return [{ status: 'FAIL', what, remedy: 'remove `tags` from the image' }];
}

/** Are the bytes that run now still there for the way back, and will they stay? */
export async function imageFindings(call: EcsCall, { content, images }: Sight): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name = '', image = '' } of content.containerDefinitions ?? []) {
    const digest = images[name];
    if (digest !== undefined) findings.push(await imageFinding(call, image, digest));
  }
  return findings;
}

async function imageFinding(call: EcsCall, reference: string, digest: string): Promise<Finding> {
  const image = parseImage(reference);
  const named = pinnedImage(reference, shortDigest(digest));
  if (!isEcr(image)) {
    const what = `whether ${named} is still there cannot be asked: its registry is not ECR`;
    return { status: 'WARN', what, remedy: 'keep a copy of it in ECR' };
  }
  const found = await lookAtImage(call, image, { imageDigest: digest });
  if (found === null) {
    const what = `the image that runs now, ${named}, is no longer in ECR: there is no way back to it`;
    return { status: 'FAIL', what, remedy: 'push it again, or start the service on an image that is there' };
  }
  return lifecycleFinding(call, image, found);
}

type Registry = ImageName & { account: string };

async function lifecycleFinding(call: EcsCall, image: Registry, running: ImageDetail): Promise<Finding> {
  const named = `${image.repository}@${shortDigest(running.imageDigest ?? '')}`;
  const stays: Finding = { status: 'PASS', what: `${named} is in ECR and stays there` };
  const policy = await lifecyclePolicy(call, image);
  if (policy === null) return stays;
  const others = await allImages(call, image);
  const fate = fateOf({
    policy,
    image: afterRelease(call, running),
    others,
    coming: 1,
    nowMs: Date.now(),
    forMs: neededForMs,
  });
  if (fate.state === 'stays') return stays;
  const remedy = `change ${fate.rule} of the lifecycle policy of ${image.repository}, or give the image a tag that it spares`;
  if (fate.state === 'unknown')
    return { status: 'WARN', what: `${fate.rule} of its lifecycle policy selects ${named}`, remedy };
  return { status: 'FAIL', what: `${fate.rule} of the lifecycle policy removes ${named} within three days`, remedy };
}

/** Tags that the release moves to the new image are taken from this one. A tag of its own version is not known here. */
function afterRelease({ spec: { image } }: EcsCall, running: ImageDetail): ImageDetail {
  if (typeof image === 'string') return running;
  const moved = new Set([...image.tags, ...(image.tag === null ? [] : [image.tag])]);
  return { ...running, imageTags: (running.imageTags ?? []).filter((tag) => !moved.has(tag)) };
}

async function lifecyclePolicy(call: EcsCall, { account, region, repository }: Registry): Promise<string | null> {
  const command = new GetLifecyclePolicyCommand({ registryId: account, repositoryName: repository });
  try {
    const { lifecyclePolicyText } = await ecrOf(call.spec, region).read.send(command, { abortSignal: call.signal });
    return lifecyclePolicyText ?? null;
  } catch (error) {
    if (isNamed(error, 'LifecyclePolicyNotFound')) return null;
    throw translated(`reading the lifecycle policy of ${repository}`, error);
  }
}

const pagesAtMost = 20;

async function allImages(call: EcsCall, { account, region, repository }: Registry): Promise<ImageDetail[]> {
  const found: ImageDetail[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesAtMost; page += 1) {
    const command = new DescribeImagesCommand({
      registryId: account,
      repositoryName: repository,
      nextToken,
      maxResults: 1000,
    });
    const answer = await asking(`listing the images of ${repository}`, () =>
      ecrOf(call.spec, region).read.send(command, { abortSignal: call.signal }),
    );
    found.push(...(answer.imageDetails ?? []));
    nextToken = answer.nextToken;
    if (nextToken === undefined) return found;
  }
  throw new TargetFailure('refused', `${repository} holds more images than can be judged`);
}
