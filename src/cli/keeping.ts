import type { Json } from '../release/json.ts';
import type { Plan, PlannedTarget } from '../release/plan.ts';
import type { Kept } from '../release/target.ts';
import { UsageError } from './failing.ts';
import type { Io } from './io.ts';
import { callOf, valuesIn } from './reaching.ts';

/** Something that releases left behind, and the target whose it is. */
export type KeptOf = Kept & { target: string };

/** `notRead`: targets that could not be asked from here, and why. */
export type Listed = { kept: KeptOf[]; notRead: { target: string; why: string }[] };

const patienceMs = 60_000;
/** Removing a large directory or database takes its time. */
const discardPatienceMs = 30 * 60_000;

async function reach(io: Io, plan: Plan, target: PlannedTarget, patience: number) {
  const { spec, missing } = await valuesIn(io, plan.home, target.spec);
  if (missing.length > 0) {
    const names = missing.map((each) => `\${${each}}`).join(', ');
    throw new UsageError(`${target.name}: no value here for ${names}`, 'Run it where the worker runs, or set them.');
  }
  const { loadTarget } = await import('../targets/kinds.ts');
  const kind = await loadTarget(target.kind);
  return { kind, call: callOf(plan, target, { spec, verb: 'superseded', patienceMs: patience }) };
}

async function keptOf(io: Io, plan: Plan, target: PlannedTarget): Promise<Listed> {
  try {
    const { kind, call } = await reach(io, plan, target, patienceMs);
    const kept = (await kind.kept?.(call)) ?? [];
    return { kept: kept.map((each) => ({ ...each, target: target.name })), notRead: [] };
  } catch (error) {
    if (!(error instanceof Error) || !['TargetFailure', 'UsageError'].includes(error.name)) throw error;
    return { kept: [], notRead: [{ target: target.name, why: error.message }] };
  }
}

/** What releases of this plan left behind, of every target whose kind can tell. Changes nothing. */
export async function listKept(io: Io, plan: Plan): Promise<Listed> {
  const asked = plan.targets.filter(({ traits }) => traits.keeps === true);
  const answers = await Promise.all(asked.map((target) => keptOf(io, plan, target)));
  return { kept: answers.flatMap(({ kept }) => kept), notRead: answers.flatMap(({ notRead }) => notRead) };
}

/** @throws TargetFailure when the target refuses it: it looks again, whatever was listed before */
export async function discardKept(io: Io, plan: Plan, { target: name, ...kept }: KeptOf): Promise<Json> {
  const target = plan.targets.find((each) => each.name === name);
  if (target === undefined) throw new UsageError(`the plan has no target "${name}"`);
  const { kind, call } = await reach(io, plan, target, discardPatienceMs);
  if (kind.discard === undefined) throw new UsageError(`${name} discards nothing`);
  const step = await kind.discard(call, kept.name);
  return step.state === 'done' ? step.value : null;
}
