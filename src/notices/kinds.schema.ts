import type { z } from 'zod';
import { commandSchema } from './command.schema.ts';
import { webhookSchema } from './webhook.schema.ts';

/** Every kind of notice and what may be written for it. */
export const noticeKinds = {
  webhook: { schema: webhookSchema },
  command: { schema: commandSchema },
} satisfies Record<string, { schema: z.ZodObject }>;

export type NoticeKind = keyof typeof noticeKinds;
