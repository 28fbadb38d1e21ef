/** Where something stands in the plan: keys and positions in lists, from the root. */
export type Path = readonly (string | number)[];

/** Line and column, from 1. */
export type Place = { line: number; column: number };

export type Severity = 'error' | 'warning';

/** Something wrong at a path, before its place in the file is looked up. `at` says whether the key or the value is meant. */
export type Objection = {
  rule: string;
  severity: Severity;
  path: Path;
  at: 'key' | 'value';
  message: string;
  remedy: string | null;
};

/** One thing wrong with a plan. `place` is null where the file itself, or the version, is what is wrong. */
export type Problem = {
  rule: string;
  severity: Severity;
  file: string;
  place: Place | null;
  path: string;
  message: string;
  remedy: string | null;
};

/** `targets.database.verify[0].name`; positions in lists count from 0. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w-]+$/.test(part)) text += `["${part}"]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** `release.yaml:3:1: targets.database: message; remedy`. Warnings say so. */
export function formatProblem(problem: Problem): string {
  const place = problem.place === null ? '' : `:${problem.place.line}:${problem.place.column}`;
  const severity = problem.severity === 'warning' ? 'warning: ' : '';
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const remedy = problem.remedy === null ? '' : `; ${problem.remedy}`;
  return `${problem.file}${place}: ${severity}${path}${problem.message}${remedy}`;
}

/** In the order of the file, what has no place first. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  const line = (problem: Problem): number => problem.place?.line ?? 0;
  const column = (problem: Problem): number => problem.place?.column ?? 0;
  return [...problems].sort((a, b) => line(a) - line(b) || column(a) - column(b));
}
