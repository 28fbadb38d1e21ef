import { TargetFailure } from '../../release/failure.ts';
import type { Fingerprint } from '../../release/fingerprint.ts';
import type { Savepoint, Step } from '../../release/target.ts';
import { begin } from './attempt.ts';
import { type EcsCall, lookAtService, type Scene } from './look.ts';
import { heldIn, revisionName } from './marks.ts';
import {
  type EcsState,
  expectAgreement,
  fingerprintOf,
  fingerprintOfNothing,
  see,
  stateOf,
  versionOf,
} from './state.ts';

/** Records what runs, by the digests that the tasks themselves report: a tag may have moved since they started. */
export async function save(call: EcsCall): Promise<Step<Savepoint<EcsState>>> {
  const attempt = await begin(call);
  if (attempt === null)
    return saved(call, { state: { service: 'missing' }, fingerprint: fingerprintOfNothing('absent') });
  const { scene } = attempt;
  refuseUnsettled(call, scene);
  const sight = await see(call, scene, heldIn(scene.tags));
  const state = stateOf(sight);
  if (state.desired === 0) return saved(call, { state, fingerprint: fingerprintOfNothing('absent') });
  expectAgreement(call, sight);
  const version = await versionOf(call, sight);
  return saved(call, { state, version, fingerprint: fingerprintOf(call, { ...sight, state, version }) });
}

type Found = { state: EcsState; fingerprint: Fingerprint; version?: string | null };

function saved(call: EcsCall, { state, fingerprint, version = null }: Found): Step<Savepoint<EcsState>> {
  const absent = state.service === 'missing' || state.desired === 0;
  const value: Savepoint<EcsState> = {
    target: call.target,
    kind: 'aws-ecs',
    release: call.release,
    takenAt: new Date().toISOString(),
    version,
    absent,
    heldMs: 0,
    fingerprint,
    state,
  };
  return { state: 'done', value };
}

/**
 * What is going on now is nothing to go back to.
 * @throws TargetFailure `refused`
 */
function refuseUnsettled({ spec }: EcsCall, { service, primary, tags }: Scene): void {
  if (heldIn(tags) !== null || service.desiredCount === 0) return;
  const remedy = 'wait until it has ended, then try again';
  const inProgress = (service.deployments?.length ?? 0) > 1 || primary.rolloutState === 'IN_PROGRESS';
  if (inProgress) {
    const what = `a deployment of ${revisionName(primary.taskDefinition ?? '')} is under way in ${spec.service}`;
    throw new TargetFailure('refused', what, { remedy });
  }
  if (primary.rolloutState === 'FAILED') {
    throw new TargetFailure('refused', `the last deployment of ${spec.service} failed: ${primary.rolloutStateReason}`, {
      remedy: 'bring the service back to something that works first',
    });
  }
  if ((service.runningCount ?? 0) === 0) {
    const what = `no task of ${spec.service} runs, although ${service.desiredCount} should`;
    throw new TargetFailure('refused', what, { remedy });
  }
}

/** What users get now, and from what. Claims nothing. */
export async function fingerprint(call: EcsCall): Promise<Fingerprint> {
  call.signal.throwIfAborted();
  const scene = await lookAtService(call);
  if (scene === null) return fingerprintOfNothing('absent');
  return fingerprintNow(call, scene);
}

/** Tasks that do not agree make a fingerprint that equals no savepoint. */
export async function fingerprintNow(call: EcsCall, scene: Scene): Promise<Fingerprint> {
  const isHeld = heldIn(scene.tags) !== null;
  if (scene.service.desiredCount === 0) return fingerprintOfNothing(isHeld ? 'stopped' : 'absent');
  const sight = await see(call, scene, null);
  const state = stateOf(sight);
  const images = Object.fromEntries(sight.mixed.map((name) => [name, 'mixed']));
  const version = await versionOf(call, sight);
  return fingerprintOf(call, {
    content: sight.content,
    version,
    state: { ...state, images: { ...state.images, ...images } },
  });
}
