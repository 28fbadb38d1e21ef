import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { LoadedPlan } from '../plan/load.ts';
import type { Problem } from '../plan/problem.ts';
import { UsageError } from './failing.ts';
import type { Io } from './io.ts';
import { defaultPlanFile } from './place.ts';

/** A plan that is refused: every problem, each with its place. Exit code 2. */
export class PlanProblems extends Error {
  readonly problems: readonly Problem[];
  readonly remedy: string;

  constructor(lines: readonly string[], problems: readonly Problem[]) {
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    super(lines.join('\n'));
    this.name = 'PlanProblems';
    this.problems = problems;
    this.remedy = errors === 1 ? '1 problem; nothing was done.' : `${errors} problems; nothing was done.`;
  }
}

/** Stands for the version where none was given: sources of no version are looked for then. */
export const anyVersion = '0.0.0';

/** Name of the machine whose worker serves local targets. */
export function hostName(env: NodeJS.ProcessEnv): string {
  return env.SAVEPOINT_HOST ?? hostname();
}

export type PlanRequest = { file: string | undefined; version: string | undefined; requester?: string };

/** Loads a plan for a version. Warnings go to stderr. @throws PlanProblems with everything that is wrong */
export async function mustLoadPlan(io: Io, { file, version, requester }: PlanRequest): Promise<LoadedPlan> {
  const { loadPlan } = await import('../plan/load.ts');
  const { formatProblem } = await import('../plan/problem.ts');
  const path = resolve(io.cwd, file ?? defaultPlanFile);
  const taskQueue = io.env.SAVEPOINT_TASK_QUEUE;
  const loaded = await loadPlan(path, version ?? anyVersion, {
    host: hostName(io.env),
    checkFiles: version !== undefined,
    ...(taskQueue ? { taskQueue } : {}),
    ...(requester === undefined ? {} : { requester }),
  });
  const shown = (problem: Problem): string => formatProblem({ ...problem, file: file ?? defaultPlanFile });
  if (!('problems' in loaded)) {
    for (const warning of loaded.warnings) io.say(shown(warning));
    return loaded;
  }
  if (await isMissing(path)) throw noPlan(file, version);
  throw new PlanProblems(loaded.problems.map(shown), loaded.problems);
}

function noPlan(file: string | undefined, version: string | undefined): UsageError {
  if (file === undefined) {
    return new UsageError(
      `there is no ${defaultPlanFile} here`,
      'savepoint init writes one; --plan names another file.',
    );
  }
  // `start v2` takes a version where `plan` and `validate` take a file.
  const meantVersion = version === undefined && !/[/\\]|\.ya?ml$/.test(file);
  const remedy = meantVersion ? `A version is given with --version ${file}.` : 'savepoint init writes one.';
  return new UsageError(`there is no plan at ${file}`, remedy);
}

async function isMissing(path: string): Promise<boolean> {
  const { access } = await import('node:fs/promises');
  return await access(path).then(
    () => false,
    () => true,
  );
}
