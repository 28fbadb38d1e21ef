import type { Compatibility } from './plan.ts';

/** What one target runs at a moment: what the release brought, or what was there before it. */
export type Age = 'old' | 'new';

/** What the policy needs to know of one target; `changed` means that its change may have begun. */
export type TargetFacts = {
  name: string;
  /** It holds data: restoring it may lose rows. */
  stores: boolean;
  /** It holds copies only: no schema matters to it, and a full rollback empties it. Left out: it is no cache. */
  cache?: boolean;
  compatibility: Compatibility | null;
  changed: boolean;
  /** A failure of this target restores this target only. */
  scope: 'all' | 'self';
  /** How a changed database stands against its savepoint; null where nobody compared. */
  standing: 'equal' | 'differs' | 'unknown' | null;
};

/** May this code run on this schema? Equal ages always may; the plan declares the rest. */
export function mayRun(code: Age, schema: Age, declared: Compatibility): boolean {
  if (code === schema) return true;
  return code === 'old' ? declared.backward : declared.forward;
}

/** A pair that must never run, named for people. */
export type IncompatiblePair = { code: string; codeAge: Age; database: string; schemaAge: Age };

/**
 * The pairs (code, schema) that would run although the plan does not declare them compatible, were the targets in
 * `restored` brought back and all others left as they are.
 */
export function incompatiblePairs(targets: readonly TargetFacts[], restored: readonly string[]): IncompatiblePair[] {
  const age = (target: TargetFacts): Age => (isChanged(target) && !restored.includes(target.name) ? 'new' : 'old');
  const pairs: IncompatiblePair[] = [];
  for (const database of targets.filter((target) => target.stores)) {
    if (!isChanged(database)) continue;
    for (const code of targets.filter(isCode)) {
      const declared = database.compatibility ?? { backward: false, forward: false };
      if (mayRun(age(code), age(database), declared)) continue;
      pairs.push({ code: code.name, codeAge: age(code), database: database.name, schemaAge: age(database) });
    }
  }
  return pairs;
}

/** It runs on a schema: it holds neither data nor copies of it. */
export function isCode({ stores, cache }: TargetFacts): boolean {
  return !stores && cache !== true;
}

/** Did this release change it, as far as anybody knows? A database proved equal to its savepoint did not change. */
export function isChanged(target: TargetFacts): boolean {
  return target.changed && target.standing !== 'equal';
}

/** Code that this release changed and caches that it emptied, newest change first. */
export function changedCode(targets: readonly TargetFacts[]): string[] {
  return newestFirst(targets.filter((target) => isChanged(target) && !target.stores));
}

export function changedDatabases(targets: readonly TargetFacts[]): string[] {
  return newestFirst(targets.filter((target) => target.stores && isChanged(target)));
}

export function newestFirst(targets: readonly TargetFacts[]): string[] {
  return targets.map(({ name }) => name).reverse();
}
