import {
  changedCode,
  changedDatabases,
  incompatiblePairs,
  isChanged,
  isCode,
  newestFirst,
  type TargetFacts,
} from './compatibility.ts';
import type { DataLossRule, StepActivity } from './plan.ts';

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
  /** Rows that a restore of the databases would undo; null where nobody measured or not everything could be compared. */
  loss: number | null;
  /** Left out: `ask`. */
  dataLoss?: DataLossRule;
  /** Age of the oldest savepoint of a changed database. */
  sinceSavepointMs?: number;
  /** Every changed database can carry rows over and write them as files. */
  carries?: boolean;
  /** How long ago the last change was; left out while the release still changes things. */
  sinceChangeMs?: number;
  /** A rehearsal or a drill has seen the previous code run on the new schema. */
  proved?: boolean;
};

/**
 * `restore-code`, `restore-database` and `restore-full` run that procedure. `carry-over-and-restore` and
 * `export-and-restore` bring back everything that changed, after saving the rows that users wrote since the savepoint.
 */
export type ChoiceId =
  | 'restore-code'
  | 'carry-over-and-restore'
  | 'export-and-restore'
  | 'restore-database'
  | 'restore-full'
  | 'retry'
  | 'stay';

/** `silence`: what happens when nobody answers, null: it waits and pages. Nothing is ever restored with loss by silence. */
export type Decision =
  | { do: 'stop'; because: string }
  /** `bound`: rows of users that it may undo, counted again with writers held before anything is exchanged; left out: none. */
  | { do: 'restore'; procedure: Procedure; targets: string[]; because: string; bound?: number }
  | { do: 'prove-unchanged'; targets: string[]; because: string }
  | { do: 'ask'; choices: ChoiceId[]; silence: 'stay' | null; because: string };

const forgivable: readonly TroubledStep['activity'][] = ['monitoring'];
const aboutDatabase: readonly TroubledStep['activity'][] = ['migrate', 'verify', 'seed'];
/** When one of these fails, its target may run the old version, the new one or something between. */
const changing: readonly TroubledStep['activity'][] = ['migrate', 'seed', 'deploy'];
/** After these nothing can go on by itself: silence leaves everything as it is, and people are paged until one answers. */
const halfWay: readonly TroubledStep['activity'][] = [...changing, 'verify'];

/** The table "What a failure restores" of docs/rollback.md. Pure; every row has a test. */
export function decide(situation: Situation): Decision {
  const { step, targets } = situation;
  if (!targets.some((target) => target.changed)) {
    return { do: 'stop', because: 'nothing was changed yet' };
  }
  const cause = causeKnownNow(situation);
  if (cause === 'unknown') return ask(situation, 'it could not be measured or nobody can tell what happened');
  if (cause === 'consult' || forgivable.includes(step.activity)) {
    return ask(situation, 'this finding asks a person instead of acting by itself');
  }
  return goBack(situation);
}

/** Nobody could tell whether a change happened, but its database equals its savepoint: it did not. */
function causeKnownNow(situation: Situation): Cause {
  const answered = situation.step.activity !== 'verify' && failedDatabase(situation)?.standing === 'equal';
  return situation.cause === 'unknown' && answered ? 'failed' : situation.cause;
}

/** The database whose migration, seed or verification failed, if the step is about one. */
function failedDatabase({ step, targets }: Situation): TargetFacts | undefined {
  if (!aboutDatabase.includes(step.activity)) return undefined;
  return targets.find((target) => target.stores && target.name === step.target);
}

/** Code goes back by itself on the plan's word alone for this long; later the plan's word must have been tried. */
const claimHoldsMs = 60 * 60_000;

/** Restores as little as leaves no incompatible pair; a database only where nothing is lost, else a person decides. */
function goBack(situation: Situation): Decision {
  const { targets } = situation;
  const least = leastToRestore(situation);
  const isEnough = incompatiblePairs(targets, least).length === 0;
  const wanted = withCaches(isEnough ? least : targetsOf('full', targets), targets);
  if (wanted.length === 0) return nothingToRestore(situation);
  const procedure = procedureOf(wanted, targets);
  if (procedure === 'code') {
    if (restsOnClaim(situation, wanted)) {
      return ask(situation, 'that the previous code runs on the new schema is claimed and was never tried');
    }
    const because = 'the previous code runs on the schema as it is';
    return { do: 'restore', procedure, targets: wanted, because };
  }
  const allowed = lossAllowed(situation);
  if (allowed !== null) return { do: 'restore', procedure, targets: wanted, ...allowed };
  if (isEnough) return ask(situation, 'restoring the database may lose rows that were written since the savepoint');
  return ask(situation, 'the migration is breaking, and restoring the database may lose rows');
}

/** Long after the change, code goes back onto a schema that changed only where somebody has seen it run there. */
function restsOnClaim({ targets, proved, sinceChangeMs }: Situation, wanted: readonly string[]): boolean {
  const schemaStays = targets.some((target) => target.stores && isChanged(target) && !wanted.includes(target.name));
  return schemaStays && proved !== true && (sinceChangeMs ?? 0) > claimHoldsMs;
}

/** Why databases may go back by themselves and how many rows that may undo; null where a person decides. */
function lossAllowed(situation: Situation): { because: string; bound?: number } | null {
  const { heldSinceSavepoint, loss, dataLoss = 'ask', sinceSavepointMs } = situation;
  if (heldSinceSavepoint) {
    return { because: 'writers have been held since before the savepoint, so nothing can be lost' };
  }
  if (loss === 0) return { because: 'the loss was measured and is zero' };
  if (typeof dataLoss === 'string' || loss === null || sinceSavepointMs === undefined) return null;
  if (loss > dataLoss.rows || sinceSavepointMs > dataLoss.withinMs) return null;
  return { because: `the plan allows to lose up to ${dataLoss.rows} rows this soon`, bound: dataLoss.rows };
}

