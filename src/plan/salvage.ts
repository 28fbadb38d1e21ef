import type { z } from 'zod';
import { meantPath, type Parsed, parseWritten, removeAt, valueAt } from './explain.ts';
import type { Objection, Path } from './problem.ts';

/**
 * What is left of a plan when the parts that are wrong are taken out, so that rules can look at the rest at once; null
 * when too much would be missing for them to be right. Misspelled keys are read as what was meant.
 */
export function salvage<T>(schema: z.ZodType<T>, parsed: Parsed<T>): T | null {
  let data: unknown = structuredClone(parsed.data);
  let objections: readonly Objection[] = parsed.objections;
  for (let round = 0; round < 10; round += 1) {
    if (!objections.every((objection) => repair(data, objection))) return null;
    const again = parseWritten(schema, data);
    if (again.value !== null) return again.value;
    ({ data, objections } = again);
  }
  return null;
}

function repair(data: unknown, objection: Objection): boolean {
  const value = valueAt(data, objection.path);
  const meant = meantPath(objection);
  if (meant !== null && valueAt(data, meant) === undefined) {
    removeAt(data, objection.path);
    return setAt(data, meant, value);
  }
  // A name is needed and no rule looks at it.
  if (['application', 'environment'].includes(objection.path.join())) return setAt(data, objection.path, 'unnamed');
  const path = removable(data, objection.path);
  if (path === null) return false;
  removeAt(data, path);
  return true;
}

/** The smallest part around a path that can be taken out whole; rules would miss a person or a target. */
function removable(data: unknown, path: Path): Path | null {
  let part = path;
  while (part.length > 0 && (typeof part.at(-1) === 'number' || valueAt(data, part) === undefined)) {
    part = part.slice(0, -1);
  }
  const needed = part.length === 0 || part[0] === 'people' || (part[0] === 'targets' && part.length < 3);
  return needed ? null : part;
}

function setAt(data: unknown, path: Path, value: unknown): boolean {
  const holder = valueAt(data, path.slice(0, -1));
  return typeof holder === 'object' && holder !== null && Reflect.set(holder, path.at(-1) ?? '', value);
}
