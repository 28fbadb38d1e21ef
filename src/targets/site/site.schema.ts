import { z } from 'zod';
import { amount, path, url } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { shellCommandSchema, sourceSchema } from '../shell/command.schema.ts';

/** Static files in versioned directories; `<root>/current` is what a web server serves. */
export const siteSchema = z.strictObject({
  root: path.describe('Directory that holds `current` and `releases/`'),
  source: sourceSchema.describe('Directory, or git ref that is checked out at a fixed commit'),
  build: shellCommandSchema.nullable().default(null).describe('Run in the copied source before it is pinned'),
  output: path.default('.').describe('Directory inside the built source that is served, default all of it'),
  url: url.nullable().default(null).describe('Where users get it; proves hashes of what is served'),
  proveAssets: amount.default(50).describe('How many assets the proof fetches besides every page, default 50'),
  invalidate: shellCommandSchema.nullable().default(null).describe('Empties a cache in front of the site'),
});
export type SiteSpec = z.output<typeof siteSchema>;

export const siteTraits = {
  changes: ['deploy', 'invalidate'],
  stores: false,
  holds: false,
  prepares: true,
  splits: false,
  local: true,
  confirms: true,
  keeps: true,
} as const satisfies KindTraits;