/** Would it be decided differently if the loss were known to be nothing? Then it is worth measuring before anybody is asked. */
export function hangsOnLoss(situation: Situation): boolean {
  if (situation.loss !== null || decide(situation).do !== 'ask') return false;
  return decide({ ...situation, loss: 0 }).do === 'restore';
}

/** Code newest first, and the database that the failed step was about unless it equals its savepoint. */
function leastToRestore(situation: Situation): string[] {
  const { step, targets } = situation;
  const failed = targets.find((target) => target.name === step.target);
  if (failed?.scope === 'self' && !failed.stores && isChanged(failed)) return [failed.name];
  const database = failedDatabase(situation);
  const code = changedCode(targets);
  return database !== undefined && isChanged(database) ? [...code, database.name] : code;
}

function nothingToRestore(situation: Situation): Decision {
  const { targets } = situation;
  const clean = failedDatabase(situation) !== undefined || !targets.some(isChanged);
  if (!clean) return ask(situation, 'no code was changed, and the database is not taken back without a reason');
  const equal = targets.filter((target) => target.changed && !isChanged(target)).map((target) => target.name);
  return {
    do: 'prove-unchanged',
    targets: equal,
    because: `what was changed equals its savepoint: ${equal.join(', ')}`,
  };
}

function procedureOf(names: readonly string[], targets: readonly TargetFacts[]): Procedure {
  const wanted = targets.filter((target) => names.includes(target.name));
  if (!wanted.some(({ stores }) => stores)) return 'code';
  return wanted.some(isCode) ? 'full' : 'database';
}

/** Copies of what a full rollback replaces are worth nothing, so it empties every cache; other ways leave alone what the release did. */
function withCaches(names: string[], targets: readonly TargetFacts[]): string[] {
  if (procedureOf(names, targets) !== 'full') return names;
  return [...names, ...newestFirst(targets.filter(({ name, cache }) => cache === true && !names.includes(name)))];
}

function ask(situation: Situation, because: string): Decision {
  const choices = safeChoices(situation);
  const waits = halfWay.includes(situation.step.activity);
  return { do: 'ask', choices, silence: choices.includes('stay') && !waits ? 'stay' : null, because };
}

/** Only what is safe now is offered: no choice leaves a pair running that the plan does not declare compatible. */
export function safeChoices(situation: Situation): ChoiceId[] {
  const { targets } = situation;
  const code = changedCode(targets);
  const databases = changedDatabases(targets);
  const safe = (restored: string[]): boolean => incompatiblePairs(targets, restored).length === 0;
  const choices: ChoiceId[] = [];
  if (code.length > 0 && safe(code)) choices.push('restore-code');
  if (databases.length > 0) choices.push(...waysWithDatabase(situation, code.length > 0));
  if (mayRetry(situation)) choices.push('retry');
  if (mayStay(situation)) choices.push('stay');
  // Whatever the plan refuses, a question needs an answer: what is replaced is kept, so its rows can still be fetched.
  if (choices.length === 0 && databases.length > 0) choices.push(plainRestore(code.length > 0));
  return choices;
}

function plainRestore(withCode: boolean): ChoiceId {
  return withCode ? 'restore-full' : 'restore-database';
}

/** Where rows would be lost the ways that save them come first; a plan that refuses loss offers nothing that loses any. */
export function waysWithDatabase(situation: Situation, withCode: boolean): ChoiceId[] {
  const { heldSinceSavepoint, loss, dataLoss, carries } = situation;
  const plain = plainRestore(withCode);
  if (heldSinceSavepoint || loss === 0) return [plain];
  if (dataLoss === 'refuse') return carries ? ['carry-over-and-restore'] : [];
  return carries ? ['carry-over-and-restore', 'export-and-restore', plain] : [plain];
}

/** A migration is tried once: what is left of it is not run over a second time. */
function mayRetry({ step, targets }: Situation): boolean {
  const failed = targets.find((target) => target.name === step.target);
  return !(step.activity === 'migrate' && failed?.stores && isChanged(failed));
}

/**
 * Staying leaves everything as it is now. A target whose change failed may run either version, so both must be safe;
 * a database that no longer equals its savepoint stays only where the plan says `backward`.
 */
function mayStay(situation: Situation): boolean {
  const { targets, step } = situation;
  if (incompatiblePairs(targets, []).length > 0) return false;
  const failed = targets.find((target) => target.name === step.target);
  if (failed !== undefined && changing.includes(step.activity)) {
    if (incompatiblePairs(targets, [failed.name]).length > 0) return false;
  }
  const database = failedDatabase(situation);
  return database === undefined || !isChanged(database) || database.compatibility?.backward === true;
}

/** What a choice brings back; the choices that save rows first bring back everything that changed. */
export function restoredBy(choice: ChoiceId, targets: readonly TargetFacts[]): string[] {
  if (choice === 'retry' || choice === 'stay') return [];
  if (choice === 'restore-code') return targetsOf('code', targets);
  return targetsOf(choice === 'restore-database' ? 'database' : 'full', targets);
}

/** What a procedure brings back: code newest first, then databases, then the caches that only a full rollback empties. */
export function targetsOf(procedure: Procedure, targets: readonly TargetFacts[]): string[] {
  const code = procedure === 'database' ? [] : changedCode(targets);
  return procedure === 'code' ? code : withCaches([...code, ...changedDatabases(targets)], targets);
}
