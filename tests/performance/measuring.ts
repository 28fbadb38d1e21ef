import { systemClock } from '../../src/checks/clock.ts';
import type { Measuring } from '../../src/release/performance.ts';

/** A measurement as an activity orders it, of a release of v2. */
export function measuring<Spec>(given: { name: string; spec: Spec; records?: string; home?: string }): Measuring<Spec> {
  return {
    home: process.cwd(),
    version: 'v2',
    release: 'aaaaaaaa-1111-4111-8111-111111111111',
    before: null,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {} },
    redact: (value) => value,
    clock: systemClock,
    ...given,
  };
}
