import type { Age } from '../../../src/release/compatibility.ts';
import { mayRun } from '../../../src/release/compatibility.ts';
import { endings } from '../../../src/release/endings.ts';
import type { PlannedTarget } from '../../../src/release/plan.ts';
import { type MemoryEffect, memoryEffects, memoryWorld } from '../../../src/targets/memory/world.ts';
import type { Agreed, Played } from './play.ts';
import { worldOf } from './script.ts';

type Target = PlannedTarget & { world: string };

const isBack: readonly string[] = ['restored', 'unchanged', 'by-hand'];

/** Everything that went against a promise, judged from the worlds and the final status. */
export function judge(played: Played): string[] {
  const { plan } = played;
  const targets = plan.targets.map((target) => ({ ...target, world: worldOf(plan.application, target.name) }));
  const outcome = played.outcomes.at(-1);
  if (outcome === undefined || outcome === 'terminated' || !(outcome in endings))
    return [...played.wrong, 'no declared ending'];
  const always = [
    ...played.wrong,
    ...targets.flatMap(judgeEffects),
    ...judgePairs(targets),
    ...judgeKept(played, targets),
  ];
  if (outcome === 'abandoned') return always;
  return [...always, ...judgeEnd(played, targets), ...judgeLoss(played, targets)];
}

/**
 * A change acts once, and once more only where a restore took it back, or where code was held that was to run: a run
 * that takes over finds its changes by their keys. An undo never comes before its effect, and nothing after its undo.
 */
function judgeEffects({ world, name }: Target): string[] {
  const { effects, history } = memoryWorld(world);
  const wrong: string[] = [];
  const applied = effects.filter(({ verb, change }) => verb === 'apply' && change !== 'invalidate');
  for (const [first, again] of pairsByKey(applied)) {
    // Code that was held and came half way is still held.
    const isHalf = history.includes(`${first.version} (half)`);
    const between = effects.slice(isHalf ? 0 : effects.indexOf(first) + 1, effects.indexOf(again));
    const free = between.some(({ verb }) => verb === 'restore' || (verb === 'hold' && again.change === 'deploy'));
    if (!free) wrong.push(`${again.key} acted twice`);
  }
  const first = effects.findIndex(({ verb }) => verb === 'save');
  const undo = effects.findIndex(({ verb }) => verb === 'restore');
  if (undo >= 0 && (first < 0 || undo < first)) wrong.push(`undo before effect: ${name}`);
  const lastUndo = effects.findLastIndex(({ verb }) => verb === 'restore');
  const later = effects.slice(lastUndo + 1).filter(({ verb }) => verb === 'apply');
  if (lastUndo >= 0 && later.length > 0) wrong.push(`${name} was changed after its restore`);
  return wrong;
}

/** Each effect with the next one of its key. */
function pairsByKey(effects: readonly MemoryEffect[]): [MemoryEffect, MemoryEffect][] {
  return effects.flatMap((first, index) => {
    const again = effects.slice(index + 1).find(({ key }) => key === first.key);
    return again === undefined ? [] : [[first, again] satisfies [MemoryEffect, MemoryEffect]];
  });
}

type Moment = { age: Map<string, Age>; held: Set<string> };

/** Walks through the effects in the order in which they happened. The way back brings no pair that was not there. */
function judgePairs(targets: readonly Target[]): string[] {
  const now: Moment = { age: new Map(), held: new Set() };
  const wrong: string[] = [];
  let tolerated: string[] | null = null;
  for (const effect of memoryEffects(targets.map(({ world }) => world))) {
    const target = targets.find(({ world }) => world === effect.world);
    if (target === undefined) continue;
    const goesBack = effect.verb === 'restore' || /for the way back/.test(effect.key);
    if (goesBack) tolerated ??= harm(now, targets, () => true);
    take(now, target, effect);
    const writers = (code: Target, data: Target): boolean => code.traits.holds && data.writers.includes(code.name);
    const found = tolerated === null ? harm(now, targets, writers) : harm(now, targets, () => true);
    wrong.push(...found.filter((pair) => !tolerated?.includes(pair)).map((pair) => `incompatible pair: ${pair}`));
    if (effect.verb === 'restore' && target.traits.stores && !now.held.has(target.name))
      wrong.push(`${target.name} is exchanged while users write to it`);
  }
  return [...new Set(wrong)];
}

function take({ age, held }: Moment, { name, traits }: Target, { verb, change }: MemoryEffect): void {
  if (verb === 'hold') held.add(name);
  if (verb === 'resume') held.delete(name);
  if (verb === 'restore') age.set(name, 'old');
  if (verb === 'apply' && (change === 'migrate' || change === 'deploy')) age.set(name, 'new');
  if (!traits.stores && (verb === 'restore' || change === 'deploy')) held.delete(name);
}

