import { type Fingerprint, prove } from '../../release/fingerprint.ts';
import type { Call, Restored, Savepoint } from '../../release/target.ts';

/** What every cache says: it holds copies, so nothing of it is saved, and no report calls it proved. */
export function nothingToProve(): Fingerprint {
  return { takenAt: new Date().toISOString(), parts: [{ name: 'cache', level: 'nothing', value: '' }] };
}

export type CacheState = Record<string, never>;

export function savepointOfCache(call: Call<unknown>, kind: string): Savepoint<CacheState> {
  const fingerprint = nothingToProve();
  return {
    target: call.target,
    kind,
    release: call.release,
    takenAt: fingerprint.takenAt,
    version: null,
    absent: false,
    heldMs: 0,
    fingerprint,
    state: {},
  };
}

/** `detail` says what was emptied, for people. */
export function emptied(to: Savepoint<CacheState>, detail: string): Restored {
  return { proof: prove(to.fingerprint, nothingToProve()), downtimeMs: 0, kept: null, detail };
}
