import type { S3SiteSpec } from '../../targets/s3-site/s3-site.schema.ts';
import { invalidations } from './cloudfront.ts';
import { known, type Need, type Part } from './statement.ts';

/** What a site in a bucket needs to be looked at, uploaded and brought back. */
export function s3Statements(part: Part<S3SiteSpec>): Need[] {
  const { name, spec, ground } = part;
  const bucket = `arn:${ground.partition}:s3:::${known(spec.bucket)}`;
  const folders = [...new Set([known(spec.prefix), known(spec.keep)])];
  return [
    {
      of: [name],
      purpose: 'Bucket',
      actions: ['s3:GetBucketVersioning', 's3:GetLifecycleConfiguration', 's3:ListBucket', 's3:ListBucketVersions'],
      resources: [bucket],
      why: `sees that every version of ${name} is kept, and what is there; without s3:ListBucket a missing object is "denied"`,
    },
    {
      of: [name],
      purpose: 'Objects',
      actions: ['s3:DeleteObject', 's3:GetObject', 's3:GetObjectAcl', 's3:GetObjectVersion', 's3:PutObject'],
      resources: folders.map((folder) => `${bucket}/${folder}*`),
      why: `uploads ${name} and brings earlier versions back; versions are never deleted`,
    },
    ...(spec.invalidate === null ? [] : invalidations(part, spec.invalidate.distribution)),
  ];
}
