import { createHash } from 'node:crypto';
import { clientsOf } from '../../aws/client.ts';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import type { S3SiteSpec } from './s3-site.schema.ts';

export type S3SiteCall = Call<S3SiteSpec>;

/** One version of one object; in S3 its bytes and its headers never change (user guide, "Versioning"). */
export type Version = { version: string; etag: string };

/**
 * What is in the bucket, by path inside the site. `visible`: what users can get. `kept`: every version that is still
 * there, as `path version`.
 */
export type Listing = { visible: Map<string, Version>; kept: Set<string> };

/** What users get of a version. `owner`: the site that put it there, null when somebody else did. */
export type Facts = { sha256: string; contentType: string; cacheControl: string; owner: string | null };

/** What is written as an object: bytes and the facts of them. */
export type Content = { body: Buffer } & Omit<Facts, 'owner'>;

const ownerKey = 'savepoint-site';

/** Written on every object that a release puts there, so that it is told from what others put there. */
export function ownerOf({ application, environment, target }: S3SiteCall): string {
  return `${application}/${environment}/${target}`;
}

export async function s3({ spec }: Pick<S3SiteCall, 'spec'>) {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { region, endpoint, profile } = spec;
  return clientsOf('s3', { region, endpoint, profile }, (config) => {
    return new S3Client({ ...config, forcePathStyle: endpoint !== null, followRegionRedirects: true });
  });
}

/** Every version below the site's folder, in as few requests as S3 allows. */
export async function listSite(call: S3SiteCall): Promise<Listing> {
  const { ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix, keep } = call.spec;
  const listing: Listing = { visible: new Map(), kept: new Set() };
  let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | null = {};
  while (next !== null) {
    const command: InstanceType<typeof ListObjectVersionsCommand> = new ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: prefix,
      ...next,
    });
    const page = await asking(`listing ${bucket}/${prefix}`, async () => {
      return (await s3(call)).read.send(command, { abortSignal: call.signal });
    });
    for (const { Key, VersionId, ETag, IsLatest } of page.Versions ?? []) {
      if (Key === undefined || Key.startsWith(keep) || Key.endsWith('/')) continue;
      const path = Key.slice(prefix.length);
      const version = VersionId ?? 'null';
      listing.kept.add(`${path} ${version}`);
      if (IsLatest === true) listing.visible.set(path, { version, etag: ETag ?? '' });
    }
    const { NextKeyMarker, NextVersionIdMarker } = page;
    next = page.IsTruncated === true ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : null;
  }
  return listing;
}

/** Facts of versions never change, so they are asked for once by a worker. */
const known = new Map<string, Facts>();
const mostKnown = 100_000;

/** The facts of one version. Where S3 has no SHA-256 of it, the bytes are fetched and hashed. */
export async function factsOf(call: S3SiteCall, path: string, version: string): Promise<Facts> {
  const { bucket, prefix, region, endpoint, profile } = call.spec;
  const name = JSON.stringify([region, endpoint, profile, bucket, prefix + path, version]);
  const found = known.get(name) ?? (await readFacts(call, path, version));
  // Without versioning there is only the version `null`, which changes.
  if (version === 'null') return found;
  if (known.size >= mostKnown) known.clear();
  known.set(name, found);
  return found;
}

async function readFacts(call: S3SiteCall, path: string, version: string): Promise<Facts> {
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix } = call.spec;
  const wanted = { Bucket: bucket, Key: prefix + path, VersionId: version, ChecksumMode: 'ENABLED' as const };
  const head = await asking(`looking at ${bucket}/${prefix}${path}`, async () => {
    return (await s3(call)).read.send(new HeadObjectCommand(wanted), { abortSignal: call.signal });
  });
  const whole = head.ChecksumSHA256 !== undefined && head.ChecksumType !== 'COMPOSITE';
  return {
    sha256: whole
      ? Buffer.from(head.ChecksumSHA256 ?? '', 'base64').toString('hex')
      : await hashOf(call, path, version),
    contentType: head.ContentType ?? '',
    cacheControl: head.CacheControl ?? '',
    owner: head.Metadata?.[ownerKey] ?? null,
  };
}

