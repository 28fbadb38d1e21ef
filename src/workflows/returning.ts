import type { Bound, Carrying } from '../release/loss.ts';
import { type ChoiceId, type Decision, restoredBy, type Situation } from '../release/policy.ts';
import type { Outcome } from '../release/status.ts';
import { termsOf } from './choices.ts';
import type { Answered } from './questions.ts';

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
