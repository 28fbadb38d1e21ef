import { z } from 'zod';
import { duration } from '../../plan/words.schema.ts';
import { failureKinds } from '../../release/failure.ts';
import type { KindTraits } from '../../release/target.ts';

export const memoryChanges = ['migrate', 'seed', 'deploy', 'invalidate'] as const;
export type MemoryChange = (typeof memoryChanges)[number];

export const memoryVerbs = [
  'survey',
  'prepare',
  'save',
  'apply',
  'restore',
  'fingerprint',
  'hold',
  'resume',
  'compare',
] as const;
export type MemoryVerb = (typeof memoryVerbs)[number];

/** `bug` throws a plain error; `lie` answers that all is done and does nothing. */
const faultKinds = [...(Object.keys(failureKinds) as (keyof typeof failureKinds)[]), 'bug', 'lie'] as const;

/** Goes wrong on purpose, `times` times: before the effect, after it (the answer is lost), or after half of it. */
const faultSchema = z.strictObject({
  verb: z.enum(memoryVerbs),
  change: z.enum(memoryChanges).nullable().default(null),
  kind: z.enum(faultKinds).default('failed'),
  when: z.enum(['before', 'half', 'after']).default('before'),
  times: z.int().min(1).default(1),
  message: z.string().nullable().default(null),
});
export type MemoryFault = z.output<typeof faultSchema>;

const findingSchema = z.strictObject({
  status: z.enum(['PASS', 'WARN', 'FAIL']),
  what: z.string(),
  remedy: z.string().nullable().default(null),
});

/**
 * A target that lives in this process, or in an append-only file when `file` is given.
 * Targets that name the same `world` share it. `workMs`: how long each verb takes before it is done.
 */
export const memorySchema = z.strictObject({
  world: z.string().min(1),
  file: z.string().min(1).nullable().default(null),
  initial: z.string().nullable().default(null),
  workMs: z.partialRecord(z.enum(memoryVerbs), duration).default({}),
  faults: z.array(faultSchema).default([]),
  ask: z
    .strictObject({ verb: z.enum(memoryVerbs), question: z.string() })
    .nullable()
    .default(null),
  findings: z.array(findingSchema).default([]),
});
export type MemorySpec = z.output<typeof memorySchema>;

/** Code: going back loses nothing. */
export const memoryTraits = {
  changes: ['deploy', 'invalidate'],
  stores: false,
  holds: true,
  prepares: true,
  splits: false,
  local: false,
} as const satisfies KindTraits;

export const memoryDatabaseSchema = memorySchema;

/** Data: going back may lose some. */
export const memoryDatabaseTraits = {
  changes: ['migrate', 'seed'],
  stores: true,
  holds: true,
  prepares: true,
  splits: false,
  local: false,
} as const satisfies KindTraits;
