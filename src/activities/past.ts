import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pastStages, pastStep } from '../report/history.ts';
import type { TargetInput } from './inputs.ts';

/** Reports are big, and the newest tell best. */
const mostReports = 10;

/** Activities that wait for what happens elsewhere, and what reports call them. */
const stages: Readonly<Record<string, string>> = { snapshot: 'snapshot', restoreBeside: 'beside', restore: 'restore' };

/**
 * How long an activity of a target took in the newest releases on record, in milliseconds, newest first. Records that
 * cannot be read tell nothing: they only say when to look again.
 */
export async function pastDurations({ place, target }: TargetInput, activity: string): Promise<number[]> {
  const stage = stages[activity];
  if (stage === undefined) return [];
  const folder = join(place.records, place.application, place.environment);
  const names = await readdir(folder).catch(() => []);
  const id = `${stage} ${target.name}`;
  const found: number[] = [];
  // Folders begin with the time at which their release started.
  for (const name of names.sort().reverse().slice(0, mostReports)) {
    const report = await readReport(join(folder, name, 'report.json'));
    const step = pastStep(report, id);
    if (step !== null) found.push(step);
    found.push(...pastStages(report, [target]).flatMap(({ stage: known, tookMs }) => (known === id ? [tookMs] : [])));
  }
  return found;
}

async function readReport(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}
