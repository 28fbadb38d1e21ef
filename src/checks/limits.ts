import type { Limits } from './limits.schema.ts';

export type Found = { failures: string[]; warnings: string[] };

/** The stricter limit that is missed decides. Without limits nothing is. */
export function missed(
  limits: Limits | undefined,
  misses: (limit: number) => boolean,
  say: (limit: number) => string,
): Found {
  const { warn, fail } = limits ?? { warn: null, fail: null };
  if (fail !== null && misses(fail)) return { failures: [say(fail)], warnings: [] };
  if (warn !== null && misses(warn)) return { failures: [], warnings: [say(warn)] };
  return { failures: [], warnings: [] };
}
