import { randomBytes } from 'node:crypto';
import type { Json } from '../release/json.ts';

/** Ten letters and digits that no other run of the checks has. */
export function newRun(): string {
  return randomBytes(5).toString('hex');
}

/** A copy in which `${run}` is the value of this run, so that one check finds what another one wrote. Keys stay. */
export function withRun(spec: Json, run: string): Json {
  if (typeof spec === 'string') return spec.replaceAll('${run}', run);
  if (Array.isArray(spec)) return spec.map((item) => withRun(item, run));
  if (spec === null || typeof spec !== 'object') return spec;
  return Object.fromEntries(Object.entries(spec).map(([key, item]) => [key, withRun(item, run)]));
}

/** Does it look at or write what only this run has? */
export function usesRun(spec: Json): boolean {
  return JSON.stringify(spec).includes('${run}');
}
