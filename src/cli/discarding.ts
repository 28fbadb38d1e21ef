import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Seen } from '../client/reading.ts';
import type { Plan } from '../release/plan.ts';
import { duration } from '../release/wording.ts';
import { Refused } from './failing.ts';
import type { KeptOf } from './keeping.ts';

/** Who discards what, and why. Times are ISO 8601. */
export type Discarding = { by: string; reason: string; at: string };

/** What older runs still need: what a release saved, installed or began may be what it goes back to. */
export function refuseWhileNeeded(kept: KeptOf, run: Seen | null): void {
  if (run === null) return;
  // What was set aside before a release began is nothing that it goes back to.
  if (kept.what === 'superseded' && kept.since !== null && kept.since < run.startedAt) return;
  const path = `${kept.target}/${kept.name}`;
  if (run.running) {
    const doing = `${run.workflowId} ${run.version ?? ''}`.trim();
    throw new Refused(`${path} may still be needed: ${doing} is active`, 'Wait until it has ended: savepoint status');
  }
  if (kept.what === 'superseded' || (run.outcome !== null && run.outcome !== 'abandoned')) return;
  throw new Refused(
    `${path} may still be needed: ${run.workflowId} was left dirty`,
    'Start again with --resume, --restore or --accept-dirty first.',
  );
}

/** @throws Refused for what is younger than `olderThanMs`, or of an age that nobody knows; null: whatever its age */
export function refuseYoung(kept: KeptOf, olderThanMs: number | null, nowMs: number): void {
  if (olderThanMs === null) return;
  const path = `${kept.target}/${kept.name}`;
  const remedy = 'Wait, lower --older-than, or use --now.';
  if (kept.since === null) throw new Refused(`nobody knows how old ${path} is`, remedy);
  const ageMs = nowMs - Date.parse(kept.since);
  if (ageMs >= olderThanMs) return;
  throw new Refused(`${path} is ${duration(ageMs)} old, younger than ${duration(olderThanMs)}`, remedy);
}

/**
 * Carries out `discard` between two writings of the record: `….part` says that it was begun, the file that it is done.
 * @returns the record's file
 */
export async function recorded(
  plan: Pick<Plan, 'records' | 'application' | 'environment'>,
  { kept, discarding }: { kept: KeptOf; discarding: Discarding },
  discard: () => Promise<unknown>,
): Promise<string> {
  const folder = join(plan.records, plan.application, plan.environment, 'discarded');
  await mkdir(folder, { recursive: true });
  const name = `${discarding.at}-${kept.target}-${kept.name}`.replaceAll(/[^A-Za-z0-9._-]/g, '-');
  const file = join(folder, `${name}.json`);
  const { obstacle: _, ...what } = kept;
  const { application, environment } = plan;
  const record = { schemaVersion: 1, application, environment, ...what, ...discarding };
  await writeFile(`${file}.part`, `${JSON.stringify({ ...record, discardedAt: null }, null, 2)}\n`, { flag: 'wx' });
  await discard().catch(async (error: unknown) => {
    // A target that says no has removed nothing; anything else may have, and then the record stays begun.
    if (saysNo(error)) await rm(`${file}.part`, { force: true });
    throw error;
  });
  const discardedAt = new Date().toISOString();
  await writeFile(`${file}.part`, `${JSON.stringify({ ...record, discardedAt }, null, 2)}\n`);
  await rename(`${file}.part`, file);
  return file;
}

function saysNo(error: unknown): boolean {
  const kind = error instanceof Error && error.name === 'TargetFailure' && 'kind' in error ? String(error.kind) : '';
  return ['refused', 'not-found', 'busy', 'permission'].includes(kind);
}
