import { incompatiblePairs } from '../release/compatibility.ts';
import type { Plan, PlannedStep } from '../release/plan.ts';
import { targetsOf } from '../release/policy.ts';
import { isChange, type Standpoint, standpointAt } from './standpoint.ts';

/**
 * The point of no return of a step: from `at` on, undoing what it changed is no longer a matter of the rules alone.
 * `lose rows`: users may have written to a database that would have to go back with it, so a person decides unless no
 * row would be lost · `end`: until the release is over it goes back without losing a row; afterwards nothing goes back
 * by itself.
 */
export type NoReturn = { at: string; may: 'lose rows' | 'end' };

/** Null for a step that changes nothing. `index`: of the step in the plan. */
export function noReturnOf(plan: Plan, index: number): NoReturn | null {
  const step = plan.steps[index];
  if (step === undefined || !isChange(step)) return null;
  const later = plan.steps.slice(index).findIndex((_, ahead) => {
    return mayLose(step, standpointAt(plan, plan.steps.slice(0, index + ahead + 1)));
  });
  const at = plan.steps[index + later];
  if (later >= 0 && at !== undefined) return { at: at.id, may: 'lose rows' };
  return { at: plan.watch === null ? 'the end of the release' : 'the end of the watch', may: 'end' };
}

/** Would bringing the target of this step back take a database along that users may have written to? */
function mayLose(step: PlannedStep, { targets, heldSinceSavepoint }: Standpoint): boolean {
  if (heldSinceSavepoint) return false;
  const own = targets.find(({ name }) => name === step.target);
  if (own?.stores) return true;
  return incompatiblePairs(targets, targetsOf('code', targets)).length > 0;
}
