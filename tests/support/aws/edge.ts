import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CloudFrontClient,
  CreateDistributionCommand,
  GetInvalidationCommand,
  ListInvalidationsCommand,
} from '@aws-sdk/client-cloudfront';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { AwsWorld } from './world.ts';

/** Clients past the proxy, for what a test sets up or looks at itself. */
function clientsOf(aws: AwsWorld) {
  return {
    s3: new S3Client({ ...aws.direct, forcePathStyle: true }),
    cloudfront: new CloudFrontClient(aws.direct),
  };
}

export type Bucket = Awaited<ReturnType<typeof openBucket>>;

/** A bucket of one's own; versioning is on unless it is said otherwise. */
export async function openBucket(aws: AwsWorld, name: string, { versioning = true } = {}) {
  const { s3 } = clientsOf(aws);
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  const keepVersions = async (): Promise<void> => {
    const on = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: on }));
  };
  if (versioning) await keepVersions();
  return {
    name,
    keepVersions,
    async put(key: string, text: string, more: { contentType?: string; everybody?: boolean } = {}): Promise<void> {
      const type = more.contentType === undefined ? {} : { ContentType: more.contentType };
      const acl = more.everybody === true ? ({ ACL: 'public-read' } as const) : {};
      await s3.send(new PutObjectCommand({ Bucket: name, Key: key, Body: text, ...type, ...acl }));
    },
    /** Null for an object that nobody gets. */
    async get(key: string): Promise<{ text: string; contentType: string; cacheControl: string } | null> {
      const found = await s3.send(new GetObjectCommand({ Bucket: name, Key: key })).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'NoSuchKey') return null;
        throw error;
      });
      if (found === null) return null;
      const text = (await found.Body?.transformToString()) ?? '';
      return { text, contentType: found.ContentType ?? '', cacheControl: found.CacheControl ?? '' };
    },
    /** Every version that is still there, as `key version`, without what Savepoint keeps. */
    async versions(): Promise<string[]> {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: name }));
      return Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`).filter(
        (one) => !one.startsWith('.savepoint/'),
      );
    },
    async removeOldVersionsAfter(days: number): Promise<void> {
      const rule = { ID: 'tidy', Status: 'Enabled', Filter: { Prefix: '' } } as const;
      const Rules = [{ ...rule, NoncurrentVersionExpiration: { NoncurrentDays: days } }];
      const command = { Bucket: name, LifecycleConfiguration: { Rules } };
      await s3.send(new PutBucketLifecycleConfigurationCommand(command));
    },
    /** What a lifecycle rule does: removes for good whatever is covered by a newer version. */
    async destroyOldVersions(key: string): Promise<void> {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: name, Prefix: key }));
      for (const { Key, VersionId, IsLatest } of Versions) {
        if (IsLatest === true || Key !== key) continue;
        await s3.send(new DeleteObjectCommand({ Bucket: name, Key: key, VersionId }));
      }
    },
    /** What was written to the site, in order: `PutObject index.html`. */
    effects(): string[] {
      const own = aws.ledger.effects().filter(({ service, parameters }) => {
        return service === 's3' && String(parameters.path).startsWith(`/${name}/`);
      });
      const said = own.map((call) => `${call.name} ${String(call.parameters.path).slice(name.length + 2)}`);
      return said.filter((one) => !one.includes(' .savepoint/'));
    },
  };
}

/** A distribution that exists in CloudFront. @returns its id */
export async function createDistribution(aws: AwsWorld, origin = 'origin.example.org'): Promise<string> {
  const { cloudfront } = clientsOf(aws);
  const { Distribution } = await cloudfront.send(
    new CreateDistributionCommand({
      DistributionConfig: {
        CallerReference: `${origin}-${Math.random()}`,
        Comment: '',
        Enabled: true,
        Origins: { Quantity: 1, Items: [{ Id: 'origin', DomainName: origin, CustomOriginConfig: undefined }] },
        DefaultCacheBehavior: {
          TargetOriginId: 'origin',
          ViewerProtocolPolicy: 'allow-all',
          MinTTL: 0,
          ForwardedValues: { QueryString: false, Cookies: { Forward: 'none' } },
        },
      },
    }),
  );
  return Distribution?.Id ?? '';
}

export type MadeInvalidation = { id: string; status: string; reference: string; paths: string[] };

/** Every invalidation that CloudFront has made, oldest first. */
export async function invalidationsOf(aws: AwsWorld, distribution: string): Promise<MadeInvalidation[]> {
  const { cloudfront } = clientsOf(aws);
  const { InvalidationList } = await cloudfront.send(new ListInvalidationsCommand({ DistributionId: distribution }));
  const items = (InvalidationList?.Items ?? []).toSorted(
    (a, b) => (a.CreateTime?.getTime() ?? 0) - (b.CreateTime?.getTime() ?? 0),
  );
  return await Promise.all(
    items.map(async ({ Id }) => {
      const found = await cloudfront.send(new GetInvalidationCommand({ DistributionId: distribution, Id }));
      const { Status = '', InvalidationBatch } = found.Invalidation ?? {};
      const { CallerReference = '', Paths } = InvalidationBatch ?? {};
      return { id: Id ?? '', status: Status, reference: CallerReference, paths: Paths?.Items ?? [] };
    }),
  );
}

export type Front = { url: string; get(path: string): Promise<string>; close(): Promise<void> };

/**
 * What users reach. With a distribution it keeps every answer until an invalidation of it is completed, whatever the
 * headers say, as a cache policy with a long minimum does.
 */
export async function openFront(aws: AwsWorld, bucket: Bucket, distribution: string | null): Promise<Front> {
  const cache = new Map<string, { status: number; text: string; type: string }>();
  let emptied = 0;
  const answer = async (path: string) => {
    if (distribution !== null) {
      const done = (await invalidationsOf(aws, distribution)).filter(({ status }) => status === 'Completed').length;
      if (done !== emptied) cache.clear();
      emptied = done;
    }
    const known = distribution === null ? undefined : cache.get(path);
    if (known !== undefined) return known;
    const found = await bucket.get(path === '/' ? 'index.html' : path.slice(1));
    const fresh =
      found === null
        ? { status: 404, text: 'not here', type: 'text/plain' }
        : { status: 200, text: found.text, type: found.contentType };
    cache.set(path, fresh);
    return fresh;
  };
  const server = createServer(async (asked, reply) => {
    const { status, text, type } = await answer(decodeURIComponent((asked.url ?? '/').replace(/\?.*$/, '')));
    reply.writeHead(status, { 'content-type': type }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    async get(path) {
      const found = await fetch(new URL(path, url), { headers: { connection: 'close' } });
      return `${found.status} ${await found.text()}`;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
