import type { Measurement } from './measurement.ts';

/** Each is loaded when it is asked for: one that needs no Temporal does not wait for its code. */
export const measurements = {
  a: async () => (await import('./a-overhead.ts')).overhead,
  b: async () => (await import('./b-approval.ts')).approval,
  c: async () => (await import('./c-verdict.ts')).verdict,
  d: async () => (await import('./d-savepoint.ts')).savepoint,
  e: async () => (await import('./e-fingerprint.ts')).fingerprinting,
  f: async () => (await import('./f-killed.ts')).killed,
  g: async () => (await import('./g-many.ts')).many,
  h: async () => (await import('./h-command-line.ts')).commandLine,
  i: async () => (await import('./i-history.ts')).history,
  j: async () => (await import('./j-code.ts')).code,
  k: async () => (await import('./k-waits.ts')).waits,
  l: async () => (await import('./l-load-honesty.ts')).honesty,
  m: async () => (await import('./m-load-throughput.ts')).throughput,
} as const satisfies Record<string, () => Promise<Measurement>>;

export type Id = keyof typeof measurements;

const ids = Object.keys(measurements) as Id[];

/** Those that run nothing on Temporal. */
const withoutTemporal: readonly Id[] = ['d', 'e', 'h', 'k', 'l', 'm'];

export type Chosen = { ids: Id[]; growth: boolean; temporal: boolean };

/** A word of `--only` that names nothing. */
export class UnknownMeasurement extends Error {
  override name = 'UnknownMeasurement';
}

/**
 * `only`: letters and `growth`, separated by commas; empty means all.
 * @throws UnknownMeasurement naming what there is
 */
export function chosen(only: string): Chosen {
  const words = only
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const unknown = words.filter((word) => word !== 'growth' && !Object.hasOwn(measurements, word));
  if (unknown.length > 0)
    throw new UnknownMeasurement(`${unknown.join(', ')}: known are ${[...ids, 'growth'].join(', ')}`);
  const wanted = words.length === 0 ? ids : ids.filter((id) => words.includes(id));
  return {
    ids: wanted,
    growth: words.length === 0 || words.includes('growth'),
    temporal: wanted.some((id) => !withoutTemporal.includes(id)),
  };
}
