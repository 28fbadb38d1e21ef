import { z } from 'zod';
import { awsFields } from '../../aws/place.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { invalidationFields } from './invalidation.schema.ts';

/** A CloudFront distribution as a target of its own: it is emptied by a release and, last of all, on the way back. */
export const cloudfrontSchema = z.strictObject({ ...invalidationFields, ...awsFields });
export type CloudfrontSpec = z.output<typeof cloudfrontSchema>;

export const cloudfrontTraits = {
  changes: ['invalidate'],
  stores: false,
  holds: false,
  prepares: false,
  splits: false,
  local: false,
  cache: true,
} as const satisfies KindTraits;
