import { isChanged } from '../../src/release/compatibility.ts';
import type { Restorable, Stage } from '../../src/release/procedure.ts';
import type { RestoredTarget } from '../../src/release/status.ts';
import { ask, type Back, CallFailed, call, type Engine, factsOf, say } from './engine.ts';
import { askPeople, isHeldSinceSavepoint, restoreBy, rowsAtStake } from './settle.ts';
import { breach, carryOver, harmIn, takeEffect } from './world.ts';

/** Thrown when a person gives up the way back. */
export class Abandoned extends Error {}

const isBack = (state: RestoredTarget['state'] | undefined): boolean => state === 'restored' || state === 'by-hand';

/** Brings targets back stage by stage, asks people about what is left, and ends with nothing held. */
export function goBackward(engine: Engine, back: Back): void {
  engine.backwards = true;
  engine.luck.turnBack();
  engine.tolerated = harmIn(engine.world);
  let agreed = back;
  let stages = expected(engine, back.targets);
  for (let round = 1; stages.length > 0; round += 1) {
    const left = runStages(engine, stages, { back: agreed, round });
    if (engine.tooMuch !== null) {
      agreed = askAgain(engine, agreed);
      stages = expected(engine, agreed.targets);
      continue;
    }
    stages = left.length === 0 ? [] : unblock(engine, left);
    if (stages.length === 0) stages = stagesFor(engine, []);
  }
  if (back.targets.length > 0) for (const { name } of engine.plan.afterRollback) proveBy(engine, name);
}

function expected(engine: Engine, targets: readonly string[]): Stage[] {
  for (const name of targets) engine.restored.set(name, 'waiting');
  return stagesFor(engine, targets);
}

/** More would be lost than anybody agreed to: people are asked with the number, about what is not back yet. */
function askAgain(engine: Engine, { situation, ...back }: Back): Back {
  if (situation === undefined) throw new TypeError('a restore without a situation');
  const done = [...engine.restored].filter(([, state]) => isBack(state)).map(([name]) => name);
  const targets = factsOf(engine).map((fact) => ({ ...fact, changed: fact.changed && !done.includes(fact.name) }));
  const now = { ...situation, targets, loss: engine.tooMuch, heldSinceSavepoint: false };
  engine.tooMuch = null;
  for (const [name, state] of engine.restored) if (!isBack(state)) engine.restored.delete(name);
  const offered = engine.rules.safeChoices(now).filter((id) => id !== 'retry');
  const chosen = askPeople(engine, offered, null);
  if (chosen === 'stay') return { ...back, targets: [], upTo: 0, carry: false, situation: now };
  return { ...back, ...restoreBy(engine, chosen, now) };
}

function stagesFor(engine: Engine, restore: readonly string[]): Stage[] {
  const { plan, rules, held } = engine;
  const targets = factsOf(engine).map((facts): Restorable => {
    const planned = plan.targets.find(({ name }) => name === facts.name);
    return { ...facts, holds: planned?.traits.holds === true, writers: planned?.writers ?? [], needs: planned?.needs };
  });
  const loses = !isHeldSinceSavepoint(engine);
  const measured = plan.targets.filter(({ traits }) => loses && traits.measures).map(({ name }) => name);
  const certain = held.filter((name) => rules.trustsHolds || !isInDoubt(engine, name, restore));
  return rules.stagesOf({ targets, restore, held: certain, measured });
}

/**
 * A call that lets it go has begun, and how it ended is not known: where a database goes back it is held once more.
 * Whatever is held at the end is let go by the last stages.
 */
function isInDoubt({ plan, changed, writtenTo }: Engine, name: string, restore: readonly string[]): boolean {
  const stores = (each: string): boolean => plan.targets.some((target) => target.name === each && target.traits.stores);
  const letGo = writtenTo.includes(name) || (!stores(name) && changed.includes(name));
  return letGo && (stores(name) ? restore.includes(name) : restore.some(stores));
}

type Going = { back: Back; round: number };

/** A stage starts when all in `after` ended well and all in `behind` ended; which of those that may start is luck. */
function runStages(engine: Engine, stages: readonly Stage[], going: Going): Stage[] {
  const open = [...stages];
  const ended = new Set<string>();
  const left = new Set<Stage>();
  const failed = (id: string): boolean => [...left].some((stage) => stage.id === id);
  const known = (id: string): boolean => stages.some((stage) => stage.id === id);
  while (open.length > 0) {
    const waits = open.find(({ after }) => after.some(failed));
    if (waits !== undefined) {
      left.add(waits);
      ended.add(waits.id);
      open.splice(open.indexOf(waits), 1);
      continue;
    }
    const ready = open.filter(({ after, behind = [] }) =>
      [...after, ...behind].every((id) => ended.has(id) || !known(id)),
    );
    const next = ready[ready.length === 0 ? 0 : engine.luck.order(ready.length)];
    if (next === undefined) break;
    open.splice(open.indexOf(next), 1);
    if (!runStage(engine, next, going)) left.add(next);
    ended.add(next.id);
  }
  if (open.length > 0)
    breach(engine.world, `stages wait for each other for ever: ${open.map(({ id }) => id).join(', ')}`);
  return stages.filter((stage) => left.has(stage));
}

