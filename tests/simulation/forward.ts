import type { PlannedStep } from '../../src/release/plan.ts';
import { ask, type Back, CallFailed, call, type Engine, GoBack, Halted, type Troubled } from './engine.ts';
import { askPeople, backOf, restoreBy, settle, situationOf } from './settle.ts';

/** The runbook, as the release workflow carries it out. Null when it went through. */
export function goForward(engine: Engine): Back | null {
  try {
    for (const step of engine.plan.steps) takeStep(engine, step);
    takeStep(engine, { ...watchStep, activity: 'watch' });
    return null;
  } catch (error) {
    if (error instanceof GoBack) return error.back;
    if (error instanceof Halted) return afterHalt(engine);
    throw error;
  }
}

type Taken = Pick<PlannedStep, 'id' | 'checks'> & Troubled;

const watchStep = { id: 'watch', target: null, checks: [] };

function takeStep(engine: Engine, step: Taken): void {
  for (let round = 1; ; round += 1) {
    try {
      run(engine, step, round);
      return;
    } catch (error) {
      if (error instanceof Halted) engine.cutOff = step;
      if (!(error instanceof CallFailed)) throw error;
      if (settle(engine, step, error) === 'stay') return;
    }
  }
}

function run(engine: Engine, step: Taken, round: number): void {
  const { held } = engine;
  const target = step.target ?? '';
  const key = `${step.id}#${round}`;
  if (step.activity === 'hold') {
    if (!held.includes(target)) held.push(target);
    call(engine, { verb: 'hold', target, key });
  } else if (step.activity === 'resume') {
    engine.writtenTo.push(target);
    call(engine, { verb: 'resume', target, key });
    held.splice(held.indexOf(target), 1);
  } else if (step.activity === 'snapshot') call(engine, { verb: 'save', target, key });
  else if (step.activity === 'migrate' || step.activity === 'seed' || step.activity === 'deploy') {
    change(engine, target, key);
  } else {
    const critical = step.checks.every((check) => check.critical);
    ask(engine, step.id, critical);
  }
}

function change(engine: Engine, target: string, key: string): void {
  const { changed, held, rules } = engine;
  const register = (): void => {
    if (!changed.includes(target)) changed.push(target);
  };
  if (rules.registersFirst) register();
  engine.untouched.delete(target);
  call(engine, { verb: 'change', target, key });
  register();
  const stores = engine.plan.targets.some(({ name, traits }) => name === target && traits.stores);
  if (!stores && held.includes(target)) held.splice(held.indexOf(target), 1);
}

/** What follows an abort, a cancel or a rollback: nothing where nothing was changed, else by the rules or by people. */
function afterHalt(engine: Engine): Back {
  const { stop, changed, rules } = engine;
  engine.decided.push(stop?.kind ?? 'halt');
  const ending = stop?.kind === 'rollback' ? {} : { outcome: 'aborted' as const };
  if (changed.length === 0) return { do: 'stop', targets: [], upTo: 0, carry: false, ...ending };
  const situation = situationOf(engine, haltedStep(engine), 'failed');
  const decision = rules.decide(situation);
  const goesBack = stop?.kind !== 'abort' || stop.goBack === true;
  if (goesBack && decision.do !== 'ask') return { ...backOf(decision, situation), ...ending };
  const offered = rules.safeChoices(situation).filter((id) => id !== 'retry');
  const stays: Back = { do: 'stay', targets: [], upTo: 0, carry: false, ...ending };
  if (stop?.goBack === false && offered.includes('stay')) return stays;
  if (decision.do !== 'ask' && engine.luck.answer(2) === 0) return { ...backOf(decision, situation), ...ending };
  const chosen = askPeople(engine, offered, null);
  return chosen === 'stay' ? stays : { ...restoreBy(engine, chosen, situation), ...ending };
}

const changing: readonly string[] = ['migrate', 'verify', 'seed', 'deploy', 'invalidate'];

function haltedStep({ cutOff, changed, plan }: Engine): Troubled {
  if (cutOff !== null && changing.includes(cutOff.activity)) return cutOff;
  const stores = (name: string): boolean => plan.targets.some((each) => each.name === name && each.traits.stores);
  if (!changed.every(stores)) return { activity: 'watch', target: null };
  return { activity: 'migrate', target: changed.filter(stores).at(-1) ?? null };
}
