import { TargetFailure } from '../../release/failure.ts';
import { prove } from '../../release/fingerprint.ts';
import type { Restored, Savepoint, Step } from '../../release/target.ts';
import { invalidate } from '../cloudfront/invalidation.ts';
import { type Attempt, begin, updateService } from './attempt.ts';
import { contentOf, withDigests } from './content.ts';
import { arnOf } from './deploy.ts';
import { letGo, tasksLeft } from './holding.ts';
import { isEcr, parseImage } from './images.ts';
import { type EcsCall, lookAtRevision, lookAtService, type Revision } from './look.ts';
import { heldIn, intentIn, ownIntent, revisionName } from './marks.ts';
import { manifestOf, resolveImage } from './registry.ts';
import { revisionFor } from './revisions.ts';
import { rollOut } from './rollout.ts';
import { fingerprintNow } from './save.ts';
import { awaitServed } from './served.ts';
import { type EcsState, fingerprintOfNothing, type StateThere, see } from './state.ts';

type ToSavepoint = Savepoint<EcsState>;

/** How long users were cut off by a hold that a restore ended, by key of the call: the mark of the hold is gone then. */
const outages = new Map<string, number>();

/**
 * Brings back the bytes that ran when the savepoint was taken: by its own revision where that still means them, else by a
 * copy of it that names them. Proved by the digests that the tasks report and by what users get.
 */
export async function restore(call: EcsCall, to: ToSavepoint): Promise<Step<Restored>> {
  const attempt = await begin(call);
  const { state } = to;
  if (attempt === null || state.service === 'missing') return restoreMissing(call, to, attempt);
  const intent = ownIntent(attempt.scene.tags, call);
  const arn = intent === null ? await revisionBack(attempt, state) : arnOf(attempt.scene, intent.revision);
  const held = heldIn(attempt.scene.tags);
  const step = await rollOut(attempt, { arn, desired: wantedTasks(attempt, state) });
  if (step.state !== 'done') return step;
  const served = to.absent ? null : await awaitServed(call, call.spec.health.version === null ? null : to.version);
  if (served !== null && served.state !== 'done') return served;
  if (held !== null) {
    outages.set(call.key, Math.max(0, Date.now() - held.sinceMs));
    await letGo(attempt, held);
  }
  const emptied = await emptyCache(call, intentIn(attempt.scene.tags) !== null);
  if (emptied.state !== 'done') return emptied;
  return settle(attempt, to);
}

/** A scaled service keeps as many tasks as its scaling wants by now, unless it has none. Null: as many as there are. */
function wantedTasks({ scene }: Attempt, { desired, scaling }: StateThere): number | null {
  if (desired === 0 || scaling === null) return desired;
  if (scene.service.desiredCount !== 0) return null;
  return heldIn(scene.tags)?.desired ?? desired;
}

/** @returns ARN of a revision that certainly runs the saved bytes */
async function revisionBack(attempt: Attempt, state: StateThere): Promise<string> {
  const { call, scene } = attempt;
  const saved = await lookAtRevision(call, state.revision);
  if (saved === null) {
    throw new TargetFailure('not-found', `the task definition ${revisionName(state.revision)} was deleted`, {
      remedy: 'register it again by hand, and say done-by-hand',
    });
  }
  const isInUse = scene.primary.taskDefinition === saved.arn;
  const usable = saved.definition.status === 'ACTIVE' || isInUse;
  if (usable && !(isInUse && (await runsOthers(attempt, state))) && (await meansSaved(call, saved, state)))
    return saved.arn;
  const content = withDigests(contentOf(saved.definition), state.images);
  return revisionFor(attempt, { content, version: null, inherited: saved.tags });
}

/** The revision is right, but its tag meant other bytes when these tasks started. */
async function runsOthers({ call, scene }: Attempt, state: StateThere): Promise<boolean> {
  if (state.desired === 0) return false;
  const { tasks, images, mixed } = await see(call, scene, null);
  if (tasks.length === 0) return false;
  return mixed.length > 0 || Object.entries(state.images).some(([name, digest]) => images[name] !== digest);
}

/** Does every image of the revision still mean what the tasks reported? What cannot be asked does not. */
async function meansSaved(call: EcsCall, { definition }: Revision, state: StateThere): Promise<boolean> {
  for (const { name = '', image = '' } of definition.containerDefinitions ?? []) {
    const saved = state.images[name];
    if (saved !== undefined && !(await means(call, image, saved))) return false;
  }
  return true;
}

async function means(call: EcsCall, reference: string, saved: string): Promise<boolean> {
  const image = parseImage(reference);
  if (image.digest === saved) return true;
  if (!isEcr(image)) return false;
  const now = image.digest ?? (await resolveImage(call, reference));
  if (now === null || now === saved) return now !== null;
  return (await manifestOf(call, image, { imageDigest: now })).members.includes(saved);
}

/** `moved`: something was brought to the service once. Emptied again for what is back: nothing old answers any more. */
async function emptyCache(call: EcsCall, moved: boolean): Promise<Step<unknown>> {
  const { invalidate: order, region, endpoint, profile } = call.spec;
  if (order === null || !moved) return { state: 'done', value: null };
  return invalidate(call, { ...order, place: { region, endpoint, profile }, reference: 'back' });
}

async function settle({ call }: Attempt, to: ToSavepoint): Promise<Step<Restored>> {
  const scene = await lookAtService(call);
  const now = scene === null ? fingerprintOfNothing('absent') : await fingerprintNow(call, scene);
  const proof = prove(to.fingerprint, now);
  if (proof.differences.length > 0) {
    const evidence = proof.differences.map(({ part, expected, actual }) => `${part}: ${actual} instead of ${expected}`);
    throw new TargetFailure('failed', `${call.target} is back, but not as it was`, { evidence: evidence.join('\n') });
  }
  const downtimeMs = outages.get(call.key) ?? 0;
  const runs = revisionName(scene?.primary.taskDefinition ?? 'nothing');
  const detail = to.absent ? `no task of ${call.target} runs, as before` : `${call.target} runs ${runs} again`;
  return { state: 'done', value: { proof, downtimeMs, kept: null, detail } };
}

/** There was no service. One that somebody made meanwhile is not Savepoint's to remove: its tasks are stopped. */
async function restoreMissing(call: EcsCall, to: ToSavepoint, attempt: Attempt | null): Promise<Step<Restored>> {
  if (to.state.service === 'there') {
    throw new TargetFailure('not-found', `the service ${call.spec.service} was deleted`, {
      remedy: `create it again with the task definition ${revisionName(to.state.revision)}, then try again`,
    });
  }
  if (attempt === null) {
    const proof = prove(to.fingerprint, fingerprintOfNothing('absent'));
    return { state: 'done', value: { proof, downtimeMs: 0, kept: null, detail: 'there is no service, as before' } };
  }
  if (attempt.scene.service.desiredCount !== 0) await updateService(attempt, { revision: null, desired: 0 });
  const left = await tasksLeft(call);
  if (left > 0) return { state: 'working', detail: `${left} tasks still run`, lookAgainMs: 2_000 };
  return settle(attempt, to);
}
