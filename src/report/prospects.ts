import type { FailureRule, Plan, PlannedStep } from '../release/plan.ts';
import { type ChoiceId, type Decision, decide, restoredBy, safeChoices } from '../release/policy.ts';
import { silenceAfter } from '../release/silence.ts';
import { type Case, type Conditions, casesOf, type Tried } from './cases.ts';
import type { Ways } from './ways.ts';

/** One answer that is offered. `way`: id of the way back that it goes, null where nothing is restored. */
export type ChoiceOutlook = { id: string; restores: string[]; way: number | null };

/**
 * What a failure means, before anything has failed: `when` it fails in this way, `leadsTo` what then happens.
 * `triedAgain`: the plan's retries come first. `way`: the way back that is gone without asking. `choices` and
 * `silence` belong to a question; silence null: it waits, and people are told again.
 */
export type Prospect = {
  when: string;
  /** The state of things without how it failed; null: whatever it is. */
  state: string | null;
  /** How it failed: the severest that leads here. */
  cause: string;
  leadsTo: string;
  decision: Decision;
  triedAgain: boolean;
  way: number | null;
  choices: ChoiceOutlook[];
  silence: string | null;
};

type Outcome = Pick<Prospect, 'leadsTo' | 'decision' | 'triedAgain' | 'way' | 'choices' | 'silence'>;

/** Everything that a failed step can lead to; states that lead to the same are one. */
export function prospectsOf(
  plan: Plan,
  { step, past, ways }: { step: Tried; past: readonly PlannedStep[]; ways: Ways },
): Prospect[] {
  const rows = casesOf(plan, step, past).map((each) => ({
    conditions: listed(each.conditions),
    outcome: outcomeOf(plan, { step, each, ways }),
  }));
  return together(mergedRows(rows));
}

function outcomeOf(plan: Plan, { step, each, ways }: { step: Tried; each: Case; ways: Ways }): Outcome {
  const { situation, standpoint } = each;
  const decision = decide(situation);
  const rule = askRuleOf(step);
  const offered = safeChoices(situation);
  const asks = decision.do === 'ask' || (rule !== null && decision.do !== 'stop');
  const silence = asks ? silenceAfter(decision, rule, offered) : null;
  const back = decision.do === 'restore' ? (ways.to(decision.targets, standpoint)?.id ?? null) : null;
  const choices = !asks ? [] : choicesOf(plan, { step, decision, offered, back }, (id) => wayOf(id, each, ways));
  return {
    leadsTo: asks ? asking(choices, silence) : thenText(decision),
    decision,
    triedAgain: retryRuleOf(step) !== null && offered.includes('retry'),
    way: asks ? null : back,
    choices,
    silence,
  };
}

function wayOf(id: ChoiceId, { situation, standpoint }: Case, ways: Ways): ChoiceOutlook {
  const restores = restoredBy(id, situation.targets);
  return { id, restores, way: ways.to(restores, standpoint)?.id ?? null };
}

type Offering = { step: Tried; decision: Decision; offered: readonly ChoiceId[]; back: number | null };

/** What a question offers: the rules' own way where a plan asks before it, what is safe, and a hand-made change. */
function choicesOf(
  plan: Plan,
  { step, decision, offered, back }: Offering,
  choiceOf: (id: ChoiceId) => ChoiceOutlook,
): ChoiceOutlook[] {
  const own = decision.do === 'restore' ? decision.targets : [];
  const first = decision.do === 'ask' ? [] : [{ id: 'go-back', restores: own, way: back }];
  const confirms = plan.targets.find(({ name }) => name === step.target)?.traits.confirms === true;
  const byHand = step.change != null && confirms ? [{ id: 'done-by-hand', restores: [], way: null }] : [];
  return [...first, ...offered.map(choiceOf), ...byHand];
}

export function askRuleOf(step: Pick<Tried, 'onFailure'>): Extract<FailureRule, { do: 'ask' }> | null {
  return step.onFailure?.find((rule) => rule.do === 'ask') ?? null;
}

export function retryRuleOf(step: Pick<Tried, 'onFailure'>): Extract<FailureRule, { do: 'retry' }> | null {
  return step.onFailure?.find((rule) => rule.do === 'retry') ?? null;
}

