import type { Json } from './json.ts';
import type { Plan } from './plan.ts';

/** Every `env:NAME` and `file:path` that is put in while this plan runs, sorted; names only, never a value. */
export function referencesOf(plan: Plan): string[] {
  const found = new Set<string>();
  const specs = [
    ...plan.targets.map(({ spec }) => spec),
    ...plan.steps.flatMap(({ checks, requests, measurements = [] }) =>
      [...checks, ...requests, ...measurements].map(({ spec }) => spec),
    ),
    ...plan.steps.flatMap(({ rehearsal }) =>
      [...(rehearsal?.checks ?? []), ...(rehearsal?.writes ?? [])].map(({ spec }) => spec),
    ),
    ...plan.afterRollback.map(({ spec }) => spec),
    ...(plan.watch?.checks ?? []).map(({ spec }) => spec),
    ...(plan.watch?.throughout?.checks ?? []).map(({ spec }) => spec),
    ...(plan.watch?.probe ? [plan.watch.probe.spec] : []),
    ...plan.notify.map(({ spec }) => spec),
  ];
  for (const spec of specs) collect(spec, found);
  return [...found].sort();
}

/** The references of one part of a plan, sorted. */
export function referencesIn(spec: Json): string[] {
  const found = new Set<string>();
  collect(spec, found);
  return [...found].sort();
}

function collect(value: Json, found: Set<string>): void {
  if (typeof value === 'string') {
    // `$${env:X}` stands for the text itself.
    for (const [, escaped, reference] of value.matchAll(/(\$?)\$\{([A-Za-z][A-Za-z0-9-]*:[^}]*)\}/g)) {
      if (escaped !== '$' && reference !== undefined) found.add(reference);
    }
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (value !== null && typeof value === 'object') {
    for (const item of Object.values(value)) collect(item, found);
  }
}
