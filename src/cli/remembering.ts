import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../release/plan.ts';
import { type Expectations, expectationsOf, pastStages } from '../report/history.ts';

/** Reports are big, and the newest tell best how long a restore takes. */
const mostReports = 100;

/** What the reports in the plan's records tell of the time that restores take. Nothing is known without records. */
export async function expectationsIn(plan: Plan): Promise<Expectations> {
  const folder = join(plan.records, plan.application, plan.environment);
  const names = (await orNothing(readdir(folder))) ?? [];
  // Folders begin with the time at which their release started.
  const newest = names.sort().reverse().slice(0, mostReports);
  const reports = await Promise.all(
    newest.map((name) => orNothing(readFile(join(folder, name, 'report.json'), 'utf8'))),
  );
  return expectationsOf(reports.flatMap((text) => pastStages(parsed(text), plan.targets)));
}

/** A folder without a report, or without the right to read it, tells nothing. */
async function orNothing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'].includes(String(code))) return null;
    throw error;
  }
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
