import type { TargetFacts } from '../release/compatibility.ts';
import type { Plan, PlannedStep, StepActivity } from '../release/plan.ts';

/** How the targets stand when a step fails: what was changed, what is held, and whether users could write since. */
export type Standpoint = { targets: TargetFacts[]; held: string[]; heldSinceSavepoint: boolean };

const changing: readonly StepActivity[] = ['migrate', 'seed', 'deploy', 'invalidate'];

/** Does this step change its target? Then its failure leaves the target changed, as far as anybody knows. */
export function isChange({ activity }: { activity: StepActivity | 'watch' }): boolean {
  return changing.some((each) => each === activity);
}

/** `past`: the steps up to and with the one that fails. */
export function standpointAt(plan: Plan, past: readonly PlannedStep[]): Standpoint {
  const targets = plan.targets.map(
    ({ name, traits, compatibility, scope }): TargetFacts => ({
      name,
      stores: traits.stores,
      ...(traits.cache === true ? { cache: true } : {}),
      compatibility,
      scope,
      changed: past.some((step) => step.target === name && isChange(step)),
      standing: null,
    }),
  );
  const databases = targets.filter(({ stores, changed }) => stores && changed);
  const heldSinceSavepoint = databases.length > 0 && databases.every(({ name }) => isShut(name, past));
  return { targets, held: heldAt(past), heldSinceSavepoint };
}

/** Held, and nobody has begun to let users in since. */
function isShut(name: string, past: readonly PlannedStep[]): boolean {
  const own = past.filter(({ target, activity }) => target === name && (activity === 'hold' || activity === 'resume'));
  return own.at(-1)?.activity === 'hold';
}

/** A hold counts from its beginning, and until what ends it has ended well. */
function heldAt(past: readonly PlannedStep[]): string[] {
  const held = new Set<string>();
  for (const [index, { target, activity }] of past.entries()) {
    if (target === null) continue;
    if (activity === 'hold') held.add(target);
    const ended = index < past.length - 1;
    if (ended && (activity === 'resume' || activity === 'deploy')) held.delete(target);
  }
  return [...held];
}
