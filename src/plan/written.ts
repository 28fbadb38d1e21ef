import { isDeepStrictEqual } from 'node:util';
import type { PlannedCheck } from '../release/check.ts';
import { changesOf, ownFields, preflightDefaults, traitsOf } from './kinds.ts';
import type { WrittenCheck } from './schema/checks.schema.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import type { WrittenTarget } from './schema/targets.schema.ts';

export type NamedTarget = { name: string; target: WrittenTarget };

/** The schema made sure of the common fields; those of the kind stay opaque. */
export function targetsOf(written: WrittenRelease): NamedTarget[] {
  return Object.entries(written.targets).map(([name, target]) => ({ name, target: target as WrittenTarget }));
}

export function checksOf(written: readonly unknown[]): WrittenCheck[] {
  return written as WrittenCheck[];
}

export function plannedCheck(check: WrittenCheck): PlannedCheck {
  return {
    name: check.name,
    kind: check.kind,
    critical: check.critical,
    withinMs: check.within,
    everyMs: check.every,
    remedy: check.remedy ?? null,
    spec: ownFields('check', check),
    ...(check.needs.length > 0 ? { needs: check.needs } : {}),
    ...(check.priority === undefined ? {} : { priority: check.priority }),
    ...(check.incident === undefined ? {} : { incident: check.incident }),
  };
}

/** Before anything is changed, what says nothing is as bad as what says no. */
export function preflightCheck(check: WrittenCheck): PlannedCheck {
  return { ...plannedCheck(check), spec: { ...preflightDefaults(check.kind), ...ownFields('check', check) } };
}

/** What can end the watch by itself must neither be bad nor silent before anything is changed. `asked`: what is asked then anyway. */
export function watchedAtPreflight({ watch }: WrittenRelease, asked: readonly PlannedCheck[]): PlannedCheck[] {
  const watched = checksOf(watch?.throughout?.checks ?? [])
    .filter(({ kind, critical }) => critical && preflightDefaults(kind) !== null)
    .map(preflightCheck);
  const isAsked = (check: PlannedCheck): boolean =>
    asked.some((each) => each.kind === check.kind && isDeepStrictEqual(each.spec, check.spec));
  const names = new Set(asked.map(({ name }) => name));
  return watched
    .filter((check) => !isAsked(check))
    .map((check) => (names.has(check.name) ? { ...check, name: `${check.name} (watch)` } : check));
}

/** What is looked for in the logs after the deployment; a mapping is the kind's own. */
export function logChecks({ logs }: WrittenTarget): WrittenCheck[] {
  return Array.isArray(logs) ? checksOf(logs) : [];
}

/** Is the migration one that neither code can run on, so that writers are held before the savepoint? */
export function isBreaking(target: WrittenTarget): boolean {
  return target.compatibility === 'breaking' && traitsOf(target.kind).stores && changesOf(target).length > 0;
}
