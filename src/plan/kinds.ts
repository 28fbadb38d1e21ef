import type { z } from 'zod';
import { checkKinds } from '../checks/kinds.schema.ts';
import { noticeKinds } from '../notices/kinds.schema.ts';
import type { Json } from '../release/json.ts';
import type { KindTraits } from '../release/target.ts';
import { targetKinds } from '../targets/kinds.schema.ts';

type Entry = { schema: z.ZodObject; atPreflight?: Record<string, string> };

const tables: Record<'target' | 'check' | 'notice', Record<string, Entry>> = {
  target: targetKinds,
  check: checkKinds,
  notice: noticeKinds,
};

/** The fields of its own kind, out of something that was parsed; what every kind has is left out. */
export function ownFields(room: 'target' | 'check' | 'notice', parsed: { kind: string }): { [key: string]: Json } {
  const entry = tables[room][parsed.kind];
  if (entry === undefined) throw new TypeError(`no ${room} kind ${parsed.kind}`);
  return pick(parsed, Object.keys(entry.schema.shape));
}

/** The given keys of a parsed object. What a schema makes is JSON, since it came from YAML. */
export function pick(parsed: object, keys: readonly string[]): { [key: string]: Json } {
  const entries = keys.map((key) => [key, Reflect.get(parsed, key) as Json | undefined] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** What a kind of check is given in `preflight` where the plan says nothing; null for one that is only asked where it stands. */
export function preflightDefaults(kind: string): { [key: string]: Json } | null {
  return tables.check[kind]?.atPreflight ?? null;
}

export function traitsOf(kind: string): KindTraits {
  const table: Record<string, { traits: KindTraits }> = targetKinds;
  const entry = table[kind];
  if (entry === undefined) throw new TypeError(`no target kind ${kind}`);
  return entry.traits;
}

/**
 * The changes that this target goes through in a release, in order. A kind that has a field for a change, in itself
 * or under `apply`, goes through it when the field is given; a change without a field always happens.
 */
export function changesOf(parsed: { kind: string }): string[] {
  const keys = Object.keys(tables.target[parsed.kind]?.schema.shape ?? {});
  const apply: unknown = Reflect.get(parsed, 'apply');
  return traitsOf(parsed.kind).changes.filter((change) => {
    if (keys.includes(change)) return isGiven(Reflect.get(parsed, change));
    if (keys.includes('apply') && typeof apply === 'object' && apply !== null)
      return isGiven(Reflect.get(apply, change));
    return true;
  });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
