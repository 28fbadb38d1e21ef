import { z } from 'zod';
import { duration } from '../plan/words.schema.ts';

/** `secret` signs the body, so that the receiver knows who sent it. */
export const webhookSchema = z.strictObject({
  url: z
    .string()
    .min(1)
    .refine(
      (text) => text.includes('${') || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)),
      'is not an http:// or https:// address',
    ),
  headers: z.record(z.string().min(1), z.string()).default({}),
  secret: z.string().min(1).optional(),
  timeout: duration.default(10_000),
});

export type WebhookSpec = z.output<typeof webhookSchema>;
