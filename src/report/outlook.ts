import type { TargetFacts } from '../release/compatibility.ts';
import type { Plan, PlannedStep, StepActivity } from '../release/plan.ts';
import { type Cause, type Decision, decide } from '../release/policy.ts';

/** What a failure means, before anything has failed: `when` it fails in this way, `leadsTo` what then happens. */
export type Prospect = { when: string; leadsTo: string; decision: Decision };

/** A step of the runbook with everything that its failure can lead to; nothing listed means: nothing was changed. */
export type StepOutlook = {
  id: string;
  phase: PlannedStep['phase'] | 'watch';
  target: string | null;
  prospects: Prospect[];
};

const changing: readonly StepActivity[] = ['migrate', 'seed', 'deploy', 'invalidate'];
const aboutDatabase: readonly StepActivity[] = ['migrate', 'verify', 'seed'];

/** Every step in order with what its failure restores: the rules that a release follows, for this plan. */
export function outlook(plan: Plan): StepOutlook[] {
  const steps = plan.steps.map((step, index) => ({
    id: step.id,
    phase: step.phase,
    target: step.target,
    prospects: prospectsOf(plan, step, plan.steps.slice(0, index + 1)),
  }));
  if (plan.watch === null) return steps;
  const watch = { activity: 'watch' as const, target: null, checks: plan.watch.checks, requests: [] } satisfies Tried;
  return [...steps, { id: 'watch', phase: 'watch', target: null, prospects: prospectsOf(plan, watch, plan.steps) }];
}

type Tried = Pick<PlannedStep, 'target' | 'checks' | 'requests'> & { activity: StepActivity | 'watch' };

/** `past`: the steps up to and with this one. */
function prospectsOf(plan: Plan, step: Tried, past: readonly PlannedStep[]): Prospect[] {
  const targets = factsAfter(plan, past);
  const heldSinceSavepoint = isHeld(plan, past, targets);
  const failed = plan.targets.find(({ name }) => name === step.target);
  const compared = failed?.traits.stores && aboutDatabase.some((each) => each === step.activity);
  const standings = compared ? (['equal', 'differs'] as const) : ([null] as const);
  const prospects: Prospect[] = [];
  for (const cause of causesOf(step)) {
    for (const standing of standings) {
      const facts = targets.map((each) => (each.name === step.target && each.changed ? { ...each, standing } : each));
      const situation = { step, cause, targets: facts, heldSinceSavepoint, loss: null };
      const decision = decide(situation);
      prospects.push({ when: whenText(cause, standing, failed?.name ?? null), leadsTo: thenText(decision), decision });
    }
  }
  return withoutRepetition(prospects);
}

function factsAfter(plan: Plan, past: readonly PlannedStep[]): TargetFacts[] {
  return plan.targets.map(({ name, traits, compatibility, scope }) => ({
    name,
    stores: traits.stores,
    compatibility,
    scope,
    changed: past.some((step) => step.target === name && changing.includes(step.activity)),
    standing: null,
  }));
}

/** Held before the savepoint was taken and not let go since, for every database that was changed. */
function isHeld(plan: Plan, past: readonly PlannedStep[], targets: readonly TargetFacts[]): boolean {
  const databases = plan.targets.filter(
    ({ name, traits }) => traits.stores && targets.some((each) => each.name === name && each.changed),
  );
  const isOpen = (name: string): boolean => {
    const last = past.findLast(
      (step) => step.target === name && (step.activity === 'hold' || step.activity === 'resume'),
    );
    return last?.activity !== 'hold';
  };
  return databases.length > 0 && databases.every(({ name }) => !isOpen(name));
}

/** Ways in which a step of this kind can fail. */
function causesOf(step: Tried): Cause[] {
  if (step.activity === 'watch' || step.activity === 'performance') return ['failed', 'consult', 'unknown'];
  if (step.checks.length === 0) return ['failed'];
  const causes: Cause[] = [];
  if (step.checks.some((check) => check.critical)) causes.push('failed');
  if (step.checks.some((check) => !check.critical)) causes.push('consult');
  return [...causes, 'unknown'];
}

function whenText(cause: Cause, standing: 'equal' | 'differs' | null, target: string | null): string {
  const causes: Record<Cause, string> = {
    failed: 'it fails',
    consult: 'it fails mildly',
    unknown: 'it cannot be measured',
  };
  if (standing === null) return causes[cause];
  return `${causes[cause]} and ${target} ${standing === 'equal' ? 'equals its savepoint' : 'differs from its savepoint'}`;
}

function thenText(decision: Decision): string {
  switch (decision.do) {
    case 'stop':
      return 'stops; nothing was changed';
    case 'restore':
      return `restores ${decision.targets.join(', ')} (${decision.procedure})`;
    case 'prove-unchanged':
      return `restores nothing; ${decision.targets.join(', ')} is proved unchanged`;
    case 'ask': {
      const silence = decision.silence === 'stay' ? 'silence: stay' : 'silence: people are paged';
      return `asks: ${decision.choices.join(', ')} (${silence})`;
    }
  }
}

/** Causes that lead to the same are one line. */
function withoutRepetition(prospects: readonly Prospect[]): Prospect[] {
  const kept: Prospect[] = [];
  for (const prospect of prospects) {
    const same = kept.find((each) => each.leadsTo === prospect.leadsTo);
    if (same === undefined) kept.push({ ...prospect });
    else same.when = `${same.when}; or ${prospect.when}`;
  }
  return kept;
}
