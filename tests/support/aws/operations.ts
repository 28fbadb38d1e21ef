import type { IncomingHttpHeaders } from 'node:http';

/** How a service writes requests and errors. */
export type Protocol = 'json' | 'query' | 'rest-xml';

/** One call as AWS knows it: `RDS CreateDBSnapshot` with what it names. */
export type Operation = {
  /** As in the signature: `rds`, `ecs`, `ecr`, `cloudfront`, `monitoring`, `logs`, `s3`, … */
  service: string;
  /** Such as `CreateDBSnapshot`. */
  name: string;
  protocol: Protocol;
  /** What the request says: fields of the form, top level of the JSON, or `path` of a REST call. */
  parameters: Record<string, unknown>;
};

type Request = { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer };

/** Which operation a signed request asks for, as each protocol tells it. */
export function operationOf({ method, url, headers, body }: Request): Operation {
  const service = /Credential=[^/]*\/\d+\/[^/]*\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'unsigned';
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const name = target.split('.').at(-1) ?? target;
    return { service, name, protocol: 'json', parameters: readJson(body) };
  }
  if ((headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) {
    const {
      Action: name = 'unknown',
      Version: _,
      ...parameters
    } = Object.fromEntries(new URLSearchParams(String(body)));
    return { service, name, protocol: 'query', parameters };
  }
  const path = decodeURIComponent(url.split('?')[0] ?? url);
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const name = service === 'cloudfront' ? cloudFront(method, path) : s3(method, path, { query, headers });
  return { service, name, protocol: 'rest-xml', parameters: { path, ...said(body) } };
}

function readJson(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(String(body));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What identifies an invalidation stands in its XML body. */
function said(body: Buffer): Record<string, unknown> {
  const reference = /<CallerReference>([^<]*)</.exec(String(body.subarray(0, 20_000)))?.[1];
  return reference === undefined ? {} : { CallerReference: reference };
}

/** Requests by method and path (botocore service model `cloudfront`); the version is the first part of the path. */
const cloudFrontPaths: readonly [string, RegExp, string][] = [
  ['POST', /^\/[^/]+\/distribution\/[^/]+\/invalidation$/, 'CreateInvalidation'],
  ['GET', /^\/[^/]+\/distribution\/[^/]+\/invalidation$/, 'ListInvalidations'],
  ['GET', /^\/[^/]+\/distribution\/[^/]+\/invalidation\/[^/]+$/, 'GetInvalidation'],
  ['POST', /^\/[^/]+\/distribution$/, 'CreateDistribution'],
  ['GET', /^\/[^/]+\/distribution$/, 'ListDistributions'],
  ['GET', /^\/[^/]+\/distribution\/[^/]+$/, 'GetDistribution'],
  ['GET', /^\/[^/]+\/distribution\/[^/]+\/config$/, 'GetDistributionConfig'],
  ['PUT', /^\/[^/]+\/distribution\/[^/]+\/config$/, 'UpdateDistribution'],
  ['GET', /^\/[^/]+\/tagging$/, 'ListTagsForResource'],
  ['POST', /^\/[^/]+\/tagging$/, 'TagResource'],
];

function cloudFront(method: string, path: string): string {
  const plain = path.replace(/\/$/, '');
  const found = cloudFrontPaths.find(([verb, pattern]) => verb === method && pattern.test(plain));
  return found?.[2] ?? `${method} ${plain}`;
}

/** Sub-resources of buckets and objects, by the first key of the query. */
const s3Parts: Record<string, string> = {
  versioning: 'BucketVersioning',
  versions: 'ObjectVersions',
  tagging: 'Tagging',
  policy: 'BucketPolicy',
  lifecycle: 'BucketLifecycleConfiguration',
  website: 'BucketWebsite',
  encryption: 'BucketEncryption',
  location: 'BucketLocation',
  'object-lock': 'ObjectLockConfiguration',
};
const verbs: Record<string, string> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', HEAD: 'Head', POST: 'Post' };

function s3(
  method: string,
  path: string,
  { query, headers }: { query: URLSearchParams; headers: IncomingHttpHeaders },
): string {
  const object = path.split('/').filter((part) => part !== '').length > 1;
  const verb = verbs[method] ?? method;
  if (query.has('versions')) return 'ListObjectVersions';
  const part = Object.keys(s3Parts).find((name) => query.has(name));
  if (part !== undefined) return `${verb}${part === 'tagging' && object ? 'Object' : ''}${s3Parts[part]}`;
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects';
  if (query.has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : 'ListMultipartUploads';
  if (query.has('uploadId')) return multipart(method);
  if (path === '/') return 'ListBuckets';
  if (!object) return method === 'GET' ? 'ListObjectsV2' : method === 'PUT' ? 'CreateBucket' : `${verb}Bucket`;
  return method === 'PUT' && headers['x-amz-copy-source'] !== undefined ? 'CopyObject' : `${verb}Object`;
}

function multipart(method: string): string {
  if (method === 'PUT') return 'UploadPart';
  if (method === 'DELETE') return 'AbortMultipartUpload';
  return method === 'POST' ? 'CompleteMultipartUpload' : 'ListParts';
}

/** Does a call of this name change something? Everything does that only asks does not begin with one of these. */
export function changes(name: string): boolean {
  return !/^(Describe|List|Get|Head|BatchGet|BatchCheck|Lookup|Filter|Simulate|Start(Query|LiveTail)|Decode|Select|Assume)/.test(
    name,
  );
}
