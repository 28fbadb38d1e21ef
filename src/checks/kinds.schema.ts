import type { z } from 'zod';
import { attestSchema } from './attest.schema.ts';
import { commandSchema } from './command.schema.ts';
import { httpSchema } from './http.schema.ts';
import { sqlSchema } from './sql.schema.ts';

/** Every kind of check and what may be written for it. */
export const checkKinds = {
  http: { schema: httpSchema },
  sql: { schema: sqlSchema },
  command: { schema: commandSchema },
  attest: { schema: attestSchema },
} satisfies Record<string, { schema: z.ZodObject }>;

export type CheckKind = keyof typeof checkKinds;
