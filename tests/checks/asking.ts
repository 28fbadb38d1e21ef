import type { Asking } from '../../src/release/check.ts';
import type { Log } from '../../src/release/target.ts';

export const quiet: Log = { info: () => undefined, warn: () => undefined };

/** What a check gets, with everything that a test does not care about filled in. */
export function asking<Spec>(spec: Spec, more: Partial<Asking<Spec>> = {}): Asking<Spec> {
  return { spec, home: process.cwd(), version: 'v2', signal: new AbortController().signal, log: quiet, ...more };
}
