import type { Comparison } from './comparison.ts';
import { type Change, differences, isMarked, type Values } from './difference.ts';

/** Is this the key of a row that the release itself added? */
export type IsOwn = (key: string[]) => boolean;

/** Above this many rows of the release that differ, no more than keys are compared. */
const mostOwn = 50_000;

/** The row that the release added, as the reference has it, and whether something else has its key now. */
type OwnRow = { change: Change; steady: string; replaced: boolean };

export function keyText(key: string[]): string {
  return JSON.stringify(key);
}

/** Keys of the rows that the release added; null when they are too many to remember. */
export async function ownKeys(own: Comparison): Promise<IsOwn | null> {
  const keys = new Set<string>();
  for await (const change of differences(own)) {
    if (change.op === 'added') keys.add(keyText(change.key));
    if (keys.size > mostOwn) return null;
  }
  return keys.size === 0 ? null : (key) => keys.has(keyText(key));
}

/**
 * What users did, one row at a time. A row that the release added has another number here than on the reference when
 * users took numbers before it, so such rows are known by what is in them. A row of the release that users changed
 * counts as added: the savepoint does not have it.
 */
export async function* userChanges(
  comparison: Comparison,
  isOwn: IsOwn | null,
  values: Values = 'none',
): AsyncGenerator<Change> {
  const own = comparison.key === null || isOwn === null ? null : await lostOwn(comparison, isOwn);
  if (own === null || own.size === 0) {
    yield* differences(comparison, values);
    return;
  }
  const sought = new Map<string, number>();
  for (const { steady } of own.values()) sought.set(steady, (sought.get(steady) ?? 0) + 1);
  for await (const change of differences(comparison, 'steady')) {
    const here = own.get(keyText(change.key));
    if (change.op === 'removed' || (change.op === 'changed' && here === undefined)) {
      if (here === undefined) yield change;
      continue;
    }
    if (take(sought, change.now?.steady ?? '')) continue;
    if (here !== undefined) here.replaced = true;
    yield { ...change, op: 'added', before: null };
  }
  yield* removedOwn(own, sought);
}

/** Rows of the release that are not where the reference has them; null when they are too many. */
async function lostOwn(comparison: Comparison, isOwn: IsOwn): Promise<Map<string, OwnRow> | null> {
  const own = new Map<string, OwnRow>();
  for await (const change of differences(comparison, 'steady')) {
    if (change.before === null || !isOwn(change.key)) continue;
    own.set(keyText(change.key), {
      change: { ...change, op: 'removed', now: null },
      steady: change.before.steady,
      replaced: false,
    });
    if (own.size > mostOwn) return null;
  }
  return own;
}

function take(sought: Map<string, number>, steady: string): boolean {
  const left = sought.get(steady) ?? 0;
  if (left === 0) return false;
  sought.set(steady, left - 1);
  return true;
}

/** What of the release was found nowhere. */
function* removedOwn(own: Map<string, OwnRow>, sought: Map<string, number>): Generator<Change> {
  for (const row of own.values()) if (row.replaced) take(sought, row.steady);
  for (const row of own.values()) if (!row.replaced && take(sought, row.steady)) yield row.change;
}

/** Rows that differ, counted. */
export type Count = { added: number; changed: number; removed: number; marked: number };

export async function counted(changes: AsyncGenerator<Change>): Promise<Count> {
  const count: Count = { added: 0, changed: 0, removed: 0, marked: 0 };
  for await (const change of changes) {
    count[change.op] += change.count;
    if (isMarked(change)) count.marked += change.count;
  }
  return count;
}
