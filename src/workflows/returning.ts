import { patched } from '@temporalio/workflow';
import type { FailureView } from '../release/failure.ts';
import { type Bound, boundOfLosses, type Carrying, countedRows } from '../release/loss.ts';
import { type ChoiceId, type Decision, restoredBy, type Situation } from '../release/policy.ts';
import type { Outcome, Question } from '../release/status.ts';
import type { Answered } from './questions.ts';
import type { Story } from './state.ts';

/**
 * How the forward steps end early. `stop`: nothing was changed · `unchanged`: what changed was proved equal to its
 * savepoint · `restore`: these targets go back · `stay`: a person leaves everything as it is.
 */
export type Return = {
  do: 'stop' | 'unchanged' | 'restore' | 'stay';
  targets: string[];
  because: string;
  /** Where the ending is no consequence of what was restored: a no-go, an abort. */
  outcome?: Outcome;
  /** What may be undone; left out: no row of a user. */
  terms?: Terms;
  /** What was decided on, so that it can be decided again when the loss turns out to be another. */
  situation?: Situation;
};

/** `save`: what becomes of rows first. `seen`: a person saw what could be compared and what could not. */
export type Terms = { bound: Bound; save: Carrying['into'] | null; seen: boolean };

/** Leaves the forward steps; caught by the story, never by Temporal. */
export class GoBack extends Error {
  readonly plan: Return;

  constructor(plan: Return) {
    super(plan.because);
    this.name = 'GoBack';
    this.plan = plan;
  }
}

export function returnOf(decision: Exclude<Decision, { do: 'ask' }>, situation: Situation): Return {
  const { because } = decision;
  if (decision.do === 'stop') return { do: 'stop', targets: [], because };
  if (decision.do === 'prove-unchanged') return { do: 'unchanged', targets: [], because };
  const terms: Terms = { bound: decision.bound ?? 0, save: null, seen: false };
  return { do: 'restore', targets: decision.targets, because, terms, situation };
}

/** The way back that a person chose, with what the answer allows to lose. */
export function chosenReturn(answered: Answered, situation: Situation): Return {
  const { by, reason, losses } = answered;
  const because = `${by} decided: ${reason ?? answered.choice}`;
  const targets = restoredBy(answered.choice as ChoiceId, situation.targets);
  return { do: 'restore', targets, because, terms: termsOf(answered, losses), situation };
}

/**
 * What an answer allows. Who names no number allows what the question showed; rows that do not fit the old schema are
 * only known once the others are carried over, so none are allowed unless somebody says so.
 */
export function termsOf(answered: Answered, losses: Question['losses']): Terms {
  const save = { 'carry-over-and-restore': 'copy', 'export-and-restore': 'files' } as const;
  const saving = answered.choice in save ? save[answered.choice as keyof typeof save] : null;
  return { bound: answered.upTo ?? (saving === 'copy' ? 0 : shown(losses)), save: saving, seen: losses !== undefined };
}

function shown(losses: Question['losses']): Bound {
  const bound = boundOfLosses((losses ?? []).map(({ loss }) => loss));
  if (typeof bound !== 'number' || patched('bound-in-all')) return bound;
  // Histories of before added up two tables of one name.
  const byTable: Record<string, number> = {};
  for (const { table, rows } of (losses ?? []).flatMap(({ loss }) => countedRows(loss))) {
    byTable[table] = (byTable[table] ?? 0) + rows;
  }
  return byTable;
}

/** Ends a release that changed nothing, and says why and what to do. */
export function refuse(story: Story, failure: FailureView): never {
  story.status.failure = failure;
  throw new GoBack({ do: 'stop', targets: [], because: failure.message });
}
