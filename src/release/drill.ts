import type { Plan, PlannedStep, PlannedWatch } from './plan.ts';
import { referencesIn } from './references.ts';
import type { Judgement } from './verdict.ts';

/** How a verb of a target is made to fail: before its effect, after it, or with its answer lost after the effect. */
export type Fault = 'before' | 'after' | 'lost';

export type DrillWay = Fault | 'watch';

export const drillWays: readonly DrillWay[] = ['before', 'after', 'lost', 'watch'];

/** One failure that a drill plants. `at`: id of a step that changes a target, or `watch`; then `how` is `watch`. */
export type DrillCase = { at: string; how: DrillWay; point: number };

/** What a release knows of the drill that started it. `id`: the drill's workflow run. */
export type Drill = { id: string; at: string; how: DrillWay };

/** Every message of a failure that a drill planted begins so; nothing else does. */
export const drillPrefix = 'drill: ';

const words: Record<DrillWay, string> = {
  before: 'before its effect',
  after: 'after its effect',
  lost: 'with its answer lost after the effect',
  watch: 'a bad verdict at its first point',
};

/** `deploy backend, before its effect` */
export function caseInWords({ at, how }: Pick<DrillCase, 'at' | 'how'>): string {
  return `${at}, ${words[how]}`;
}

/** Steps at which a failure can be planted: those that change a target. */
export function drillableSteps(plan: Plan): PlannedStep[] {
  return plan.steps.filter(({ change, target }) => change !== null && target !== null);
}

/** Everything that a complete drill tries: the first change of each rollback point in each way, and the watch. */
export function drillCases(plan: Plan): DrillCase[] {
  const steps = drillableSteps(plan);
  const firsts = steps.filter((step, index) => steps.findIndex(({ point }) => point === step.point) === index);
  const cases = firsts.flatMap(({ id, point }) => casesAt(id, point));
  return [...cases, ...watchCase(plan)];
}

/** Some of what a drill can try. `at`: any step that changes a target, or `watch`; left out: as in a complete drill. */
export function chosenCases(
  plan: Plan,
  { at, how }: { at?: string | undefined; how?: DrillWay | undefined },
): DrillCase[] {
  const step = drillableSteps(plan).find(({ id }) => id === at);
  const all =
    at === undefined ? drillCases(plan) : at === 'watch' ? watchCase(plan) : step ? casesAt(step.id, step.point) : [];
  return all.filter((each) => how === undefined || each.how === how);
}

function casesAt(at: string, point: number): DrillCase[] {
  return (['before', 'after', 'lost'] as const).map((how) => ({ at, how, point }));
}

function watchCase(plan: Plan): DrillCase[] {
  if (plan.watch === null || plan.targets.length === 0) return [];
  return [{ at: 'watch', how: 'watch', point: Math.max(0, ...plan.steps.map(({ point }) => point)) }];
}

/** A drill asks nobody and waits for nothing that only protects users of a real release. */
export const longestDrillWatchMs = 3000;

/**
 * The plan as a drill runs it: no gate, no window, no rehearsal of what is done for real a moment later, no second tries
 * of a failed step, a watch of one short point and no review. Targets, steps, checks, and the rules of the way back are the user's own.
 */
export function drilledPlan(plan: Plan): Plan {
  const { drillWithinMs: _, ...rest } = plan;
  return {
    ...rest,
    gate: null,
    window: null,
    steps: plan.steps.filter(({ activity }) => activity !== 'rehearse').map(({ onFailure: _tries, ...step }) => step),
    watch: plan.watch === null ? null : shortWatch(plan.watch),
  };
}

function shortWatch(watch: PlannedWatch): PlannedWatch {
  const { baselineMs: _baseline, checklists: _checklists, ...rest } = watch;
  const everyMs = Math.min(longestDrillWatchMs, ...watch.stretches.map((stretch) => stretch.everyMs));
  return { ...rest, stretches: [{ everyMs, forMs: everyMs }], reviewAfterMs: null };
}

/** The planted verdict of a drilled watch; people and certificates read `drill: …`. */
export const drillJudgement: Judgement = {
  criterion: 'drill',
  verdict: 'roll back',
  value: null,
  unit: '%',
  n: 0,
  limit: null,
  explanation: 'this watch is made to fail',
};

/** Environments that real users depend on, as far as a name tells. */
export function looksLikeProduction(environment: string): boolean {
  const words = environment.toLowerCase().split(/[^a-z0-9]+/);
  return words.some((word, index) => {
    return /^(prod|prd\d*$|live\d*$)/.test(word) && !['not', 'no', 'non', 'pre'].includes(words[index - 1] ?? '');
  });
}

/** Targets that are the same ones whichever environment is named: nothing of their configuration comes from a worker. */
export function fixedTargets(plan: Plan): string[] {
  return plan.targets.filter(({ spec }) => referencesIn(spec).length === 0).map(({ name }) => name);
}
