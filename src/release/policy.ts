import { incompatiblePairs, isChanged, type TargetFacts } from './compatibility.ts';
import type { StepActivity } from './plan.ts';

/** `code`: procedure A · `database`: B · `full`: C. */
export type Procedure = 'code' | 'database' | 'full';

/**
 * - `failed`: the step was tried and did not succeed, a critical check said FAIL, a limit of the first band was passed
 * - `consult`: a non-critical check said FAIL, or a limit for asking was passed
 * - `unknown`: it could not be measured, or nobody can tell whether the effect happened
 */
export type Cause = 'failed' | 'consult' | 'unknown';

export type TroubledStep = { activity: StepActivity | 'watch'; target: string | null };

/** Everything that decides what a failure restores. `targets` are in plan order. */
export type Situation = {
  step: TroubledStep;
  cause: Cause;
  targets: readonly TargetFacts[];
  /** Writers have been held since before the savepoint of the database, so a restore loses nothing. */
  heldSinceSavepoint: boolean;
  /** Rows that a restore of the databases would lose; null where nobody measured. */
  loss: number | null;
};

/** `restore-code`, `restore-database` and `restore-full` run that procedure. */
export type ChoiceId = 'restore-code' | 'restore-database' | 'restore-full' | 'retry' | 'stay';

/** `silence`: what happens when nobody answers, null: it waits and pages. Nothing is ever restored with loss by silence. */
export type Decision =
  | { do: 'stop'; because: string }
  | { do: 'restore'; procedure: Procedure; targets: string[]; because: string }
  | { do: 'prove-unchanged'; targets: string[]; because: string }
  | { do: 'ask'; choices: ChoiceId[]; silence: 'stay' | null; because: string };

const forgivable: readonly TroubledStep['activity'][] = ['monitoring'];
/** After these nothing can go on by itself: silence leaves everything as it is, and people are paged until one answers. */
const halfWay: readonly TroubledStep['activity'][] = ['migrate', 'verify', 'seed', 'deploy'];
const aboutDatabase: readonly TroubledStep['activity'][] = ['migrate', 'verify', 'seed'];

/** The table "What a failure restores, by default" of docs/rollback.md. Pure; every row has a test. */
export function decide(situation: Situation): Decision {
  const { step, cause, targets } = situation;
  if (!targets.some((target) => target.changed)) {
    return { do: 'stop', because: 'nothing was changed yet' };
  }
  const failedTarget = targets.find((target) => target.name === step.target);
  if (failedTarget?.stores && aboutDatabase.includes(step.activity)) {
    return decideForDatabase(situation, failedTarget);
  }
  if (cause === 'unknown') return ask(situation, 'it could not be measured or nobody can tell what happened');
  if (cause === 'consult' || forgivable.includes(step.activity)) {
    return ask(situation, 'this finding asks a person instead of acting by itself');
  }
  return decideForCode(situation, failedTarget);
}

function decideForDatabase(situation: Situation, database: TargetFacts): Decision {
  const code = changedCode(situation.targets);
  if (database.standing === 'equal') {
    if (code.length > 0) return restore('code', code, `${database.name} equals its savepoint; the code goes back`);
    return { do: 'prove-unchanged', targets: [database.name], because: `${database.name} equals its savepoint` };
  }
  if (situation.heldSinceSavepoint || situation.loss === 0) {
    const because = situation.heldSinceSavepoint
      ? 'writers have been held since before the savepoint, so nothing can be lost'
      : 'the loss was measured and is zero';
    return restore(code.length > 0 ? 'full' : 'database', [...code, database.name], because);
  }
  return ask(situation, 'restoring the database may lose rows that were written since the savepoint');
}

function decideForCode(situation: Situation, failed: TargetFacts | undefined): Decision {
  const { targets } = situation;
  const code = failed?.scope === 'self' && !failed.stores && failed.changed ? [failed.name] : changedCode(targets);
  if (incompatiblePairs(targets, code).length === 0) {
    if (code.length > 0) return restore('code', code, 'the previous code runs on the schema as it is');
    return ask(situation, 'no code was changed, and the database is not taken back without a reason');
  }
  const databases = changedDatabases(targets);
  if (situation.loss === 0 || situation.heldSinceSavepoint) {
    return restore('full', [...changedCode(targets), ...databases], 'the migration is breaking and nothing is lost');
  }
  return ask(situation, 'the migration is breaking, and restoring the database may lose rows');
}

function ask(situation: Situation, because: string): Decision {
  const choices = safeChoices(situation);
  const waits = halfWay.includes(situation.step.activity);
  return { do: 'ask', choices, silence: choices.includes('stay') && !waits ? 'stay' : null, because };
}

/** Only what is safe now is offered: no choice leaves a pair running that the plan does not declare compatible. */
export function safeChoices(situation: Situation): ChoiceId[] {
  const { targets, step } = situation;
  const code = changedCode(targets);
  const databases = changedDatabases(targets);
  const safe = (restored: string[]): boolean => incompatiblePairs(targets, restored).length === 0;
  const choices: ChoiceId[] = [];
  if (code.length > 0 && safe(code)) choices.push('restore-code');
  if (databases.length > 0 && code.length === 0) choices.push('restore-database');
  if (databases.length > 0 && code.length > 0) choices.push('restore-full');
  if (!(step.activity === 'migrate' && databases.length > 0)) choices.push('retry');
  if (mayStay(situation)) choices.push('stay');
  return choices;
}

/**
 * Staying leaves everything as it is now. A database that was left half way is only safe under `backward`; a code
 * target whose change failed may run either version, so both must be safe.
 */
function mayStay({ targets, step }: Situation): boolean {
  if (incompatiblePairs(targets, []).length > 0) return false;
  const failed = targets.find((target) => target.name === step.target);
  if (failed === undefined) return true;
  if (!failed.stores) return incompatiblePairs(targets, [failed.name]).length === 0;
  if (!aboutDatabase.includes(step.activity)) return true;
  return failed.standing === 'equal' || failed.compatibility?.backward === true;
}

/** What a procedure brings back, in the order in which it does: code newest first, then databases. */
export function targetsOf(procedure: Procedure, targets: readonly TargetFacts[]): string[] {
  const code = procedure === 'database' ? [] : changedCode(targets);
  return procedure === 'code' ? code : [...code, ...changedDatabases(targets)];
}

/** Code targets that this release changed, newest change first. */
export function changedCode(targets: readonly TargetFacts[]): string[] {
  return targets.filter((target) => target.changed && !target.stores).map((target) => target.name).reverse();
}

function changedDatabases(targets: readonly TargetFacts[]): string[] {
  return targets.filter((target) => target.stores && isChanged(target)).map((target) => target.name).reverse();
}

function restore(procedure: Procedure, targets: string[], because: string): Decision {
  return { do: 'restore', procedure, targets, because };
}
