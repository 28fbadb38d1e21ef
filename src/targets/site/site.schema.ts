import { z } from 'zod';
import type { KindTraits } from '../../release/target.ts';
import { shellCommandSchema, sourceSchema } from '../shell/command.schema.ts';

/** Static files in versioned directories; `<root>/current` is what a web server serves. */
export const siteSchema = z.strictObject({
  root: z.string().min(1).describe('Directory that holds `current` and `releases/`'),
  source: sourceSchema.describe('Directory, or git ref checked out at a fixed commit'),
  build: shellCommandSchema.nullable().default(null),
  output: z.string().min(1).default('.').describe('Directory inside the built source that is served'),
  url: z.string().min(1).nullable().default(null).describe('Where users get it; proves hashes of what is served'),
  proveAssets: z.int().min(0).default(50).describe('How many assets are fetched for the proof; pages are all fetched'),
  invalidate: shellCommandSchema.nullable().default(null),
});
export type SiteSpec = z.output<typeof siteSchema>;

export const siteTraits = {
  changes: ['deploy', 'invalidate'],
  stores: false,
  holds: false,
  prepares: true,
  splits: false,
  local: true,
} as const satisfies KindTraits;
