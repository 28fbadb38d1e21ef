import { z } from 'zod';
import { duration, text, url } from '../plan/words.schema.ts';

/** Messages as JSON by POST. */
export const webhookSchema = z.strictObject({
  url: url.describe('Address that gets the message'),
  headers: z.record(text, z.string()).default({}).describe('Headers added to the request'),
  secret: text.optional().describe('Key that signs the body; give it as a reference'),
  timeout: duration.default(10_000).describe('Patience for the answer, default 10s'),
});

export type WebhookSpec = z.output<typeof webhookSchema>;
