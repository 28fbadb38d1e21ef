import type { ChoiceId, Decision, Situation } from '../../src/release/policy.ts';
import { type Back, type CallFailed, type Engine, factsOf, GoBack, say, type Troubled } from './engine.ts';
import { breach } from './world.ts';

const databaseSteps: readonly string[] = ['migrate', 'verify', 'seed'];
const goesOnAfterStay: readonly string[] = ['logs', 'smoke', 'performance', 'monitoring', 'watch', 'invalidate'];

/** What the engine finds out before it decides; a comparison may fail, a measured loss is exact for its instant. */
export function situationOf(engine: Engine, step: Troubled, cause: Situation['cause']): Situation {
  const { plan, world } = engine;
  const facts = factsOf(engine);
  const failed = facts.find(({ name }) => name === step.target);
  if (failed?.stores && failed.changed && databaseSteps.includes(step.activity)) {
    failed.standing = !engine.luck.sees() ? 'unknown' : world.age.get(failed.name) === 'old' ? 'equal' : 'differs';
    if (failed.standing === 'equal') engine.untouched.add(failed.name);
    else engine.untouched.delete(failed.name);
  }
  const { dataLoss } = plan.rollback;
  const data = changedData(engine);
  const measures = data.every((name) => plan.targets.some((each) => each.name === name && each.traits.measures));
  const situation: Situation = {
    step,
    cause,
    targets: facts,
    heldSinceSavepoint: isHeldSinceSavepoint(engine),
    loss: null,
    carries: measures && data.length > 0,
    proved: engine.proved,
    sinceSavepointMs: 30_000,
    ...(dataLoss === undefined ? {} : { dataLoss }),
    ...(step.activity === 'watch' ? { sinceChangeMs: engine.sinceChangeMs } : {}),
  };
  if (!measures || !engine.rules.hangsOnLoss(situation)) return situation;
  return { ...situation, loss: rowsAtStake(engine, data) };
}

function changedData(engine: Engine): string[] {
  const stores = (name: string): boolean =>
    engine.plan.targets.some((each) => each.name === name && each.traits.stores);
  return engine.changed.filter((name) => stores(name) && !engine.untouched.has(name));
}

export function isHeldSinceSavepoint(engine: Engine): boolean {
  const data = changedData(engine);
  return data.length > 0 && data.every((name) => engine.held.includes(name) && !engine.writtenTo.includes(name));
}

export function rowsAtStake({ world }: Engine, data: readonly string[]): number {
  return data.reduce((sum, name) => sum + (world.written.get(name) ?? 0), 0);
}

/** Returns what a person chose to go on with, or leaves the forward steps. */
export function settle(engine: Engine, step: Troubled, failure: CallFailed): 'retry' | 'stay' {
  const situation = situationOf(engine, step, failure.why);
  const decision = engine.rules.decide(situation);
  say(engine, `${step.activity} ${step.target ?? ''} ${failure.why}: ${decision.do}, ${decision.because}`);
  if (decision.do !== 'ask') throw new GoBack(backOf(decision, situation));
  const chosen = askPeople(engine, decision.choices, decision.silence);
  if (chosen === 'retry') return 'retry';
  if (chosen !== 'stay') throw new GoBack(restoreBy(engine, chosen, situation));
  const ofCode = situation.targets.some(({ name, stores }) => name === step.target && !stores);
  if (step.activity === 'verify' && (failure.why !== 'failed' || ofCode)) return 'stay';
  if (goesOnAfterStay.includes(step.activity)) return 'stay';
  throw new GoBack({ do: 'stay', targets: [], upTo: 0, carry: false });
}

export function backOf(decision: Exclude<Decision, { do: 'ask' }>, situation: Situation): Back {
  const none = { upTo: 0, carry: false };
  if (decision.do === 'stop') return { do: 'stop', targets: [], ...none };
  if (decision.do === 'prove-unchanged') return { do: 'unchanged', targets: [], ...none };
  return { do: 'restore', targets: decision.targets, upTo: decision.bound ?? 0, carry: false, situation };
}

/** One of the offered choices, or the one of silence. A choice that loses rows is a person's consent to all of them. */
export function askPeople(engine: Engine, choices: readonly ChoiceId[], silence: 'stay' | null): ChoiceId {
  if (choices.length === 0) breach(engine.world, 'people are asked, and nothing is offered');
  const offered = silence === null ? choices : [...choices, 'silence' as const];
  const answer = offered[engine.luck.answer(offered.length)] ?? 'stay';
  const chosen = answer === 'silence' ? (silence ?? 'stay') : answer;
  say(engine, `people: ${answer} of ${offered.join(', ')}`);
  if (chosen !== 'retry') engine.decided.push(answer);
  const loses = chosen === 'restore-database' || chosen === 'restore-full' || chosen === 'export-and-restore';
  engine.world.consent = answer !== 'silence' && loses ? Number.POSITIVE_INFINITY : 0;
  return chosen;
}

export function restoreBy(engine: Engine, chosen: ChoiceId, situation: Situation): Back {
  const carry = chosen === 'carry-over-and-restore';
  const targets = engine.rules.restoredBy(chosen, situation.targets);
  return { do: 'restore', targets, upTo: carry ? 0 : Number.POSITIVE_INFINITY, carry, situation };
}
