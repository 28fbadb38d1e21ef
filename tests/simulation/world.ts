import { type Age, mayRun } from '../../src/release/compatibility.ts';
import type { Plan, PlannedTarget } from '../../src/release/plan.ts';

/** One thing that happened in the simulated world, in order. `did`: an effect took place, now or by an earlier try. */
export type Happening = {
  verb: 'change' | 'restore' | 'hold' | 'resume' | 'save';
  target: string;
  key: string;
  did: boolean;
};

/** What the invariants look at. Nothing in it is known to the engine except through calls. */
export type World = {
  plan: Plan;
  age: Map<string, Age>;
  held: Set<string>;
  /** Rows that users wrote since the savepoint and that a restore would undo. */
  written: Map<string, number>;
  saved: Set<string>;
  /** Rows that people agreed to lose: the last answer counts. */
  consent: number;
  /** Databases that were replaced and set aside. */
  kept: string[];
  /** Effects by key, so that the repetition of a call finds its effect. */
  keys: Set<string>;
  /** Effects per target. */
  effects: string[];
  running: Set<string>;
  happened: Happening[];
  /** What went against an invariant, in words; the first one says where it began. */
  breaches: string[];
};

export function openWorld(plan: Plan): World {
  return {
    plan,
    age: new Map(plan.targets.map(({ name }) => [name, 'old'])),
    held: new Set(),
    written: new Map(),
    saved: new Set(),
    consent: 0,
    kept: [],
    keys: new Set(),
    effects: [],
    running: new Set(),
    happened: [],
    breaches: [],
  };
}

export function breach(world: World, what: string): void {
  world.breaches.push(what);
}

export function targetIn({ plan }: World, name: string): PlannedTarget {
  const found = plan.targets.find((target) => target.name === name);
  if (found === undefined) throw new TypeError(`no target ${name}`);
  return found;
}

/** Pairs that run now although the plan does not declare them: code that is not held on a database that is not held. */
export function harmIn(
  world: World,
  only: (code: PlannedTarget, data: PlannedTarget) => boolean = () => true,
): string[] {
  const open = world.plan.targets.filter(({ name }) => !world.held.has(name));
  const age = ({ name }: PlannedTarget): Age => world.age.get(name) ?? 'old';
  return open
    .filter((data) => data.traits.stores)
    .flatMap((data) => {
      const declared = data.compatibility ?? { backward: false, forward: false };
      return open
        .filter((code) => !code.traits.stores && only(code, data) && !mayRun(age(code), age(data), declared))
        .map((code) => `${age(code)} ${code.name} on ${age(data)} ${data.name}`);
    });
}

/** Users write to every database that lets them. */
export function usersWrite(world: World, rows: number): void {
  for (const { name, traits } of world.plan.targets) {
    if (!traits.stores || world.held.has(name) || !world.saved.has(name)) continue;
    world.written.set(name, (world.written.get(name) ?? 0) + rows);
  }
}

/** `forgets`: the target does not find what an earlier call with this key did. */
type Effect = { verb: Happening['verb']; target: string; key: string; forgets?: boolean };

/** Lets one effect take place, once per key, and sees that it is none that must not be. */
export function takeEffect(world: World, { verb, target, key, forgets = false }: Effect): void {
  const again = world.keys.has(key) && !forgets;
  world.keys.add(key);
  world.happened.push({ verb, target, key, did: !again });
  if (again) return;
  const { traits } = targetIn(world, target);
  if (verb === 'save') world.saved.add(target);
  if (verb === 'hold') world.held.add(target);
  if (verb === 'resume') world.held.delete(target);
  if (verb === 'change') {
    world.age.set(target, 'new');
    if (!traits.stores) world.held.delete(target);
    world.effects.push(`change ${target}`);
  }
  if (verb === 'restore') restoreIn(world, target);
}

function restoreIn(world: World, target: string): void {
  const { traits } = targetIn(world, target);
  if (world.running.has(target)) breach(world, `overlap: ${target} is restored while its change still runs`);
  if (!world.happened.some((each) => each.verb === 'save' && each.target === target))
    breach(world, `undo before effect: ${target} is restored without a savepoint`);
  // The restored service runs again, whatever held it.
  if (!traits.stores) world.held.delete(target);
  if (world.age.get(target) === 'old') return;
  if (traits.stores && !world.held.has(target)) breach(world, `${target} is exchanged while users write to it`);
  if (traits.stores) exchange(world, target);
  world.age.set(target, 'old');
  world.effects.push(`restore ${target}`);
}

/** The replaced database is kept; what users wrote to it is lost unless it was carried over. */
function exchange(world: World, target: string): void {
  world.kept.push(target);
  const lost = world.written.get(target) ?? 0;
  const { dataLoss = 'ask' } = world.plan.rollback;
  const bound = typeof dataLoss === 'string' ? 0 : dataLoss.rows;
  if (lost > Math.max(world.consent, bound)) {
    breach(
      world,
      `loss: ${lost} rows of ${target} are undone, ${world.consent} were agreed to by people, ${bound} by the plan`,
    );
  }
  if (lost > 0 && dataLoss === 'refuse')
    breach(world, `loss: ${lost} rows of ${target} are undone, and the plan refuses that`);
  world.written.set(target, 0);
}

/** Applies to the copy what users wrote since the savepoint. */
export function carryOver(world: World, target: string): void {
  if (!world.held.has(target)) breach(world, `rows of ${target} are carried over while users write`);
  world.written.set(target, 0);
}
