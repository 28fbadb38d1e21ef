import { overhead } from './a-overhead.ts';
import { approval } from './b-approval.ts';
import { verdict } from './c-verdict.ts';
import { savepoint } from './d-savepoint.ts';
import { fingerprinting } from './e-fingerprint.ts';
import { killed } from './f-killed.ts';
import { many } from './g-many.ts';
import { commandLine } from './h-command-line.ts';
import { history } from './i-history.ts';
import { code } from './j-code.ts';
import type { Measurement } from './measurement.ts';

/** By the letters that issue and docs give them. */
export const measurements = {
  a: overhead,
  b: approval,
  c: verdict,
  d: savepoint,
  e: fingerprinting,
  f: killed,
  g: many,
  h: commandLine,
  i: history,
  j: code,
} as const satisfies Record<string, Measurement>;

export type Id = keyof typeof measurements;

const ids = Object.keys(measurements) as Id[];

/**
 * `only`: letters and `growth`, separated by commas; empty means all.
 * @throws Error naming what there is, for anything else
 */
export function chosen(only: string): { ids: Id[]; growth: boolean } {
  const words = only
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (words.length === 0) return { ids, growth: true };
  const unknown = words.filter((word) => word !== 'growth' && !(word in measurements));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: known are ${[...ids, 'growth'].join(', ')}`);
  return { ids: ids.filter((id) => words.includes(id)), growth: words.includes('growth') };
}