function runStage(engine: Engine, stage: Stage, { back, round }: Going): boolean {
  const key = `${stage.id} on the way back#${round}`;
  try {
    if (stage.do === 'hold') hold(engine, stage.target, key);
    if (stage.do === 'beside') ask(engine, stage.id, true);
    if (stage.do === 'agree') agree(engine, stage, { back, key });
    if (stage.do === 'resume') resume(engine, stage.target, key);
    if (stage.do === 'restore') restore(engine, stage.target, key);
    return true;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (stage.do === 'restore' && !isBack(engine.restored.get(stage.target)))
      engine.restored.set(stage.target, 'failed');
    return false;
  }
}

/** Until now users wrote to it: whoever holds it later must not take it for held since before its savepoint. */
function hold(engine: Engine, target: string, key: string): void {
  if (!engine.held.includes(target)) {
    engine.held.push(target);
    if (engine.rules.remembersWriters) engine.writtenTo.push(target);
  }
  call(engine, { verb: 'hold', target, key });
}

function resume(engine: Engine, target: string, key: string): void {
  if (!engine.held.includes(target)) return;
  call(engine, { verb: 'resume', target, key });
  engine.held.splice(engine.held.indexOf(target), 1);
}

function restore(engine: Engine, target: string, key: string): void {
  call(engine, { verb: 'restore', target, key });
  engine.restored.set(target, 'restored');
  const stores = engine.plan.targets.some(({ name, traits }) => name === target && traits.stores);
  if (!stores && engine.held.includes(target)) engine.held.splice(engine.held.indexOf(target), 1);
}

/** Holds, counts what would be lost, and lets go again where that is more than was agreed or where it fails. */
function agree(engine: Engine, stage: Stage, { back, key }: { back: Back; key: string }): void {
  const before = [...engine.held];
  let agreed = false;
  try {
    for (const target of stage.holds ?? []) hold(engine, target, `${key} ${target}`);
    agreed = isAgreed(engine, stage.measures ?? [], back);
  } finally {
    if (!agreed) letIn(engine, before, key);
  }
  if (!agreed) throw new CallFailed('failed');
}

function isAgreed(engine: Engine, measures: readonly string[], back: Back): boolean {
  if (back.carry) for (const target of measures) carryOver(engine.world, target);
  const rows = rowsAtStake(engine, measures);
  say(engine, `${rows} rows would be lost, ${back.upTo} may be`);
  if (rows <= back.upTo) return true;
  engine.tooMuch = rows;
  return false;
}

function letIn(engine: Engine, before: readonly string[], key: string): void {
  const onlyForThis = engine.held.filter((name) => !before.includes(name)).toReversed();
  for (const target of onlyForThis) resume(engine, target, `${key} let go ${target}`);
}

function proveBy(engine: Engine, check: string): void {
  try {
    ask(engine, `${check} after the way back`, true);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    engine.decided.push('accept');
  }
}

/** What people answer while the way back is blocked; the order is that in which the workflow offers it. */
function unblock(engine: Engine, left: readonly Stage[]): Stage[] {
  const back = [...engine.restored].filter(([, state]) => isBack(state)).map(([name]) => name);
  const skippable = engine.rules.maySkip(factsOf(engine), back);
  const choices = ['retry', 'done-by-hand', ...(skippable ? ['skip'] : []), 'abandon'];
  const answer = choices[engine.luck.answer(choices.length)] ?? 'retry';
  say(engine, `blocked at ${left.map(({ id }) => id).join(', ')}: ${answer}`);
  if (answer === 'retry') return [...left];
  engine.decided.push(answer);
  if (answer === 'abandon') throw new Abandoned();
  return answer === 'skip' ? skip(engine, left) : byHand(engine, left);
}

function skip(engine: Engine, left: readonly Stage[]): Stage[] {
  const skipped = left.filter((stage) => stage.do === 'restore');
  for (const { target } of skipped) engine.restored.set(target, 'skipped');
  const ids = skipped.map(({ id }) => id);
  return left
    .filter((stage) => stage.do === 'resume')
    .map((stage) => ({ ...stage, after: stage.after.filter((id) => !ids.includes(id)) }));
}

/** Somebody restores some of what is left, with the same care; it is believed where it equals the savepoint now. */
function byHand(engine: Engine, left: readonly Stage[]): Stage[] {
  const { world } = engine;
  const still: Stage[] = [];
  for (const stage of left) {
    const mayStart = stage.after.every((id) => !still.some((other) => other.id === id));
    if (stage.do === 'restore' && mayStart && engine.luck.sees()) {
      takeEffect(world, { verb: 'restore', target: stage.target, key: `${stage.id} by hand` });
    }
    if (stage.do === 'restore' && world.age.get(stage.target) === 'old') engine.restored.set(stage.target, 'by-hand');
    else still.push(stage);
  }
  return still.filter(({ id, do: verb }) => verb !== 'hold' || still.some(({ after }) => after.includes(id)));
}

/** Targets that still run what the release brought, as far as the engine knows. */
export function staysOf(engine: Engine): { name: string; stores: boolean }[] {
  return factsOf(engine).filter((fact) => isChanged(fact) && !isBack(engine.restored.get(fact.name)));
}
