import type { Json } from './json.ts';
import type { Artefact } from './target.ts';

/** Turns text into a hexadecimal hash; handed in, because this room uses no library. */
export type Hash = (text: string) => string;

/** JSON with sorted keys and no spaces: equal data always gives equal text. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${entries.join(',')}}`;
}

/** A secret is known by its reference and by what tells two of its values apart: never by the value itself. */
export type PinnedSecret = { name: string; version: string };

/** All that people approve. `planDigest` covers the normalised plan and the version. */
export type Approved = {
  planDigest: string;
  artefacts: Record<string, Artefact>;
  secrets: readonly PinnedSecret[];
};

/**
 * The digest that an approval names. It covers the plan, the version, everything that `prepare` pinned with the name
 * of each part, and each secret by name and version. Where an artefact lies on a host is left out.
 */
export function releaseDigest({ planDigest, artefacts, secrets }: Approved, hash: Hash): string {
  const pinned = Object.keys(artefacts)
    .sort()
    .map((target) => ({ target, digest: artefacts[target]?.digest ?? '', parts: sortedParts(artefacts[target]) }));
  const named = secrets.map(({ name, version }) => ({ name, version })).sort((a, b) => compare(a.name, b.name));
  return hash(canonicalJson({ format: 1, planDigest, artefacts: pinned, secrets: named }));
}

function sortedParts(artefact: Artefact | undefined): { name: string; digest: string }[] {
  const parts = artefact?.parts ?? [];
  return parts.map(({ name, digest }) => ({ name, digest })).sort((a, b) => compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
