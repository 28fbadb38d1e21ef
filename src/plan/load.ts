import { dirname, resolve } from 'node:path';
import type { PlannedCheck } from '../release/check.ts';
import type { Plan } from '../release/plan.ts';
import { planDigest } from './digest.ts';
import { parseWritten } from './explain.ts';
import { fileObjections } from './files.ts';
import { normalise } from './normalise.ts';
import { inFileOrder, type Objection, type Path, type Problem } from './problem.ts';
import { referenceObjections, versionProblem, withVersion } from './references.ts';
import { rules } from './rules/all.ts';
import { sayings } from './rules/rule.ts';
import { salvage } from './salvage.ts';
import { releaseSchema, type WrittenRelease } from './schema/release.schema.ts';
import { secretObjections } from './secrets.ts';
import { placed, readSource } from './source.ts';
import { plannedSuite } from './suite.ts';

/**
 * - `host`: name of the machine whose worker serves local targets
 * - `taskQueue`: of the workflow, default `savepoint`
 * - `requester`: who starts the release, where that is known; rules about deciders then count without them
 * - `checkFiles`: false skips whether sources and migrations exist, for a host that does not have them
 */
export type Loading = { host: string; taskQueue?: string; requester?: string; checkFiles?: boolean };

/**
 * `digest`: SHA-256 of the normalised plan and the version. `warnings` are worth reading and stop nothing.
 * `suite`: every check under `checks`, also those that no release asks.
 */
export type LoadedPlan = { plan: Plan; digest: string; warnings: Problem[]; suite: PlannedCheck[] };

/** `problems`: everything that is wrong, in the order of the file, warnings among it. */
export type RefusedPlan = { problems: Problem[] };

/** Reads a plan file for a version. Whatever is wrong comes back at once and is never thrown. */
export async function loadPlan(file: string, version: string, loading: Loading): Promise<LoadedPlan | RefusedPlan> {
  const read = await readSource(file);
  const wrongVersion = versionObjection(file, version);
  if ('problems' in read) return { problems: [...wrongVersion, ...read.problems] };
  const { source } = read;
  const data = withVersion(source.data, version);
  const parsed = parseWritten<WrittenRelease>(releaseSchema, data);
  const written = parsed.value ?? salvage(releaseSchema, parsed);
  const further = [...referenceObjections(parsed.data), ...secretObjections(parsed.data)];
  if (written !== null) {
    const ruled = { written, requester: loading.requester ?? null };
    const applicable = rules.filter(({ whole }) => parsed.value !== null || !whole);
    further.push(...applicable.flatMap((rule) => sayings(rule, ruled)));
    if (loading.checkFiles !== false) further.push(...(await fileObjections(written, dirname(resolve(file)))));
  }
  const objections = [...parsed.objections, ...further.filter(({ path }) => !concerned(path, parsed.objections))];
  const problems = inFileOrder([...wrongVersion, ...objections.map((each) => placed(source, each))]);
  if (parsed.value === null || problems.some(({ severity }) => severity === 'error')) return { problems };
  const { host, taskQueue } = loading;
  const setting = { file, version, host, ...(taskQueue === undefined ? {} : { taskQueue }) };
  const plan = normalise(parsed.value, setting);
  return { plan, digest: planDigest(plan), warnings: problems, suite: plannedSuite(parsed.value) };
}

/** A rule says nothing about a part that the schema refused already. */
function concerned(path: Path, objections: readonly Objection[]): boolean {
  return objections.some((objection) => {
    const shorter = Math.min(path.length, objection.path.length);
    return shorter > 0 && path.slice(0, shorter).every((part, index) => part === objection.path[index]);
  });
}

function versionObjection(file: string, version: string): Problem[] {
  const message = versionProblem(version);
  if (message === null) return [];
  return [{ rule: 'version', severity: 'error', file, place: null, path: '', message, remedy: null }];
}
