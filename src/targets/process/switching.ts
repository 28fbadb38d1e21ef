import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetFailure } from '../../release/failure.ts';
import { placeFile, readJson, takeFile } from '../shell/files.ts';
import { runCommand } from '../shell/run.ts';
import { lastLines } from '../shell/tail.ts';
import type { Attempt, Place } from './place.ts';
import { type Service, servicesOf } from './services.ts';

/** Where users are led. `nothing`: there is no switch file, as before a first release. */
export type Lead =
  | { to: 'nothing' }
  | { to: 'maintenance' }
  | { to: 'service'; host: string; port: number; version: string };

/** Everything about a target that can be seen now. `current`: the service that users are led to, if it lives. */
export type Scene = { lead: Lead; services: Service[]; current: Service | null };

async function readLead(place: Place): Promise<Lead> {
  const written = await readJson(place.switchFile);
  if (written === undefined || written === null || typeof written !== 'object' || Array.isArray(written)) {
    return { to: 'nothing' };
  }
  const { host, port, version, maintenance } = written;
  if (maintenance === true || typeof port !== 'number') return { to: 'maintenance' };
  return { to: 'service', host: String(host), port, version: String(version) };
}

export async function look(place: Place): Promise<Scene> {
  const [lead, services] = await Promise.all([readLead(place), servicesOf(place.root)]);
  if (lead.to !== 'service') return { lead, services, current: null };
  const there = services.filter(({ port }) => port === lead.port);
  const current = there.findLast(({ version }) => version === lead.version) ?? null;
  return { lead, services, current };
}

export function leadTo(service: Service, host: string): Lead {
  return { to: 'service', host, port: service.port, version: service.version };
}

function textOf(lead: Lead): string | null {
  if (lead.to === 'nothing') return null;
  if (lead.to === 'maintenance') return '{"maintenance":true}\n';
  return `${JSON.stringify({ host: lead.host, port: lead.port, version: lead.version })}\n`;
}

/** Leads users elsewhere by one rename, then tells the front. Whoever finds the switch made still tells the front once. */
export async function lead(attempt: Attempt, to: Lead): Promise<void> {
  const { place, fence } = attempt;
  const text = textOf(to);
  if (textOf(await readLead(place)) !== text) {
    if (text === null) await takeFile(fence, place.switchFile);
    else await placeFile(fence, place.switchFile, text);
  }
  await reload(attempt, text ?? 'nothing');
}

async function reload({ call, place, fence }: Attempt, text: string): Promise<void> {
  const command = call.spec.switch?.reload ?? null;
  if (command === null) return;
  const told = join(place.root, '.savepoint', 'reloaded.json');
  if ((await readJson(told)) === text) return;
  const env = { SAVEPOINT_ROOT: place.root, SAVEPOINT_KEY: call.key, SAVEPOINT_ROLE: 'reload' };
  const ran = await runCommand({ command, cwd: call.home, env, timeoutMs: 60_000, signal: call.signal });
  if (ran.exitCode !== 0) {
    throw new TargetFailure('failed', `the front of ${call.target} could not be told about the switch`, {
      evidence: lastLines(ran.output),
      done: [`wrote ${call.spec.switch?.file ?? 'the switch file'}`],
      notDone: ['reload'],
    });
  }
  await placeFile(fence, told, JSON.stringify(text));
}

/** Requests that were on their way to the version users have just left may end. */
export async function drain({ call }: Attempt): Promise<void> {
  if (call.spec.drain > 0) await sleep(call.spec.drain, undefined, { signal: call.signal });
}
