import type { Age } from '../../../src/release/compatibility.ts';
import { mayRun } from '../../../src/release/compatibility.ts';
import { endings } from '../../../src/release/endings.ts';
import type { PlannedTarget } from '../../../src/release/plan.ts';
import { type MemoryEffect, memoryEffects, memoryWorld } from '../../../src/targets/memory/world.ts';
import type { Played } from './play.ts';
import { worldOf } from './script.ts';

type Target = PlannedTarget & { world: string };

/** Everything that went against a promise, judged from the worlds and the final status. */
export function judge(played: Played): string[] {
  const { plan } = played;
  const targets = plan.targets.map((target) => ({ ...target, world: worldOf(plan.application, target.name) }));
  const outcome = played.outcomes.at(-1);
  if (outcome === undefined || outcome === 'terminated' || !(outcome in endings))
    return [...played.wrong, 'no declared ending'];
  const always = [...played.wrong, ...targets.flatMap(judgeEffects), ...judgePairs(targets), ...judgeKept(played)];
  if (outcome === 'abandoned') return always;
  return [...always, ...judgeEnd(played, targets), ...targets.flatMap((target) => judgeLoss(played, target))];
}

/** A change acts once, an undo never before it and nothing after its undo. */
function judgeEffects({ world, name }: Target): string[] {
  const { effects } = memoryWorld(world);
  const wrong: string[] = [];
  const applied = effects.filter(({ verb, change }) => verb === 'apply' && change !== 'invalidate');
  for (const { key, version } of applied) {
    const same = applied.filter((each) => each.key === key && each.version === version);
    if (same.length > 2) wrong.push(`${key} acted ${same.length} times`);
  }
  const first = effects.findIndex(({ verb }) => verb === 'save');
  const undo = effects.findIndex(({ verb }) => verb === 'restore');
  if (undo >= 0 && (first < 0 || undo < first)) wrong.push(`undo before effect: ${name}`);
  const lastUndo = effects.findLastIndex(({ verb }) => verb === 'restore');
  const later = effects.slice(lastUndo + 1).filter(({ verb }) => verb === 'apply');
  if (lastUndo >= 0 && later.length > 0) wrong.push(`${name} was changed after its restore`);
  return wrong;
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

/** A replaced database is kept under a name of its own. */
function judgeKept({ status, plan }: Played): string[] {
  const stores = (name: string): boolean => plan.targets.some((each) => each.name === name && each.traits.stores);
  return (status?.restored ?? [])
    .filter(
      ({ target, state, kept, detail }) => stores(target) && state === 'restored' && kept === null && detail === null,
    )
    .map(({ target }) => `destroyed: the replaced ${target} was not kept`);
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

const losing = ['restore-database', 'restore-full', 'export-and-restore', 'carry-over-and-restore'];

/** Rows of users disappear only where a person chose that, or within the bound of the plan. */
function judgeLoss({ plan, written, choices }: Played, { name, world, traits }: Target): string[] {
  if (!traits.stores) return [];
  const lost = (written[name] ?? 0) - memoryWorld(world).state.rows;
  const { dataLoss = 'ask' } = plan.rollback;
  const bound = typeof dataLoss === 'string' ? 0 : dataLoss.rows;
  if (lost <= bound) return [];
  const chosen = choices.some((choice) => losing.includes(choice));
  return chosen ? [] : [`loss: ${lost} rows of ${name} are gone and nobody agreed to that`];
}
