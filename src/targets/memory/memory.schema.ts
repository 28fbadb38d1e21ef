import { z } from 'zod';
import { amount, count, path, pause, text } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';

const memoryChanges = ['migrate', 'seed', 'deploy', 'invalidate'] as const;
export type MemoryChange = (typeof memoryChanges)[number];

const verbs = [
  'survey',
  'prepare',
  'save',
  'apply',
  'restore',
  'fingerprint',
  'hold',
  'resume',
  'compare',
  'beside',
  'loss',
  'carry',
  'confirm',
] as const;
export type MemoryVerb = (typeof verbs)[number];

const faultKinds = [
  'invalid-input',
  'not-found',
  'refused',
  'permission',
  'stale-fence',
  'changed',
  'failed',
  'timed-out',
  'unknown',
  'unreachable',
  'busy',
  'bug',
  'lie',
] as const;

const faultSchema = z.strictObject({
  verb: z.enum(verbs).describe('Verb that goes wrong'),
  change: z.enum(memoryChanges).nullable().default(null).describe('Only this change of `apply`'),
  kind: z.enum(faultKinds).default('failed').describe('Failure kind; `bug` is no expected failure, `lie` does nothing'),
  when: z.enum(['before', 'half', 'after']).default('before').describe('Before, in the middle of or after the effect'),
  times: count.default(1).describe('How often it goes wrong, default 1'),
  message: text.nullable().default(null).describe('What the failure says'),
});
export type MemoryFault = z.output<typeof faultSchema>;

const findingSchema = z.strictObject({
  status: z.enum(['PASS', 'WARN', 'FAIL']).describe('A FAIL stops the release'),
  what: text.describe('What was found'),
  remedy: text.nullable().default(null).describe('What can be done about it'),
});

const askSchema = z.strictObject({
  verb: z.enum(verbs).describe('Verb that only a person can do'),
  question: text.describe('What the person is asked for'),
});

/** A target that lives in the worker, for tests and dry runs. Each target needs a world of its own. */
export const memorySchema = z.strictObject({
  world: text.describe('Name under which its state is kept'),
  file: path.nullable().default(null).describe('Append-only file that keeps the world, default none'),
  initial: text.nullable().default(null).describe('Version that runs before the first release, default none'),
  workMs: z.partialRecord(z.enum(verbs), pause).default({}).describe('How long a verb takes'),
  faults: z.array(faultSchema).default([]).describe('What goes wrong on purpose'),
  ask: askSchema.nullable().default(null).describe('What only a person can do'),
  unfit: amount.default(0).describe('Rows of users that do not fit the restored database'),
  findings: z.array(findingSchema).default([]).describe('What the survey reports'),
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
  confirms: true,
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
  measures: true,
  confirms: true,
} as const satisfies KindTraits;
