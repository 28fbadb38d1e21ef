import { incompatiblePairs, type TargetFacts } from '../../src/release/compatibility.ts';
import type { Plan } from '../../src/release/plan.ts';
import { decide, hangsOnLoss, restoredBy, type Situation, safeChoices } from '../../src/release/policy.ts';
import { stagesOf } from '../../src/release/procedure.ts';
import type { Outcome, RestoredTarget } from '../../src/release/status.ts';
import type { Luck, Mishap, Stop } from './fortune.ts';
import { breach, harmIn, takeEffect, usersWrite, type World } from './world.ts';

/** The functions that decide. A test plants a breach by handing in another one. */
export type Rules = {
  decide: typeof decide;
  safeChoices: typeof safeChoices;
  restoredBy: typeof restoredBy;
  stagesOf: typeof stagesOf;
  hangsOnLoss: typeof hangsOnLoss;
  /** May what is left of the way back be skipped? */
  maySkip(facts: readonly TargetFacts[], back: readonly string[]): boolean;
  /** What was held once counts as held although a call that lets it go has begun. */
  trustsHolds: boolean;
  /** A database that the way back holds was written to until then. */
  remembersWriters: boolean;
  /** The undo is registered before the change begins. */
  registersFirst: boolean;
  /** A halt waits until the running call has ended. */
  waitsForCalls: boolean;
  /** Each call has a key by which its repetition finds the effect. */
  namesEffects: boolean;
};

export const realRules: Rules = {
  decide,
  safeChoices,
  restoredBy,
  stagesOf,
  hangsOnLoss,
  maySkip: (facts, back) => incompatiblePairs(facts, back).length === 0,
  trustsHolds: false,
  remembersWriters: true,
  registersFirst: true,
  waitsForCalls: true,
  namesEffects: true,
};

/** The step that something went wrong with. */
export type Troubled = Situation['step'];

/** What the engine knows: as much as the release workflow does, and no more. */
export type Engine = {
  plan: Plan;
  rules: Rules;
  world: World;
  luck: Luck;
  proved: boolean;
  sinceChangeMs: number;
  changed: string[];
  held: string[];
  writtenTo: string[];
  untouched: Set<string>;
  restored: Map<string, RestoredTarget['state']>;
  stop: Stop | null;
  /** The step that the halt cut off. */
  cutOff: Troubled | null;
  /** Rows, where the loss turned out to be more than was agreed. */
  tooMuch: number | null;
  /** A person, silence or a halt shaped the ending. */
  decided: string[];
  outcome: Outcome | null;
  /** Pairs that ran already when the way back began: the way forward had brought them about. */
  tolerated: string[];
  backwards: boolean;
  trace: string[];
};

/** Leaves the forward steps. */
export class GoBack extends Error {
  readonly back: Back;
  constructor(back: Back) {
    super(back.do);
    this.back = back;
  }
}

export type Back = {
  do: 'stop' | 'unchanged' | 'restore' | 'stay';
  targets: string[];
  /** Rows that may be undone; `carry`: they are saved into the copy first. */
  upTo: number;
  carry: boolean;
  outcome?: Outcome;
  /** What was decided on, so that it can be decided again when the loss turns out to be another. */
  situation?: Situation;
};

/** The failure of a call, as the engine is told of it. */
export class CallFailed extends Error {
  readonly why: Situation['cause'];

  constructor(why: Situation['cause']) {
    super(why);
    this.why = why;
  }
}

/** Thrown by whatever runs when somebody stops the release. */
export class Halted extends Error {}

export function say(engine: Engine, what: string): void {
  engine.trace.push(what);
}

type Call = { verb: 'change' | 'restore' | 'hold' | 'resume' | 'save'; target: string; key: string };

const failing: readonly Mishap[] = ['before', 'half', 'lost-before', 'lost-after'];
const acting: readonly Mishap[] = ['half', 'lost-after', 'crash-after'];

/**
 * One call on a target with whatever happens to it. A crash repeats it with the same key; any other mishap is a failure
 * of which the engine cannot see whether the effect took place.
 */
export function call(engine: Engine, { verb, target, key }: Call): void {
  const { luck, world, rules } = engine;
  const number = luck.call();
  const stop = engine.backwards ? null : luck.stopAt(number);
  // Only checks consult; a call that is to do so does nothing and says so.
  const drawn = luck.mishapAt(number);
  const mishap = drawn === 'consult' ? 'before' : drawn;
  if (verb === 'change') world.running.add(target);
  const effect = (): void => takeEffect(world, { verb, target, key, forgets: !rules.namesEffects });
  if (mishap === null || acting.includes(mishap)) effect();
  if (mishap === 'crash-before' || mishap === 'crash-after') effect();
  say(
    engine,
    `${number} ${verb} ${target}${mishap === null ? '' : ` (${mishap})`}${stop === null ? '' : ` (${stop.kind})`}`,
  );
  if (stop === null || rules.waitsForCalls) world.running.delete(target);
  observe(engine, luck.writes());
  if (stop !== null) halt(engine, stop);
  if (mishap !== null && failing.includes(mishap))
    throw new CallFailed(mishap.startsWith('lost') ? 'unknown' : 'failed');
}

/** A list of checks. What they find says nothing about what happened. */
export function ask(engine: Engine, name: string, critical: boolean): void {
  const number = engine.luck.call();
  const stop = engine.backwards ? null : engine.luck.stopAt(number);
  const mishap = engine.luck.mishapAt(number);
  say(engine, `${number} ${name}${mishap === null ? '' : ` (${mishap})`}${stop === null ? '' : ` (${stop.kind})`}`);
  observe(engine, engine.luck.writes());
  if (stop !== null) halt(engine, stop);
  if (mishap === null || mishap.startsWith('crash')) return;
  if (mishap === 'consult' || (mishap !== 'lost-before' && mishap !== 'lost-after' && !critical))
    throw new CallFailed('consult');
  throw new CallFailed(mishap.startsWith('lost') ? 'unknown' : 'failed');
}

function halt(engine: Engine, stop: Stop): never {
  engine.stop = stop;
  throw new Halted(stop.kind);
}

/** Users write, and nothing runs that must not: forward, services on the databases they write to; back, no new pair. */
export function observe(engine: Engine, rows: number): void {
  const { world } = engine;
  usersWrite(world, rows);
  const harm = engine.backwards
    ? harmIn(world).filter((pair) => !engine.tolerated.includes(pair))
    : harmIn(world, (code, data) => code.traits.holds && data.writers.includes(code.name));
  for (const pair of harm) breach(world, `incompatible pair: ${pair}`);
}

export function factsOf(engine: Engine): TargetFacts[] {
  return engine.plan.targets.map(({ name, traits, compatibility, scope }) => ({
    name,
    stores: traits.stores,
    compatibility,
    changed: engine.changed.includes(name),
    scope,
    standing: engine.untouched.has(name) ? 'equal' : null,
  }));
}
