import type { Most } from './redis-limits.schema.ts';

type Found = { failures: string[]; warnings: string[] };

/** The stricter limit that is missed decides. `say`: the problem in words, for a limit. */
export function judgeMost(limits: Most | undefined, value: number, say: (limit: number) => string): Found {
  if (limits?.fail !== undefined && value > limits.fail) return { failures: [say(limits.fail)], warnings: [] };
  if (limits?.warn !== undefined && value > limits.warn) return { failures: [], warnings: [say(limits.warn)] };
  return { failures: [], warnings: [] };
}

export function together(found: readonly Found[]): Found {
  return { failures: found.flatMap(({ failures }) => failures), warnings: found.flatMap(({ warnings }) => warnings) };
}
