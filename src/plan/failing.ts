import type { FailureRule, PlannedStep } from '../release/plan.ts';
import type { Path } from './problem.ts';
import type { WrittenFailureRule, WrittenFailures } from './schema/failure.schema.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import { targetsOf } from './written.ts';

/** Where the plan says what a failed step tries: the key under an `onFailure`. */
export type FailureKey = { path: Path; step: string; rules: WrittenFailureRule[] };

/** Every key under an `onFailure` of the plan. `target`: null for steps of no target. */
export function failureKeys(written: WrittenRelease): (FailureKey & { target: string | null })[] {
  const keysOf = (failures: WrittenFailures, base: Path, target: string | null) =>
    Object.entries(failures).flatMap(([step, rules]) =>
      rules === undefined ? [] : [{ path: [...base, 'onFailure', step], step, rules, target }],
    );
  return [
    ...targetsOf(written).flatMap(({ name, target }) => keysOf(target.onFailure, ['targets', name], name)),
    ...keysOf(written.onFailure, [], null),
  ];
}

/** The key of a step under `onFailure`: its activity, and `verifySeed` for the checks after the seed. */
export function keyOf({ id, activity }: Pick<PlannedStep, 'id' | 'activity'>): string {
  return activity === 'verify' && id.startsWith('verify seed of ') ? 'verifySeed' : activity;
}

/** The step with what its failure tries first, where the plan says something about it. */
export function withFailureRules(step: PlannedStep, written: WrittenRelease): PlannedStep {
  const found = failureKeys(written).find(({ step: key, target }) => key === keyOf(step) && target === step.target);
  return found === undefined ? step : { ...step, onFailure: found.rules.map(plannedRule) };
}

function plannedRule(rule: WrittenFailureRule): FailureRule {
  if ('retry' in rule) return { do: 'retry', times: rule.retry, everyMs: rule.every };
  const silence = rule.silence === 'rollback' ? 'roll-back' : (rule.silence ?? null);
  return { do: 'ask', deadlineMs: rule.ask, silence };
}
