import { z } from 'zod';
import { awsFields } from '../../aws/place.schema.ts';
import { amount, path, pattern, text, url } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { invalidationFields } from '../cloudfront/invalidation.schema.ts';
import { shellCommandSchema, sourceSchema } from '../shell/command.schema.ts';

const folder = z
  .string({ error: 'must be a folder of the bucket such as site/' })
  .regex(/^([^/].*\/)?$/, { error: 'must be a folder of the bucket such as site/, with a slash at its end only' });

const cacheControl = z.strictObject({
  pages: text.default('no-cache').describe('Pages, which keep their names. Default `no-cache`: asked for every time.'),
  hashed: text
    .default('public, max-age=31536000, immutable')
    .describe('Files that `hashed` names. Default `public, max-age=31536000, immutable`.'),
  others: text.default('public, max-age=300').describe('All other files. Default `public, max-age=300`.'),
});

/** Static files in a versioned bucket. */
export const s3SiteSchema = z.strictObject({
  bucket: text.describe('Bucket with versioning on, from which users get the site, as a rule through CloudFront'),
  prefix: folder
    .default('')
    .describe(
      'Folder of the site in the bucket, such as `site/`; nothing else writes there. Default the whole bucket.',
    ),
  keep: folder
    .default('.savepoint/')
    .describe(
      'Folder of the bucket for what Savepoint remembers; it is not a part of the site. Default `.savepoint/`.',
    ),
  root: path.describe('Local directory where versions are built, and kept until they are uploaded'),
  source: sourceSchema.describe('Directory, or git ref that is checked out at a fixed commit'),
  build: shellCommandSchema.nullable().default(null).describe('Run in the copied source before it is pinned'),
  output: path.default('.').describe('Directory inside the built source that is served, default all of it'),
  hashed: pattern
    .default('(^|/)(_next/static|_app/immutable)/|[.-](?=[^./]*[0-9])(?=[^./]*[A-Za-z])[0-9A-Za-z_]{8,}\\.[^/]+$')
    .describe(
      'Pattern of paths whose content never changes, since it is a part of the name; these files stay when others come. Default a name such as `app-3f9a1c2e.js`, and the folders of Next and SvelteKit.',
    ),
  cacheControl: cacheControl
    .default(cacheControl.parse({}))
    .describe('Header Cache-Control, by what may change under one name'),
  contentTypes: z
    .record(text, text)
    .default({})
    .describe('File name or extension → content type, where the extension does not tell it. Default none.'),
  url: url.nullable().default(null).describe('Where users get it; proves hashes of what is served'),
  proveAssets: amount.default(50).describe('How many assets the proof fetches besides every page, default 50'),
  invalidate: z
    .strictObject(invalidationFields)
    .nullable()
    .default(null)
    .describe('CloudFront distribution in front of the bucket, emptied after a change in either direction'),
  ...awsFields,
});
export type S3SiteSpec = z.output<typeof s3SiteSchema>;

export const s3SiteTraits = {
  changes: ['deploy', 'invalidate'],
  stores: false,
  holds: false,
  prepares: true,
  splits: false,
  local: true,
  confirms: true,
  keeps: true,
} as const satisfies KindTraits;
