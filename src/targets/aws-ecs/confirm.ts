import type { Confirmation } from '../../release/target.ts';
import { otherDigests } from './deploy.ts';
import { shortDigest } from './images.ts';
import { type EcsCall, lookAtService } from './look.ts';
import { containerOf } from './prepare.ts';
import { askServed } from './served.ts';
import { see } from './state.ts';

/** Do all tasks run exactly the pinned bytes, and do users get the version? Whoever deployed them. */
export async function confirm(call: EcsCall, change: string, version: string): Promise<Confirmation> {
  call.signal.throwIfAborted();
  if (change === 'invalidate') return { state: 'unknown', detail: 'a cache does not tell whether it was emptied' };
  if (change !== 'deploy') return { state: 'unknown', detail: `a service does not know the change ${change}` };
  if (call.pinned === null) return { state: 'unknown', detail: `nothing was prepared for ${version}` };
  const scene = await lookAtService(call);
  if (scene === null) return { state: 'not-done', detail: 'there is no such service' };
  const sight = await see(call, scene, null);
  if (sight.tasks.length === 0) return { state: 'not-done', detail: 'no task runs' };
  const container = containerOf(call.pinned);
  const others = await otherDigests(call, container, sight.tasks);
  if (others.length > 0) {
    return {
      state: 'not-done',
      detail: `tasks run ${others.map(shortDigest).join(', ')}, which is not what was prepared`,
    };
  }
  const { deployments = [], runningCount, desiredCount } = scene.service;
  if (deployments.length !== 1 || runningCount !== desiredCount || scene.primary.rolloutState === 'IN_PROGRESS') {
    return { state: 'unknown', detail: 'what was prepared runs, and the deployment has not ended' };
  }
  return confirmServed(call, version);
}

async function confirmServed(call: EcsCall, version: string): Promise<Confirmation> {
  const served = await askServed(call);
  if (served === null) return { state: 'done', detail: 'all tasks run what was prepared; users were not asked' };
  if (!served.good) return { state: 'unknown', detail: `all tasks run what was prepared, users get: ${served.said}` };
  if (served.version === null || served.version === version) {
    return { state: 'done', detail: `all tasks run what was prepared, users get: ${served.said}` };
  }
  return { state: 'not-done', detail: `users get version ${served.version}` };
}
