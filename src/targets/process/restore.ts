import { TargetFailure } from '../../release/failure.ts';
import { prove } from '../../release/fingerprint.ts';
import type { Restored, Savepoint, Step } from '../../release/target.ts';
import { takeFile } from '../shell/files.ts';
import { bringUp } from './bring-up.ts';
import { askService } from './health.ts';
import { type Attempt, begin, keepProgress, type ProcessCall, type Progress, readProgress } from './place.ts';
import { fingerprintOf, fingerprintOfService, manifestOf, type ProcessState } from './proof.ts';
import { type Service, servicesOf, stopServices } from './services.ts';
import { drain, lead, leadTo, look, type Scene } from './switching.ts';

type Running = Extract<ProcessState, { install: string }>;
type ToSavepoint = Savepoint<ProcessState>;

/** How long a version that was kept ready may take to answer before it is started anew. */
const readyWithinMs = 3_000;

/**
 * Leads users back first and stops the replaced version last, so that no request fails while the previous version is
 * still ready. Where it is gone, it is started again from the exact files that were kept.
 */
export async function restore(call: ProcessCall, to: ToSavepoint): Promise<Step<Restored>> {
  const attempt = await begin(call);
  const { state } = to;
  if (state.install === null) return restoreNothing(attempt, to, state.lead);
  const service = await previous(attempt, state);
  if (service.state !== 'done') return service;
  return settle(attempt, to, service.value);
}

async function previous(attempt: Attempt, state: Running): Promise<Step<Service>> {
  const { call, place } = attempt;
  const scene = await look(place);
  const progress = await noteOutage(attempt, scene);
  const ready = readyService(scene, state, call);
  if (ready === undefined)
    return bringUp(attempt, {
      manifest: await manifestOf(place, state.install),
      preferred: state.port,
      verb: 'restore',
    });
  const health = await askService(call, ready);
  if (!health.good) {
    if (Date.now() - progress.startedAt <= readyWithinMs) {
      return { state: 'working', detail: `the previous version answers: ${health.said}`, lookAgainMs: 100 };
    }
    await stopServices(place.root, [ready], call.spec.stopWithin);
    return { state: 'working', detail: 'starting the previous version again', lookAgainMs: 0 };
  }
  await lead(attempt, leadTo(ready, call.spec.host));
  return { state: 'done', value: ready };
}

/**
 * The start that the savepoint saw, else another of the same files; never one that this release deployed.
 * One that this restore has started itself is not ready yet: bringUp waits for it.
 */
function readyService({ services }: Scene, state: Running, call: ProcessCall): Service | undefined {
  const exact = services.find(({ start }) => start === state.start);
  if (exact !== undefined) return exact;
  const foreign = ({ release, verb }: Service) => release !== call.release || verb !== 'deploy';
  return services.find((one) => one.install === state.install && one.key !== call.key && foreign(one));
}

/** Remembers since when users are cut off, so that a later look can say for how long. */
async function noteOutage(attempt: Attempt, { current }: Scene): Promise<Progress> {
  const progress = await readProgress(attempt);
  const over = progress.state === 'done';
  const startedAt = progress.startedAt === 0 || over ? Date.now() : progress.startedAt;
  const downSince =
    current === null ? ((over ? null : progress.downSince) ?? startedAt) : over ? null : progress.downSince;
  const noted: Progress = { ...progress, startedAt, downSince, state: over ? 'new' : progress.state };
  if (noted.startedAt !== progress.startedAt || noted.downSince !== progress.downSince)
    await keepProgress(attempt, noted);
  return noted;
}

async function settle(attempt: Attempt, to: ToSavepoint, service: Service): Promise<Step<Restored>> {
  const { call, place } = attempt;
  const proof = prove(to.fingerprint, await fingerprintOfService(call, place, service));
  const progress = await readProgress(attempt);
  if (proof.differences.length > 0) {
    const waited = Date.now() - Math.max(progress.switchedAt, progress.startedAt);
    const detail = proof.differences
      .map(({ part, expected, actual }) => `${part} ${actual} instead of ${expected}`)
      .join('; ');
    if (waited <= call.spec.health.timeout) return { state: 'working', detail, lookAgainMs: call.spec.health.every };
    throw new TargetFailure('failed', `${call.target} is back at ${to.version} but not as it was: ${detail}`);
  }
  const others = (await servicesOf(place.root)).filter(({ start }) => start !== service.start);
  const downtimeMs = progress.downSince === null ? 0 : Date.now() - progress.downSince;
  if (others.length > 0) {
    await drain(attempt);
    await stopServices(place.root, others, call.spec.stopWithin);
  }
  await takeFile(attempt.fence, place.heldFile);
  await keepProgress(attempt, { ...progress, state: 'done' });
  const detail = `${call.target} is at ${to.version}; ${others.length} other processes were stopped`;
  return { state: 'done', value: { proof, downtimeMs, kept: null, detail } };
}

async function restoreNothing(
  attempt: Attempt,
  to: ToSavepoint,
  before: 'nothing' | 'maintenance',
): Promise<Step<Restored>> {
  const { call, place } = attempt;
  await lead(attempt, { to: before });
  const services = await servicesOf(place.root);
  if (services.length > 0) await drain(attempt);
  await stopServices(place.root, services, call.spec.stopWithin);
  await takeFile(attempt.fence, place.heldFile);
  const proof = prove(to.fingerprint, await fingerprintOf(call, place, await look(place)));
  if (proof.differences.length > 0) throw new TargetFailure('failed', `something of ${call.target} still runs`);
  const detail = `${call.target} serves nothing, as before its first release`;
  return { state: 'done', value: { proof, downtimeMs: 0, kept: null, detail } };
}
