import type { PlannedStep } from '../../src/release/plan.ts';
import type { ReleaseResult } from '../../src/release/status.ts';
import type { History } from './history.ts';
import { type JournalEntry, withoutNumber } from './journal.ts';
import type { Scene } from './scenes.ts';
import { type Way, ways } from './strike.ts';

/** What finding points needs of a scene. */
export type Struck = Pick<Scene, 'name' | 'outcome' | 'strikes' | 'back'>;

/** A run of a scene without a strike. */
export type Reference<S extends Struck = Scene> = {
  scene: S;
  steps: readonly PlannedStep[];
  arrived: readonly JournalEntry[];
  result: ReleaseResult;
  histories: readonly History[];
};

/** `effect`: something changes in the world there. `back`: a stage of the way back. */
export type Point<S extends Struck = Scene> = { scene: S; name: string; back: boolean; effect: boolean };
export type CrashCase<S extends Struck = Scene> = { scene: S; point: string; way: Way; back: boolean };

/**
 * Every activity of every scene: those of the steps of its plan, those around them, and those of the way back. Nothing is
 * written by hand: what the workflow calls in a run without a strike is what gets struck.
 */
export function pointsOf<S extends Struck>(references: readonly Reference<S>[]): Point<S>[] {
  const seen = new Set<string>();
  return references.flatMap((reference) => {
    const { scene } = reference;
    const begin = scene.strikes === 'way back' ? beginOfWayBack(reference) : 0;
    const points = reference.arrived
      .slice(begin)
      .filter(({ point }) => scene.strikes !== 'new steps' || !seen.has(point));
    for (const { point } of reference.arrived) seen.add(point);
    return points.map(({ point, key }) => ({
      scene,
      name: point,
      back: scene.strikes === 'way back',
      effect: reference.histories.some(({ moments }) => moments.some(({ effect }) => effect.key === key)),
    }));
  });
}

/** Right after the step that failed. The same name may come again on the way back. */
function beginOfWayBack({ steps, arrived, result }: Pick<Reference, 'steps' | 'arrived' | 'result'>): number {
  const index = steps.findIndex(({ id }) => id === result.failedStep);
  const failed = steps[index];
  if (failed === undefined) throw new Error(`${result.failedStep} failed, which is no step of the plan`);
  const name = activityOf(failed);
  const before = steps.slice(0, index).filter((step) => activityOf(step) === name).length;
  const point = before === 0 ? name : `${name} #${before + 1}`;
  const found = arrived.findIndex((entry) => entry.point === point);
  if (found < 0) throw new Error(`nothing was called for ${failed.id}`);
  return found + 1;
}

/** Checks are asked of nobody's target; everything else is named after its own. */
function activityOf({ activity, target, checks }: PlannedStep): string {
  return target === null || checks.length > 0 ? activity : `${activity} ${target}`;
}

/** Steps of plans that no point is about: each is a hole in the matrix. */
export function missingSteps<S extends Struck>(references: readonly Reference<S>[]): string[] {
  return references.flatMap(({ scene, steps, arrived }) => {
    if (scene.outcome !== 'released') return [];
    const names = arrived.map(({ point }) => withoutNumber(point));
    const count = (list: readonly string[], name: string): number => list.filter((each) => each === name).length;
    const wanted = steps.map(activityOf);
    const short = [...new Set(wanted)].filter((name) => count(names, name) < count(wanted, name));
    return short.map((name) => `${scene.name}: ${name}`);
  });
}

/** Targets that go back without a point that is about it. */
export function missingStages<S extends Struck>(references: readonly Reference<S>[]): string[] {
  return references.flatMap(({ scene, arrived, result }) => {
    const names = arrived.map(({ point }) => withoutNumber(point));
    const stages = [...new Set([...scene.back, ...result.restored.map(({ target }) => target)])];
    return stages.filter((target) => !names.includes(`restore ${target}`)).map((target) => `${scene.name}: ${target}`);
  });
}

/** Every way at every point. Only an effect has an edge. */
export function casesOf<S extends Struck>(points: readonly Point<S>[]): CrashCase<S>[] {
  return points.flatMap(({ scene, name, back, effect }) =>
    ways.filter((way) => way !== 'frozen at the edge' || effect).map((way) => ({ scene, point: name, way, back })),
  );
}

export function titleOf({ scene, point, way }: CrashCase<Struck>): string {
  return `${scene.name} / ${point} / ${way}`;
}
