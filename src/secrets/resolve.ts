import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import { referenceKinds } from './kinds.ts';
import type { Found, Missing, Surroundings } from './reference.ts';
import { isOpen } from './telling.ts';

/** `secrets`: the values that were put in, for `redactor`, without those that may be told. `names`: what was used, for the digest; never a value. */
export type Resolved<T extends Json = Json> = {
  value: T;
  secrets: string[];
  names: { reference: string; version: string | null }[];
};

/** `$${env:X}` stands for the text `${env:X}`. Text such as `${HOME}` has no colon and is no reference. */
const referencePattern = /(\$?)\$\{([A-Za-z][A-Za-z0-9-]*):([^}]*)\}/g;

/**
 * Replaces every reference inside the strings of `json`; keys stay as they are and values are not looked into again.
 *
 * @throws TargetFailure `invalid-input` that names every reference without a value and each place that uses it
 */
export async function resolveReferences<T extends Json>(json: T, surroundings: Surroundings): Promise<Resolved<T>> {
  const places = placesOf(json);
  const found = new Map<string, Found>();
  const problems: string[] = [];
  for (const [reference, used] of places) {
    const outcome = await readReference(reference, surroundings);
    if ('missing' in outcome) problems.push(`\${${reference}} ${outcome.missing} (used in ${used.join(', ')})`);
    else found.set(reference, outcome);
  }
  if (problems.length > 0) {
    throw new TargetFailure(
      'invalid-input',
      `${problems.length} reference(s) without a value: ${problems.join('; ')}`,
      {
        remedy: 'set them where the worker runs, then try again',
        notDone: problems,
      },
    );
  }
  return {
    value: mapStrings(json, (text) => substitute(text, found)) as T,
    secrets: [...new Set([...found].flatMap(([name, { value }]) => (isOpen(name, value) ? [] : value)))],
    names: [...found].map(([reference, { version }]) => ({ reference, version })),
  };
}

/** The value of one `kind:name`, or why there is none. */
export async function readReference(reference: string, surroundings: Surroundings): Promise<Found | Missing> {
  const colon = reference.indexOf(':');
  const name = reference.slice(colon + 1);
  const load = Object.hasOwn(referenceKinds, reference.slice(0, colon))
    ? referenceKinds[reference.slice(0, colon)]
    : undefined;
  if (load === undefined)
    return { missing: `is of an unknown kind; known are ${Object.keys(referenceKinds).join(', ')}` };
  if (name === '') return { missing: 'names nothing after the colon' };
  return (await load())(name, surroundings);
}

/** Reference (`env:NAME`) → the places that use it, in order. */
function placesOf(json: Json): Map<string, string[]> {
  const places = new Map<string, string[]>();
  const look = (value: Json, place: string): void => {
    if (typeof value === 'string') {
      for (const [, escaped, kind, name] of value.matchAll(referencePattern)) {
        if (escaped === '$') continue;
        const reference = `${kind}:${name}`;
        const known = places.get(reference) ?? [];
        places.set(reference, known.includes(place) ? known : [...known, place]);
      }
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) look(item, `${place}[${index}]`);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) look(item, place === '' ? key : `${place}.${key}`);
    }
  };
  look(json, '');
  return places;
}

function substitute(text: string, found: ReadonlyMap<string, Found>): string {
  return text.replace(referencePattern, (whole: string, escaped: string, kind: string, name: string) =>
    escaped === '$' ? whole.slice(1) : (found.get(`${kind}:${name}`)?.value ?? whole),
  );
}

/** A copy of `json` with every string replaced. */
function mapStrings(json: Json, replace: (text: string) => string): Json {
  if (typeof json === 'string') return replace(json);
  if (Array.isArray(json)) return json.map((item) => mapStrings(item, replace));
  if (json === null || typeof json !== 'object') return json;
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, mapStrings(item, replace)]));
}
