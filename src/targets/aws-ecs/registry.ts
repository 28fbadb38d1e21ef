import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetAuthorizationTokenCommand,
  type ImageDetail,
  type Repository,
} from '@aws-sdk/client-ecr';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import { ecrOf } from './clients.ts';
import { type ImageName, parseImage } from './images.ts';
import type { EcsCall } from './look.ts';

/** Where a repository of ECR is. `account` and `region` null: those of the service. */
export type Where = Pick<ImageName, 'account' | 'region' | 'repository'>;

function registryId({ account }: Where): { registryId?: string } {
  return account === null ? {} : { registryId: account };
}

/** @throws TargetFailure `not-found` */
export async function lookAtRepository(call: EcsCall, where: Where): Promise<Repository & { repositoryUri: string }> {
  const command = new DescribeRepositoriesCommand({ repositoryNames: [where.repository], ...registryId(where) });
  const { repositories } = await asking(`describing the repository ${where.repository}`, () =>
    ecrOf(call.spec, where.region).read.send(command, { abortSignal: call.signal }),
  );
  const found = repositories?.[0];
  if (found?.repositoryUri === undefined) {
    throw new TargetFailure('not-found', `there is no repository ${where.repository} in ECR`);
  }
  return { ...found, repositoryUri: found.repositoryUri };
}

/** `image`: by tag or by digest. @returns null when ECR has no such image */
export async function lookAtImage(
  call: EcsCall,
  where: Where,
  image: { imageTag: string } | { imageDigest: string },
): Promise<(ImageDetail & { imageDigest: string }) | null> {
  const command = new DescribeImagesCommand({
    repositoryName: where.repository,
    imageIds: [image],
    ...registryId(where),
  });
  try {
    const { imageDetails } = await ecrOf(call.spec, where.region).read.send(command, { abortSignal: call.signal });
    const found = imageDetails?.[0];
    return found?.imageDigest === undefined ? null : { ...found, imageDigest: found.imageDigest };
  } catch (error) {
    if (isNamed(error, 'ImageNotFound', 'RepositoryNotFound')) return null;
    throw translated(`looking for an image in ${where.repository}`, error);
  }
}

/** The digest that a reference means now; null when it means nothing (any more). */
export async function resolveImage(call: EcsCall, reference: string): Promise<string | null> {
  const image = parseImage(reference);
  const by = image.digest === null ? { imageTag: image.tag ?? 'latest' } : { imageDigest: image.digest };
  return (await lookAtImage(call, image, by))?.imageDigest ?? null;
}

/** Kinds of manifests that ECR is asked for; without lists it would answer the image for one machine. */
const manifests = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/**
 * - `members`: digests that a list of images for several machines holds; a task may report the one that it runs
 * - `configuration`: digest of what an image is made of; both empty where there is no such image
 */
export type Manifest = { digest: string | null; members: string[]; configuration: string | null };

export async function manifestOf(
  call: EcsCall,
  where: Where,
  image: { imageTag: string } | { imageDigest: string },
): Promise<Manifest> {
  const command = new BatchGetImageCommand({
    repositoryName: where.repository,
    imageIds: [image],
    acceptedMediaTypes: manifests,
    ...registryId(where),
  });
  const { images } = await asking(`reading a manifest of ${where.repository}`, () =>
    ecrOf(call.spec, where.region).read.send(command, { abortSignal: call.signal }),
  );
  const found = images?.[0];
  return { digest: found?.imageId?.imageDigest ?? null, ...readManifest(found?.imageManifest ?? '{}') };
}

/** What a manifest says (OCI image specification, index and manifest). What is no JSON says nothing. */
export function readManifest(text: string): Pick<Manifest, 'members' | 'configuration'> {
  const read = parsed(text);
  const members: unknown = Reflect.get(read, 'manifests');
  const configuration = digestIn(Reflect.get(read, 'config'));
  return { members: Array.isArray(members) ? members.flatMap((one) => digestIn(one) ?? []) : [], configuration };
}

function digestIn(value: unknown): string | null {
  const digest: unknown = Reflect.get(Object(value), 'digest');
  return typeof digest === 'string' ? digest : null;
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** What `docker login` needs: good for twelve hours (API reference, GetAuthorizationToken). Never logged. */
export async function loginOf(call: EcsCall, region: string | null): Promise<{ user: string; password: string }> {
  const { authorizationData } = await asking('asking for the right to push to ECR', () =>
    ecrOf(call.spec, region).read.send(new GetAuthorizationTokenCommand({}), { abortSignal: call.signal }),
  );
  const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString('utf8');
  const colon = token.indexOf(':');
  if (colon < 0) throw new TargetFailure('permission', 'ECR gave no token to log in with');
  return { user: token.slice(0, colon), password: token.slice(colon + 1) };
}
