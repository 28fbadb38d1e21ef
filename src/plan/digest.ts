import { createHash } from 'node:crypto';
import { canonicalJson } from '../release/digest.ts';
import type { Json } from '../release/json.ts';
import type { Plan } from '../release/plan.ts';

/** SHA-256 of a text as 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * What the plan and its version mean, independent of how the file is laid out and of where it lies: directories of a
 * host and queues are left out.
 */
export function planDigest(plan: Plan): string {
  const { home: _home, records: _records, taskQueue: _queue, localTaskQueue: _local, ...meaning } = plan;
  return sha256(canonicalJson(meaning as unknown as Json));
}