async function hashOf(call: S3SiteCall, path: string, version: string): Promise<string> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix } = call.spec;
  const command = new GetObjectCommand({ Bucket: bucket, Key: prefix + path, VersionId: version });
  return await asking(`reading ${bucket}/${prefix}${path}`, async () => {
    const { Body } = await (await s3(call)).read.send(command, { abortSignal: call.signal });
    return sha256Of((await Body?.transformToByteArray()) ?? new Uint8Array());
  });
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** S3 checks the bytes by their hash and keeps it with them. */
export async function putObject(call: S3SiteCall, path: string, content: Content): Promise<void> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix } = call.spec;
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: prefix + path,
    Body: content.body,
    ContentType: content.contentType,
    CacheControl: content.cacheControl,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: Buffer.from(content.sha256, 'hex').toString('base64'),
    Metadata: { [ownerKey]: ownerOf(call) },
  });
  await asking(`writing ${bucket}/${prefix}${path}`, async () => {
    await (await s3(call)).write.send(command, { abortSignal: call.signal });
  });
}

/** Puts an older version on top again, with its headers and its owner; the version that it covers is kept. */
export async function bringBack(call: S3SiteCall, path: string, version: string): Promise<void> {
  const { CopyObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix } = call.spec;
  const key = (prefix + path).split('/').map(encodeURIComponent).join('/');
  const command = new CopyObjectCommand({
    Bucket: bucket,
    Key: prefix + path,
    CopySource: `${bucket}/${key}?versionId=${encodeURIComponent(version)}`,
    MetadataDirective: 'COPY',
    ChecksumAlgorithm: 'SHA256',
  });
  await asking(`bringing back ${bucket}/${prefix}${path}`, async () => {
    await (await s3(call)).write.send(command, { abortSignal: call.signal });
  });
}

/** Users get it no more; in a bucket with versioning nothing is destroyed by this (user guide, "delete markers"). */
export async function hideObject(call: S3SiteCall, path: string): Promise<void> {
  const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix } = call.spec;
  const command = new DeleteObjectCommand({ Bucket: bucket, Key: prefix + path });
  await asking(`hiding ${bucket}/${prefix}${path}`, async () => {
    await (await s3(call)).write.send(command, { abortSignal: call.signal });
  });
}

/** A text that Savepoint remembers, with its ETag. `name`: below the folder of this site in `keep`. */
export async function readKept(call: S3SiteCall, name: string): Promise<{ text: string; etag: string } | null> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket } = call.spec;
  try {
    const command = new GetObjectCommand({ Bucket: bucket, Key: keptKey(call, name) });
    const { Body, ETag } = await (await s3(call)).read.send(command, { abortSignal: call.signal });
    return { text: (await Body?.transformToString()) ?? '', etag: ETag ?? '' };
  } catch (error) {
    if (isNamed(error, 'NoSuchKey', 'NotFound')) return null;
    throw translated(`reading ${bucket}/${keptKey(call, name)}`, error);
  }
}

/**
 * `replaces`: only while the object has this ETag, null: only while there is none (S3 user guide, "conditional writes");
 * left out: whatever is there.
 * @returns false when somebody else was faster
 */
export async function writeKept(
  call: S3SiteCall,
  { name, text, replaces }: { name: string; text: string; replaces?: string | null },
): Promise<boolean> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket } = call.spec;
  const condition = replaces === undefined ? {} : replaces === null ? { IfNoneMatch: '*' } : { IfMatch: replaces };
  const at = { Bucket: bucket, Key: keptKey(call, name), Body: text, ContentType: 'application/json' };
  try {
    await (await s3(call)).write.send(new PutObjectCommand({ ...at, ...condition }), { abortSignal: call.signal });
    return true;
  } catch (error) {
    if (isNamed(error, 'PreconditionFailed', 'ConditionalRequestConflict')) return false;
    throw translated(`writing ${bucket}/${keptKey(call, name)}`, error);
  }
}

function keptKey(call: S3SiteCall, name: string): string {
  return `${call.spec.keep}${ownerOf(call)}/${name}`;
}

const atOnce = 8;

/**
 * Works on all of them, some at the same time. What has begun is waited for before the first failure is thrown, so that
 * nothing goes on behind the back of the next attempt. `before` is awaited before each lot.
 */
export async function onEach<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
  before: () => Promise<void> = async () => {},
): Promise<void> {
  const all = [...items];
  for (let from = 0; from < all.length; from += atOnce) {
    await before();
    const ends = await Promise.allSettled(all.slice(from, from + atOnce).map(work));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

/** @throws TargetFailure `failed` where the bucket answered with something that is no JSON */
export function parseKept<T>(text: string, name: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new TargetFailure('failed', `what is kept as ${name} was changed and cannot be read`, {}, error);
  }
}
