import type { TargetFacts } from '../release/compatibility.ts';
import type { Savepoint } from '../release/target.ts';
import { findTarget, type Story } from './state.ts';

export function factsOf(story: Story): TargetFacts[] {
  return story.input.plan.targets.map(({ name, traits, compatibility, scope }) => ({
    name,
    stores: traits.stores,
    ...(traits.cache === true ? { cache: true } : {}),
    compatibility,
    changed: story.status.changed.includes(name),
    scope,
    standing: story.untouched.has(name) ? 'equal' : null,
  }));
}

/** Every changed database is held, and has been without a gap since before its savepoint was taken. */
export function isHeldSinceSavepoint(story: Story): boolean {
  const { changed, held, writtenTo } = story.status;
  const databases = changed.filter((name) => findTarget(story, name).traits.stores && !story.untouched.has(name));
  return databases.length > 0 && databases.every((name) => name in held && !writtenTo.includes(name));
}

/** Restores may take long; the watchful eye is the drive loop's progress, not this limit. */
export const restorePatienceMs = 60 * 60_000;

export function savepointOf(story: Story, name: string): Savepoint {
  const found = story.status.savepoints.find(({ target }) => target === name);
  if (found === undefined && findTarget(story, name).traits.cache === true) return nothingSaved(story, name);
  if (found === undefined) throw new TypeError(`${name} changed without a savepoint`);
  return found;
}

/** A cache is emptied without a savepoint as well: nothing of it is ever saved. */
function nothingSaved(story: Story, name: string): Savepoint {
  const takenAt = new Date().toISOString();
  return {
    target: name,
    kind: findTarget(story, name).kind,
    release: story.place.release,
    takenAt,
    version: null,
    absent: false,
    heldMs: 0,
    fingerprint: { takenAt, parts: [{ name: 'cache', level: 'nothing', value: '' }] },
    state: {},
  };
}
