import { get, isGood, saidBy, valueAt } from '../shell/ask.ts';
import { lastLines } from '../shell/tail.ts';
import { endOfLog, type Place, type ProcessCall } from './place.ts';
import { listens, type Service } from './services.ts';

/** `version`: what it answered, null where the plan names no place for it. `said`: for people. */
export type Health = { good: boolean; version: string | null; said: string };

/** Asks one address for health and version. `expected` null: any version is good. */
async function askHealth(call: ProcessCall, base: string, expected: string | null): Promise<Health> {
  const { health } = call.spec;
  const address = `${base.replace(/\/$/, '')}${health.path}`;
  const reply = await get(address, Math.min(health.timeout, 2_000), call.signal);
  if (!isGood(reply)) return { good: false, version: null, said: saidBy(reply) };
  if (health.version === null) return { good: true, version: null, said: saidBy(reply) };
  const version = valueAt(reply.body, health.version) ?? null;
  if (version === null) return { good: false, version, said: `no version at ${health.version} in: ${saidBy(reply)}` };
  const good = expected === null || version === expected;
  return { good, version, said: good ? saidBy(reply) : `version ${version} instead of ${expected}` };
}

/** Asks the service itself, and makes sure that it is the one that answers. */
export async function askService(call: ProcessCall, service: Service): Promise<Health> {
  const health = await askHealth(call, `http://${call.spec.host}:${service.port}`, service.version);
  if (!health.good || (await listens(service))) return health;
  return { good: false, version: null, said: `another program answers on port ${service.port}` };
}

/** Asks where users ask; without `url` that is the service itself. */
export async function askUsersWay(call: ProcessCall, service: Service): Promise<Health> {
  return call.spec.url === null ? askService(call, service) : askHealth(call, call.spec.url, service.version);
}

/** Has the log said that the service started? True where the plan does not wait for a line. */
export async function saidStarted(call: ProcessCall, place: Place, start: string): Promise<boolean> {
  return call.spec.started === null || (await endOfLog(place, start, 1024 * 1024)).includes(call.spec.started);
}

export async function evidenceOf(place: Place, start: string): Promise<string> {
  return lastLines(await endOfLog(place, start));
}