function harm(
  { age, held }: Moment,
  targets: readonly Target[],
  only: (code: Target, data: Target) => boolean,
): string[] {
  const open = targets.filter(({ name }) => !held.has(name));
  const ageOf = ({ name }: Target): Age => age.get(name) ?? 'old';
  return open
    .filter((data) => data.traits.stores)
    .flatMap((data) => {
      const declared = data.compatibility ?? { backward: false, forward: false };
      const codes = open.filter((code) => !code.traits.stores && only(code, data));
      return codes
        .filter((code) => !mayRun(ageOf(code), ageOf(data), declared))
        .map((code) => `${ageOf(code)} ${code.name} on ${ageOf(data)} ${data.name}`);
    });
}

/** What the status says to be back is so in the world, and a database that was replaced is kept under a name of its own. */
function judgeKept({ status, outcomes }: Played, targets: readonly Target[]): string[] {
  const once = outcomes.length === 1 && status?.answered.every(({ kind }) => kind !== 'blocked');
  return (status?.restored ?? []).flatMap(({ target: name, state: said, kept }) => {
    const target = targets.find((each) => each.name === name);
    if (target === undefined) return [`${name} is ${said} and in no plan`];
    const { state, effects } = memoryWorld(target.world);
    const version = target.traits.stores ? state.schema : state.version;
    const wrong: string[] = [];
    if (isBack.includes(said) && version !== 'v1') wrong.push(`${name} is said to be ${said}, and is at ${version}`);
    const replaced = target.traits.stores && effects.some(({ verb }) => verb === 'restore');
    // Where nothing is measured another try has a key of its own, by which it does not find what the first one replaced.
    const findsIt = target.traits.measures === true || once;
    if (said === 'restored' && replaced && findsIt && kept === null)
      wrong.push(`destroyed: the replaced ${name} was not kept`);
    if (kept !== null && !replaced) wrong.push(`${name} is said to be kept as ${kept}, and was not replaced`);
    return wrong;
  });
}

function judgeEnd({ outcomes }: Played, targets: readonly Target[]): string[] {
  const outcome = outcomes.at(-1);
  const wrong: string[] = [];
  const now: Moment = { age: new Map(), held: new Set() };
  for (const { name, world, traits } of targets) {
    const { state, held } = memoryWorld(world);
    const version = (traits.stores ? state.schema : state.version) ?? 'v1';
    now.age.set(name, version === 'v1' ? 'old' : 'new');
    if (held) {
      wrong.push(`held at the end: ${name}`);
      now.held.add(name);
    }
    if (outcome === 'released' && version !== 'v2') wrong.push(`released, and ${name} is at ${version}`);
    const mustBeOld =
      outcome === 'stopped' ||
      outcome === 'expired' ||
      outcome === 'rejected' ||
      (outcome === 'rolled-back' && !traits.stores);
    if (mustBeOld && version !== 'v1') wrong.push(`${outcome}, and ${name} is at ${version}`);
  }
  return [...wrong, ...harm(now, targets, () => true).map((pair) => `incompatible pair at the end: ${pair}`)];
}

/** Rows of users disappear only where a person or the plan agreed to that, and no more of them than that. */
function judgeLoss(played: Played, targets: readonly Target[]): string[] {
  const databases = targets.filter(({ traits }) => traits.stores);
  const lostOf = ({ name, world }: Target): number => (played.written[name] ?? 0) - memoryWorld(world).state.rows;
  // Where nobody can count, a person agrees to whatever is lost.
  const uncounted = databases.filter(({ traits }) => traits.measures !== true);
  const byPerson = played.agreed.some(({ choice }) => choice !== null && !carries(choice));
  const wrong = uncounted
    .filter((target) => lostOf(target) > 0 && !byPerson)
    .map((target) => `loss: ${lostOf(target)} rows of ${target.name} are gone and nobody agreed to that`);
  const counted = databases.filter((target) => !uncounted.includes(target));
  const lost = counted.reduce((sum, target) => sum + lostOf(target), 0);
  const agreed = [...agreedIn(played, counted)].reduce((sum, each) => sum + rowsOf(each, played), 0);
  if (lost > agreed) wrong.push(`loss: ${lost} rows are gone and ${agreed} were agreed to`);
  return wrong;
}

/** What was agreed to last before each of these was replaced. */
function agreedIn({ agreed }: Played, targets: readonly Target[]): Set<Agreed> {
  const restores = targets.flatMap(({ world }) => memoryWorld(world).effects).filter(({ verb }) => verb === 'restore');
  return new Set(restores.flatMap(({ at }) => agreed.findLast((each) => each.at < at) ?? []));
}

function carries(choice: string | null): boolean {
  return choice === 'carry-over-and-restore';
}

/** Of rows that are carried over only those may be missing that are said not to fit. */
function rowsOf({ choice, rows }: Agreed, { status }: Played): number {
  if (!carries(choice)) return rows;
  const left = (status?.restored ?? []).reduce((sum, { carried }) => sum + (carried?.left ?? 0), 0);
  return Math.min(rows, left);
}
