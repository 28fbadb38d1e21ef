import { coreForms } from './forms.ts';
import type { Surroundings } from './reference.ts';
import { readReference } from './resolve.ts';
import { isCertain, isOpen } from './telling.ts';

/**
 * Values that must not be told. `all`: everything that was put in for a reference or looks secret, so words for people
 * are covered generously, without addresses that are nothing but a host. `certain`: what can only be a secret, for values that programs compare and use again: a
 * database's name that comes from a variable must stay as it is.
 */
export type Known = { all: string[]; certain: string[] };

/**
 * The values of a plan's references, and what looks secret in the environment of the worker: a command inherits all of
 * it, and prints it when it feels like it. References without a value hide nothing and are passed over.
 */
export async function knownSecrets(references: readonly string[], surroundings: Surroundings): Promise<Known> {
  const known: Known = { all: [], certain: [] };
  const add = (name: string, value: string, certain = isCertain(name, value)): void => {
    known.all.push(value);
    if (certain) known.certain.push(value);
  };
  for (const [name, value] of Object.entries(surroundings.env)) {
    if (value !== undefined && isCertain(name, value) && !isPlain(value)) add(name, value);
  }
  for (const reference of references) {
    const found = await readReference(reference, surroundings);
    if ('value' in found && (found.certain === true || !isOpen(reference, found.value)))
      add(reference, found.value, found.certain === true || isCertain(reference, found.value));
  }
  return known;
}

/** Each reference that has a value, with every text under which that may turn up: for whoever looks for leaks. */
export async function knownForms(
  references: readonly string[],
  surroundings: Surroundings,
): Promise<{ reference: string; forms: string[] }[]> {
  const known: { reference: string; forms: string[] }[] = [];
  for (const reference of references) {
    const found = await readReference(reference, surroundings);
    if ('value' in found && isCertain(reference, found.value)) known.push({ reference, forms: coreForms(found.value) });
  }
  return known;
}

/** `TOKEN_FILE=/run/token` and `TOKEN_TTL=3600` name a secret and are none. */
function isPlain(value: string): boolean {
  return /^\/|^\d+$|^(true|false)$/i.test(value);
}
