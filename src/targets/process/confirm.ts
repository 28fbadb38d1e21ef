import type { Confirmation } from '../../release/target.ts';
import { changedFiles } from '../shell/tree.ts';
import { askUsersWay } from './health.ts';
import { directoryOf, type ProcessCall, placeOf } from './place.ts';
import { manifestOf } from './proof.ts';
import type { Service } from './services.ts';
import { look } from './switching.ts';

/**
 * Are users led to exactly what was pinned, and does it answer? Looks at the switch file, at the processes and at what
 * users get, so that it does not matter who started or switched.
 */
export async function confirm(call: ProcessCall, change: string, version: string): Promise<Confirmation> {
  call.signal.throwIfAborted();
  if (change !== 'deploy') return { state: 'unknown', detail: `a process does not know the change ${change}` };
  if (call.pinned === null) return { state: 'unknown', detail: `nothing was prepared for ${version}` };
  const { lead, current } = await look(placeOf(call));
  if (lead.to === 'nothing') return { state: 'not-done', detail: 'users are led nowhere' };
  if (lead.to === 'maintenance') return { state: 'not-done', detail: 'users are led to maintenance' };
  if (current === null) {
    const detail = `users are led to port ${lead.port} and version ${lead.version}, which is no service of ${call.target}`;
    return { state: lead.version === version ? 'unknown' : 'not-done', detail };
  }
  if (current.digest !== call.pinned.digest) {
    return { state: 'not-done', detail: `users are led to ${current.install}, which is not what was prepared` };
  }
  return confirmService(call, current);
}

/** A version that ran with other files than the pinned ones has a manifest that says so. */
async function confirmService(call: ProcessCall, service: Service): Promise<Confirmation> {
  const place = placeOf(call);
  const { tree } = await manifestOf(place, service.install);
  const changed = await changedFiles(directoryOf(place, service.install), tree);
  if (changed.length > 0) {
    const detail = `files of ${service.install} were changed: ${changed.slice(0, 3).join(', ')}`;
    return { state: 'unknown', detail };
  }
  const health = await askUsersWay(call, service);
  if (health.good) return { state: 'done', detail: `users get ${service.version} from ${service.install}` };
  const other = health.version !== null && health.version !== service.version;
  return { state: other ? 'not-done' : 'unknown', detail: `users are led to ${service.install}: ${health.said}` };
}
