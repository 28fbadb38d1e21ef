import type { Json } from '../../release/json.ts';
import type { Step } from '../../release/target.ts';
import { type Attempt, begin, mark, setSuspended, unmark, updateService } from './attempt.ts';
import { leavingTasks } from './judging.ts';
import { type EcsCall, lookAtAllTasks, lookAtScaling } from './look.ts';
import { type Held, heldIn, heldMarkNames, heldMarks, type Suspended } from './marks.ts';
import { pauseMs } from './pauses.ts';
import { rollOut } from './rollout.ts';
import { scalingFrom, see, versionOf } from './state.ts';

const allSuspended: Suspended = { in: true, out: true, scheduled: true };

function asJson(held: Held): Json {
  return { ...held, scaling: held.scaling === null ? null : { ...held.scaling }, images: { ...held.images } };
}

/**
 * Suspends the scaling, wants 0 tasks, and returns when none is left, not even one that has its time to end. What was
 * there is written on the service first: of a hold that an earlier attempt or release began, what was before that counts.
 */
export async function hold(call: EcsCall): Promise<Step<Json>> {
  const attempt = await begin(call);
  if (attempt === null) return { state: 'done', value: null };
  const held = heldIn(attempt.scene.tags) ?? (await describe(attempt));
  if (held === null) return { state: 'done', value: null };
  if (heldIn(attempt.scene.tags) === null) await mark(attempt, heldMarks(held));
  const suspended = scalingFrom(await lookAtScaling(call))?.suspended;
  if (suspended !== undefined && !isSame(suspended, allSuspended)) await setSuspended(attempt, allSuspended);
  if (attempt.scene.service.desiredCount !== 0) await updateService(attempt, { revision: null, desired: 0 });
  const left = await tasksLeft(call);
  if (left === 0) return { state: 'done', value: asJson(held) };
  const elapsedMs = Math.max(0, Date.now() - held.sinceMs);
  const lookAgainMs = Math.min(await pauseMs(call, elapsedMs), 5_000);
  return { state: 'working', detail: `${left} tasks still run`, lookAgainMs };
}

/** @returns null when nothing runs that could be held */
async function describe({ call, scene }: Attempt): Promise<Held | null> {
  const desired = scene.service.desiredCount ?? 0;
  if (desired === 0) return null;
  const sight = await see(call, scene, null);
  const images = sight.mixed.length === 0 ? sight.images : {};
  const scaling = sight.scaling?.suspended ?? null;
  return { desired, sinceMs: Date.now(), scaling, version: await versionOf(call, sight), images };
}

/** Everything that still runs, whatever it is meant to do. */
export async function tasksLeft(call: EcsCall): Promise<number> {
  const { running, stopped } = await lookAtAllTasks(call);
  return running.length + leavingTasks(stopped).length;
}

function isSame(a: Suspended, b: Suspended): boolean {
  return a.in === b.in && a.out === b.out && a.scheduled === b.scheduled;
}

/**
 * Puts back how many tasks were wanted and how they are scaled. Where something was deployed meanwhile, or nothing is
 * held any more, nothing is left to do. Of a hold whose answer was lost (`given` null) the service itself tells.
 */
export async function resume(call: EcsCall, given: Json): Promise<Step<null>> {
  const attempt = await begin(call);
  if (attempt === null) return { state: 'done', value: null };
  const { service, tags, primary } = attempt.scene;
  const held = heldIn(tags) ?? (service.desiredCount === 0 ? (given as Held | null) : null);
  if (held === null) return { state: 'done', value: null };
  const step = await rollOut(attempt, { arn: primary.taskDefinition ?? '', desired: held.desired });
  if (step.state !== 'done') return step;
  await letGo(attempt, held);
  return { state: 'done', value: null };
}

/** The last part of ending a hold, once tasks run again. Right also when part of it was done before. */
export async function letGo(attempt: Attempt, held: Held): Promise<void> {
  const { call, scene } = attempt;
  const now = held.scaling === null ? undefined : scalingFrom(await lookAtScaling(call))?.suspended;
  if (held.scaling !== null && now !== undefined && !isSame(now, held.scaling)) {
    await setSuspended(attempt, held.scaling);
  }
  await unmark(attempt, heldMarkNames(scene.tags));
}
