import { isAbsolute, join } from 'node:path';
import { type FailureKind, TargetFailure } from '../../release/failure.ts';
import type { Call, Step } from '../../release/target.ts';
import type { MemoryChange, MemoryFault, MemorySpec, MemoryVerb } from './memory.schema.ts';
import { lookAt, type MemoryPlace, type MemoryState, type MemoryWorld, record } from './world.ts';

type MemoryCall = Call<MemorySpec>;
export type Patch = { patch: Partial<MemoryState>; held: boolean };

/** One attempt of one verb. `half`: the patch of a change that stopped in the middle. */
export type Work = {
  verb: MemoryVerb;
  change: MemoryChange | null;
  version: string | null;
  next: (world: MemoryWorld) => Patch;
  half: (world: MemoryWorld) => Patch;
};

export function placeOf({ spec, home }: MemoryCall): MemoryPlace {
  const file = spec.file === null || isAbsolute(spec.file) ? spec.file : join(home, spec.file);
  return { world: spec.world, file, initial: spec.initial };
}

/** Refuses an attempt that a newer one has replaced, and tells the world of this one. */
export function claim(call: MemoryCall): MemoryWorld {
  call.signal.throwIfAborted();
  const place = placeOf(call);
  const { fence } = lookAt(place);
  if (call.fence < fence) throw stale(call, fence);
  return call.fence > fence ? record(place, { type: 'fence', fence: call.fence }) : lookAt(place);
}

function stale(call: MemoryCall, newest: number): TargetFailure {
  return new TargetFailure('stale-fence', `attempt ${call.fence} of ${call.target} was replaced by attempt ${newest}`);
}

/** Faults strike in the order in which the plan names them. */
export function strike(
  call: MemoryCall,
  work: { verb: MemoryVerb; change: MemoryChange | null },
  when: MemoryFault['when'],
) {
  const place = placeOf(call);
  const index = call.spec.faults.findIndex((fault, at) => {
    const fits = fault.verb === work.verb && (fault.change === null || fault.change === work.change);
    return fits && fault.when === when && (lookAt(place).faults[`${at} ${fault.verb}`] ?? 0) < fault.times;
  });
  const fault = call.spec.faults[index];
  if (fault === undefined) return null;
  record(place, { type: 'fault', id: `${index} ${fault.verb}` });
  return fault;
}

export function failureOf(fault: MemoryFault, call: MemoryCall): Error {
  const message = fault.message ?? `${fault.verb} ${call.target} was told to fail ${fault.when} its effect`;
  if (fault.kind === 'bug' || fault.kind === 'lie') return new Error(message);
  const kind: FailureKind = fault.kind;
  return new TargetFailure(kind, message, fault.when === 'half' ? { done: ['half of it'], notDone: ['the rest'] } : {});
}

/** They work on the copy of a restore, under its key. */
const sharesKey: readonly MemoryVerb[] = ['beside', 'loss', 'carry'];

/** How long the rest of the work takes, or null when it is done. */
function remaining(call: MemoryCall, verb: MemoryVerb): number | null {
  const patience = call.spec.workMs[verb] ?? 0;
  if (patience === 0) return null;
  const place = placeOf(call);
  const key = sharesKey.includes(verb) ? `${call.key} ${verb}` : call.key;
  const began = lookAt(place).began[key];
  if (began === undefined) {
    record(place, { type: 'began', key, fence: call.fence, at: Date.now() });
    return patience;
  }
  const rest = began + patience - Date.now();
  return rest > 0 ? rest : null;
}

function asks(call: MemoryCall, verb: MemoryVerb): string | null {
  const { ask } = call.spec;
  if (ask === null || ask.verb !== verb) return null;
  const place = placeOf(call);
  if (lookAt(place).asked.includes(call.key)) return null;
  record(place, { type: 'asked', key: call.key });
  return ask.question;
}

function put(call: MemoryCall, work: Work, patch: Patch): void {
  const place = placeOf(call);
  const { revision } = lookAt(place);
  const { verb, change, version } = work;
  const at = performance.timeOrigin + performance.now();
  const effect = { world: place.world, verb, change, version, key: call.key, fence: call.fence, at, pid: process.pid };
  const world = record(place, { type: 'effect', effect, expects: revision, ...patch });
  const took = world.effects.some(
    (other) => other.key === effect.key && other.fence === effect.fence && other.at === at,
  );
  if (!took) throw stale(call, world.fence);
}

/** Faults and waiting of a verb without an effect that anybody could see. Null: it may answer. */
export function prelude(call: MemoryCall, verb: MemoryVerb): Exclude<Step<never>, { state: 'done' }> | null {
  const fault = strike(call, { verb, change: null }, 'before');
  if (fault !== null) throw failureOf(fault, call);
  const rest = remaining(call, verb);
  return rest === null ? null : { state: 'working', detail: `${verb} ${call.target}`, lookAgainMs: Math.min(rest, 50) };
}

/** Walks one attempt through faults, questions and waiting to its effect. Null: the effect is there. */
export function perform(call: MemoryCall, work: Work): Exclude<Step<never>, { state: 'done' }> | null {
  const before = strike(call, work, 'before');
  if (before?.kind === 'lie') return null;
  if (before !== null) throw failureOf(before, call);
  const question = asks(call, work.verb);
  if (question !== null) return { state: 'ask', question };
  const rest = remaining(call, work.verb);
  if (rest !== null)
    return { state: 'working', detail: `${work.verb} ${call.target}`, lookAgainMs: Math.min(rest, 50) };
  const half = strike(call, work, 'half');
  if (half !== null) {
    put(call, work, work.half(lookAt(placeOf(call))));
    throw failureOf(half, call);
  }
  put(call, work, work.next(lookAt(placeOf(call))));
  const after = strike(call, work, 'after');
  if (after !== null) throw failureOf(after, call);
  return null;
}

/** A change is in effect when its key acted and no restore came after it. */
export function inEffect(world: MemoryWorld, key: string): boolean {
  const restored = world.effects.findLastIndex((effect) => effect.verb === 'restore');
  return world.effects.findLastIndex((effect) => effect.key === key) > restored;
}

/** The newest change of any kind is the restore of this key. */
export function isRestored(world: MemoryWorld, key: string): boolean {
  const newest = world.effects.findLast(({ verb }) => verb === 'restore' || verb === 'apply');
  return newest?.verb === 'restore' && newest.key === key;
}
