import { isChanged, type TargetFacts } from '../release/compatibility.ts';
import type { Plan, PlannedStep, StepActivity } from '../release/plan.ts';
import { type Cause, hangsOnLoss, type Situation } from '../release/policy.ts';
import { duration } from '../release/wording.ts';
import { type Standpoint, standpointAt } from './standpoint.ts';

/** A step, or the watch, as far as its failure is concerned. */
export type Tried = Pick<PlannedStep, 'target' | 'checks' | 'onFailure'> & {
  activity: StepActivity | 'watch';
  change?: string | null;
};

/** In which state a step fails, each in words for people; null where it makes no difference or is not looked at. */
export type Conditions = { cause: string; standing: string | null; loss: string | null; age: string | null };

/** One way to fail, with the situation that the rules of the way back will see. */
export type Case = { conditions: Conditions; situation: Situation; standpoint: Standpoint };

const aboutDatabase: readonly string[] = ['migrate', 'verify', 'seed'];
const hour = 60 * 60_000;

/** Every state in which a step can fail. `past`: the steps up to and with this one. */
export function casesOf(plan: Plan, step: Tried, past: readonly PlannedStep[]): Case[] {
  const standpoint = standpointAt(plan, past);
  return causesOf(step).flatMap((cause) =>
    standingsOf(plan, step, standpoint).flatMap(({ words: standing, targets }) => {
      const here = { ...standpoint, targets, heldSinceSavepoint: isHeld(standpoint, targets) };
      const situation = situationOf(plan, { step, cause, here });
      return agesOf(plan, step).flatMap(({ words: age, ...aged }) =>
        lossesOf(plan, { ...situation, ...aged }).map(({ words: loss, situation: seen }) => ({
          conditions: { cause: causeWords[cause], standing, loss, age },
          situation: seen,
          standpoint: here,
        })),
      );
    }),
  );
}

/** A database that equals its savepoint did not change, so it need not be held. */
function isHeld({ heldSinceSavepoint }: Standpoint, targets: readonly TargetFacts[]): boolean {
  return heldSinceSavepoint && targets.some((each) => each.stores && isChanged(each));
}

const causeWords: Record<Cause, string> = {
  failed: 'it fails',
  consult: 'it fails mildly',
  unknown: 'it cannot be measured',
};

/** Ways in which a step of this kind can fail. */
function causesOf(step: Tried): Cause[] {
  if (step.activity === 'watch' || step.activity === 'performance') return ['failed', 'consult', 'unknown'];
  if (step.checks.length === 0) return ['failed'];
  const causes: Cause[] = [];
  if (step.checks.some((check) => check.critical)) causes.push('failed');
  if (step.checks.some((check) => !check.critical)) causes.push('consult');
  return [...causes, 'unknown'];
}

type Standing = { words: string | null; targets: TargetFacts[] };

/** A database whose own step failed is compared with its savepoint. */
function standingsOf(plan: Plan, step: Tried, { targets }: Standpoint): Standing[] {
  const failed = plan.targets.find(({ name }) => name === step.target);
  const changed = targets.some(({ name, changed: begun }) => name === step.target && begun);
  if (!failed?.traits.stores || !changed || !aboutDatabase.includes(step.activity)) return [{ words: null, targets }];
  const words = {
    equal: `${failed.name} equals its savepoint`,
    differs: `${failed.name} differs from its savepoint`,
    unknown: `${failed.name} cannot be compared`,
  };
  return (['equal', 'differs', 'unknown'] as const).map((standing) => ({
    words: words[standing],
    targets: targets.map((each) => (each.name === failed.name ? { ...each, standing } : each)),
  }));
}

function situationOf(plan: Plan, { step, cause, here }: { step: Tried; cause: Cause; here: Standpoint }): Situation {
  const { activity, target } = step;
  return {
    step: { activity, target },
    cause,
    targets: here.targets,
    heldSinceSavepoint: here.heldSinceSavepoint,
    loss: null,
    dataLoss: plan.rollback.dataLoss ?? 'ask',
    carries: changedDatabases(here.targets).every((name) => canMeasure(plan, name)),
  };
}

function changedDatabases(targets: readonly TargetFacts[]): string[] {
  return targets.filter((each) => each.stores && isChanged(each)).map(({ name }) => name);
}

function canMeasure(plan: Plan, name: string): boolean {
  return plan.targets.find((each) => each.name === name)?.traits.measures === true;
}

type Age = { words: string | null; sinceChangeMs?: number };

/** What a plan claims of its schema counts for an hour after the last change, unless somebody has tried it. */
function agesOf(plan: Plan, step: Tried): Age[] {
  const length = (plan.watch?.stretches ?? []).reduce((sum, { forMs }) => sum + forMs, 0);
  if (step.activity !== 'watch' || length <= hour) return [{ words: null }];
  return [
    { words: 'the last change was within an hour, or the previous code was seen on the new schema', sinceChangeMs: 0 },
    {
      words: 'the last change was earlier, and the previous code was never seen on the new schema',
      sinceChangeMs: length + hour,
    },
  ];
}

type Losing = { words: string | null; situation: Situation };

/** The loss is measured before anybody is asked where the decision hangs on it, and every database can tell it. */
function lossesOf(plan: Plan, situation: Situation): Losing[] {
  const { dataLoss, targets } = situation;
  if (!hangsOnLoss(situation)) return [{ words: null, situation }];
  const unknown = { words: 'the loss cannot be measured', situation };
  if (!changedDatabases(targets).every((name) => canMeasure(plan, name))) return [unknown];
  const none = { words: 'no row would be lost', situation: { ...situation, loss: 0 } };
  if (typeof dataLoss !== 'object' || dataLoss.rows === 0) {
    return [none, { words: 'rows would be lost', situation: { ...situation, loss: 1 } }, unknown];
  }
  const { rows, withinMs } = dataLoss;
  const soon = { ...situation, loss: rows, sinceSavepointMs: 0 };
  const later = { ...situation, loss: rows + 1, sinceSavepointMs: withinMs + 1 };
  return [
    none,
    { words: `at most ${rows} rows would be lost, within ${duration(withinMs)} of the savepoint`, situation: soon },
    { words: 'more rows would be lost, or later', situation: later },
    unknown,
  ];
}