function asking(choices: readonly ChoiceOutlook[], silence: string | null): string {
  const words = silence === null ? 'people are paged' : silence;
  return `asks: ${choices.map(({ id }) => id).join(', ')} (silence: ${words})`;
}

function thenText(decision: Decision): string {
  switch (decision.do) {
    case 'stop':
      return 'stops; nothing was changed';
    case 'restore': {
      const bound = decision.bound === undefined ? '' : `, at most ${decision.bound} rows are lost`;
      return `restores ${decision.targets.join(', ')} (${decision.procedure}${bound})`;
    }
    case 'prove-unchanged':
      return `restores nothing; ${decision.targets.join(', ')} is proved unchanged`;
    case 'ask':
      return asking([], decision.silence);
  }
}

/** Conditions in the order in which they are said; several of one kind are alternatives, null: all of them. */
const kinds = ['cause', 'standing', 'loss', 'age'] as const;
type Listed = Record<keyof Conditions, string[] | null>;
type Row = { conditions: Listed; outcome: Outcome };

function listed({ cause, standing, loss, age }: Conditions): Listed {
  const one = (words: string | null): string[] | null => (words === null ? null : [words]);
  return { cause: [cause], standing: one(standing), loss: one(loss), age: one(age) };
}

/** Rows that differ in one condition only and lead to the same become one, the finest condition first. */
function mergedRows(rows: readonly Row[]): Row[] {
  let merged = [...rows];
  for (const kind of kinds.toReversed()) {
    const kept: Row[] = [];
    for (const row of merged) {
      const same = kept.find((each) => isSame(each, row, kind));
      if (same === undefined) kept.push({ ...row, conditions: { ...row.conditions } });
      else same.conditions[kind] = [...new Set([...(same.conditions[kind] ?? []), ...(row.conditions[kind] ?? [])])];
    }
    for (const row of kept) if (kind !== 'cause' && isAll(row, rows, kind)) row.conditions[kind] = null;
    merged = kept;
  }
  return merged;
}

function isSame(one: Row, other: Row, except: keyof Conditions): boolean {
  const rest = (row: Row): string =>
    JSON.stringify([kinds.map((kind) => (kind === except ? row.conditions[kind] === null : row.conditions[kind]))]);
  return rest(one) === rest(other) && outcomeKey(one.outcome) === outcomeKey(other.outcome);
}

function outcomeKey({ decision: _decision, ...told }: Outcome): string {
  return JSON.stringify(told);
}

/** Does it name every alternative that there is where all coarser conditions are the same? */
function isAll(row: Row, rows: readonly Row[], kind: keyof Conditions): boolean {
  const coarser = kinds.slice(0, kinds.indexOf(kind));
  const alternatives = rows
    .filter((each) => coarser.every((one) => within(each.conditions[one], row.conditions[one])))
    .flatMap((each) => each.conditions[kind] ?? []);
  return alternatives.length > 0 && alternatives.every((each) => row.conditions[kind]?.includes(each));
}

function within(some: string[] | null, all: string[] | null): boolean {
  return all === null || (some ?? []).every((each) => all.includes(each));
}

/** What still leads to the same is one line with several states. */
function together(rows: readonly Row[]): Prospect[] {
  const kept: Prospect[] = [];
  for (const { conditions, outcome } of rows) {
    const { cause, ...others } = conditions;
    const parts = Object.values(others).flatMap((words) => (words === null ? [] : [either(words)]));
    const state = parts.length === 0 ? null : parts.join(' and ');
    const when = [(cause ?? []).join(' or '), ...parts].join(' and ');
    const same = kept.find((each) => outcomeKey(withoutState(each)) === outcomeKey(outcome));
    if (same === undefined) kept.push({ when, state, cause: cause?.[0] ?? '', ...outcome });
    else same.when = `${same.when}; or ${when}`;
  }
  return kept;
}

/** `database differs from its savepoint or cannot be compared`: what all begin with is said once. */
function either(words: readonly string[]): string {
  const subject = `${words[0]?.split(' ')[0]} `;
  const isShared = words.every((each) => each.startsWith(subject));
  return words.map((each, index) => (isShared && index > 0 ? each.slice(subject.length) : each)).join(' or ');
}

function withoutState({ when: _when, state: _state, cause: _cause, ...outcome }: Prospect): Outcome {
  return outcome;
}
