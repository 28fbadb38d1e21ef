import { TargetFailure } from '../../release/failure.ts';
import type { Step } from '../../release/target.ts';
import { get, isGood, saidBy, valueAt } from '../shell/ask.ts';
import type { EcsCall } from './look.ts';

/** What users get. `version`: as it was answered, null where the plan names no place for it or nothing good came. */
export type Served = { good: boolean; version: string | null; said: string };

const answerWithinMs = 5_000;

/** @returns null where the plan names no address */
export async function askServed({ spec, signal }: EcsCall): Promise<Served | null> {
  const { url, health } = spec;
  if (url === null) return null;
  const reply = await get(`${url.replace(/\/$/, '')}${health.path}`, answerWithinMs, signal);
  const said = saidBy(reply);
  if (!isGood(reply)) return { good: false, version: null, said };
  if (health.version === null) return { good: true, version: null, said };
  const version = valueAt(reply.body, health.version) ?? null;
  if (version === null) return { good: false, version, said: `no version at ${health.version} in: ${said}` };
  return { good: true, version, said };
}

/** Since when this worker waits for users to get something, by key of the call; another worker waits anew. */
const waitingSince = new Map<string, number>();

/**
 * Waits until users get a version. `version` null: any that answers well.
 * @throws TargetFailure `failed` when they do not within the patience of the plan
 */
export async function awaitServed(call: EcsCall, version: string | null): Promise<Step<null>> {
  const served = await askServed(call);
  const right = served?.version === null || version === null || served?.version === version;
  if (served === null || (served.good && right)) {
    waitingSince.delete(call.key);
    return { state: 'done', value: null };
  }
  const since = waitingSince.get(call.key) ?? Date.now();
  waitingSince.set(call.key, since);
  const detail = served.good
    ? `users get version ${served.version} instead of ${version}`
    : `users get: ${served.said}`;
  if (Date.now() - since <= call.spec.health.timeout) return { state: 'working', detail, lookAgainMs: 1_000 };
  waitingSince.delete(call.key);
  throw new TargetFailure('failed', `users do not get ${version ?? 'a good answer'} of ${call.target}`, {
    evidence: detail,
    done: ['all tasks run the wanted revision'],
    notDone: ['served'],
    remedy: 'check the load balancer and what lies in front of it',
  });
}
