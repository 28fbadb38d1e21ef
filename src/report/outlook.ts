import type { Plan, PlannedStep } from '../release/plan.ts';
import type { Tried } from './cases.ts';
import type { Expectations, Expected } from './history.ts';
import { type NoReturn, noReturnOf } from './no-return.ts';
import { askRuleOf, type Prospect, prospectsOf, retryRuleOf } from './prospects.ts';
import { type Way, Ways } from './ways.ts';

/**
 * A step of the runbook with everything that its failure can lead to; nothing listed means: nothing was changed.
 * `retry`, `ask`: what the plan lets a failure try first; milliseconds. `noReturn`: of a step that changes something.
 */
export type StepOutlook = {
  id: string;
  phase: PlannedStep['phase'] | 'watch';
  target: string | null;
  point: number;
  retry: { times: number; everyMs: number } | null;
  ask: { deadlineMs: number } | null;
  prospects: Prospect[];
  noReturn: NoReturn | null;
};

/** How long bringing back one target took so far; null: it was never done. */
export type RestoreOutlook = { target: string; expected: Expected | null };

/**
 * The table of a plan: every step in order with what its failure restores by the rules that a release follows, the
 * ways back that these name, how long restores took, and the first step after which going back may lose rows.
 */
export type Outlook = {
  steps: StepOutlook[];
  ways: Way[];
  restores: RestoreOutlook[];
  noReturn: (NoReturn & { of: string }) | null;
};

/** `expectations`: from past releases, for the times. */
export function outlook(plan: Plan, expectations: Expectations = {}): Outlook {
  const ways = new Ways(plan, expectations);
  const steps = plan.steps.map((step, index): StepOutlook => {
    const past = plan.steps.slice(0, index + 1);
    const { id, phase, target, point } = step;
    const noReturn = noReturnOf(plan, index);
    return { id, phase, target, point, ...tries(step), prospects: prospectsOf(plan, { step, past, ways }), noReturn };
  });
  const all = plan.watch === null ? steps : [...steps, watchOutlook(plan, ways)];
  const lossy = all.find(({ noReturn }) => noReturn?.may === 'lose rows');
  return {
    steps: all,
    ways: ways.all,
    restores: plan.targets.map(({ name }) => ({ target: name, expected: expectations[`restore ${name}`] ?? null })),
    noReturn: lossy?.noReturn ? { of: lossy.id, ...lossy.noReturn } : null,
  };
}

function watchOutlook(plan: Plan, ways: Ways): StepOutlook {
  const step: Tried = { activity: 'watch', target: null, checks: plan.watch?.checks ?? [] };
  const point = Math.max(0, ...plan.steps.map((each) => each.point));
  const prospects = prospectsOf(plan, { step, past: plan.steps, ways });
  return { id: 'watch', phase: 'watch', target: null, point, retry: null, ask: null, prospects, noReturn: null };
}

function tries(step: PlannedStep): Pick<StepOutlook, 'retry' | 'ask'> {
  const retry = retryRuleOf(step);
  const ask = askRuleOf(step);
  return {
    retry: retry === null ? null : { times: retry.times, everyMs: retry.everyMs },
    ask: ask === null ? null : { deadlineMs: ask.deadlineMs },
  };
}
