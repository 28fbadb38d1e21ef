import type { Redis } from 'ioredis';
import { TargetFailure } from '../../release/failure.ts';
import { type Connection, type RedisCall, withRedis } from './connection.ts';
import { type Seen, signsAmong } from './signs.ts';

/** Keys that Redis looks at in one go; other clients wait for about a millisecond meanwhile. */
const perLook = 1_000;
const shownAtMost = 5;

/** Lot after lot of the keys of one node that begin with `prefix`. A key may come twice (Redis manual, SCAN). */
async function* keysOf(node: Redis, prefix: string, signal: AbortSignal): AsyncGenerator<Buffer[]> {
  let cursor = '0';
  do {
    signal.throwIfAborted();
    const [next, keys] = await node.scanBuffer(cursor, 'MATCH', `${escaped(prefix)}*`, 'COUNT', perLook);
    cursor = next.toString();
    if (keys.length > 0) yield keys;
  } while (cursor !== '0');
}

/** In the pattern of SCAN these characters mean something. */
function escaped(prefix: string): string {
  return prefix.replaceAll(/[\\*?[\]^-]/g, '\\$&');
}

export type Look = { keys: number; seen: Seen[]; complete: boolean };

/** Looks at the names below the prefix for what is no cache. `withinMs`: when to stop although more is left. */
export async function lookBelow(
  connection: Connection,
  { prefix, signal, withinMs = Number.POSITIVE_INFINITY }: { prefix: string; signal: AbortSignal; withinMs?: number },
): Promise<Look> {
  const look: Look = { keys: 0, seen: [], complete: true };
  const endsAt = performance.now() + withinMs;
  for (const node of connection.nodes) {
    for await (const keys of keysOf(node, prefix, signal)) {
      look.keys += keys.length;
      look.seen.push(...(await signsAmong(keys, connection, shownAtMost - look.seen.length)));
      if (look.seen.length >= shownAtMost) return look;
      if (performance.now() > endsAt) return { ...look, complete: false };
    }
  }
  return look;
}

/**
 * Removes every key that begins with the prefix, after all of them were looked at. There is nothing to remember: whoever
 * goes on after a crash looks and removes again.
 *
 * @returns how many keys were removed
 * @throws TargetFailure `refused` when something else than a cache is below the prefix
 */
export async function flush(call: RedisCall, prefix: string): Promise<number> {
  return await withRedis(call, async (connection) => {
    const { seen } = await lookBelow(connection, { prefix, signal: call.signal });
    if (seen.length > 0) throw noCache(prefix, seen, 0);
    let removed = 0;
    for (const node of connection.nodes) {
      for await (const keys of keysOf(node, prefix, call.signal)) {
        // Somebody may have begun to keep something here since.
        const now = await signsAmong(keys, connection, shownAtMost);
        if (now.length > 0) throw noCache(prefix, now, removed);
        removed += await unlink(connection, node, keys);
      }
    }
    return removed;
  });
}

/** UNLINK frees memory in the background. In a cluster the keys of one call must lie in one slot. */
async function unlink({ whole }: Connection, node: Redis, keys: readonly Buffer[]): Promise<number> {
  if (!('nodes' in whole)) return await node.unlink(...keys);
  const counts = await Promise.all(keys.map((key) => whole.unlink(key)));
  return counts.reduce((sum, count) => sum + count, 0);
}

function noCache(prefix: string, seen: readonly Seen[], removed: number): TargetFailure {
  return new TargetFailure('refused', `${prefix} holds more than a cache: ${seen[0]?.of ?? 'something else'}`, {
    evidence: namesOf(seen),
    remedy: 'choose a `prefix` that only cached keys have',
    ...(removed > 0 ? { done: [`${removed} keys were removed before`] } : {}),
  });
}

/** A few names, and never a value. */
export function namesOf(seen: readonly Seen[]): string {
  return seen.map(({ key, of }) => `${key} is of ${of}`).join('\n');
}
