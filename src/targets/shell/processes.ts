import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetFailure } from '../../release/failure.ts';

/**
 * Environment variables that mark every process Savepoint starts. They are how a later attempt, in another worker,
 * finds what an earlier one left: a pid file can lie, an environment cannot be lost while its process lives.
 */
export type Markers = Record<`SAVEPOINT_${string}`, string>;

/** `startTime` in clock ticks since boot tells a process from a later one with the same number. */
export type Found = { pid: number; startTime: string; group: number; markers: Markers };

/** Processes whose environment holds all of `wanted`, oldest first. Never this one. */
export async function findMarked(wanted: Markers): Promise<Found[]> {
  const entries = await readdir('/proc').catch(() => {
    throw new TargetFailure('refused', 'processes can only be found on a host with /proc', {
      remedy: 'run the worker of this target on Linux',
    });
  });
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.filter((pid) => pid !== process.pid).map((pid) => look(pid, wanted)));
  return found.filter((one) => one !== null).sort((a, b) => Number(a.startTime) - Number(b.startTime));
}

async function look(pid: number, wanted: Markers): Promise<Found | null> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (!environment.includes('SAVEPOINT_')) return null;
  const markers: Markers = {};
  for (const line of environment.split('\0')) {
    const equals = line.indexOf('=');
    if (line.startsWith('SAVEPOINT_')) markers[line.slice(0, equals) as `SAVEPOINT_${string}`] = line.slice(equals + 1);
  }
  const names = Object.keys(wanted) as `SAVEPOINT_${string}`[];
  if (!names.every((name) => markers[name] === wanted[name])) return null;
  const stat = await statOf(pid);
  return stat === null ? null : { pid, ...stat, markers };
}

/** Null for a process that is gone or only waits to be reaped. */
async function statOf(pid: number): Promise<{ startTime: string; group: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name stands in brackets and may hold anything, brackets and spaces too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const startTime = fields[19];
  if (state === undefined || state === 'Z' || state === 'X' || group === undefined || startTime === undefined)
    return null;
  return { startTime, group: Number(group) };
}

export async function isThere(found: Pick<Found, 'pid' | 'startTime'>): Promise<boolean> {
  return (await statOf(found.pid))?.startTime === found.startTime;
}

/**
 * Ends every process that `find` finds, with its group: SIGTERM, then SIGKILL after `graceMs`; returns when all are gone.
 * @returns how many had to be killed
 */
export async function endAll(find: () => Promise<Found[]>, graceMs: number): Promise<number> {
  let found = await find();
  if (found.length === 0) return 0;
  for (const one of found) send(one, 'SIGTERM', found);
  const killAt = Date.now() + graceMs;
  let killed = 0;
  while (found.length > 0) {
    await sleep(20);
    found = await find();
    if (Date.now() < killAt || found.length === 0) continue;
    if (killed === 0) killed = found.length;
    for (const one of found) send(one, 'SIGKILL', found);
  }
  return killed;
}

/** A stopped process takes no signal but SIGKILL, so it is woken too. Children may hide their environment: ask the group. */
function send(one: Found, signal: 'SIGTERM' | 'SIGKILL', all: readonly Found[]): void {
  const leads = all.some((other) => other.pid === one.group);
  for (const target of leads && one.pid === one.group ? [-one.group] : leads ? [] : [one.pid]) {
    try {
      process.kill(target, signal);
      process.kill(target, 'SIGCONT');
    } catch {
      // It is gone already.
    }
  }
}
