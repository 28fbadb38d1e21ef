import { randomBytes } from 'node:crypto';
import type { Exchange } from '../http/http-exchange.ts';
import { firstAt } from '../http/json-values.ts';
import type { Capture } from './flow.schema.ts';

/** Values by name. What was captured may be a secret, so evidence shows the name instead. */
export type Values = ReadonlyMap<string, string>;

/** The values of a plan with `unique`, which is another one in each run; each may use those before it. */
export function startingValues(written: Readonly<Record<string, string>>): Map<string, string> {
  const known = new Map([['unique', randomBytes(5).toString('hex')]]);
  for (const [name, value] of Object.entries(written)) known.set(name, filled(value, known).value);
  return known;
}

const placePattern = /\{\{\s*([\w-]+)\s*\}\}/g;

/** A copy in which every `{{name}}` is replaced, keys included; names without a value are told. */
export function filled<T>(data: T, values: Values): { value: T; missing: string[] } {
  const missing = new Set<string>();
  const fill = (text: string): string =>
    text.replace(placePattern, (whole, name: string) => {
      const value = values.get(name);
      if (value === undefined) missing.add(name);
      return value ?? whole;
    });
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return fill(value);
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [fill(key), walk(item)]));
  };
  return { value: walk(data) as T, missing: [...missing] };
}

/** The first value that is found, null where there is none. `cookie`: reads one that is kept. */
export async function captured(
  capture: Capture,
  { headers, body }: Exchange,
  cookie: (name: string) => Promise<string | undefined>,
): Promise<string | null> {
  if ('json' in capture) return firstAt(capture.json, body);
  if ('cookie' in capture) return (await cookie(capture.cookie)) ?? null;
  if (!('header' in capture)) return inText(capture.matches, body);
  const value = headers[capture.header.toLowerCase()];
  if (value === undefined || capture.matches === undefined) return value ?? null;
  return inText(capture.matches, value);
}

function inText(pattern: string, text: string): string | null {
  const found = new RegExp(pattern, 'mu').exec(text);
  return found === null ? null : (found[1] ?? found[0]);
}

const shortest = 6;

/** Text in which captured values are replaced by their names. */
export function withoutValues(text: string, values: Values): string {
  const longestFirst = [...values].sort(([, a], [, b]) => b.length - a.length);
  return longestFirst
    .filter(([, value]) => value.length >= shortest)
    .reduce((left, [name, value]) => left.replaceAll(value, `{{${name}}}`), text);
}
