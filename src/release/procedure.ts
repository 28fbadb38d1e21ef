import { isChanged, mayRun, type TargetFacts } from './compatibility.ts';
import type { Compatibility } from './plan.ts';

/** A target as a procedure sees it: facts, and what its kind can do. */
export type Restorable = TargetFacts & { holds: boolean; writers: readonly string[] };

/** One stage of the way back. It starts when every stage in `after` ended well. */
export type Stage = { id: string; do: 'hold' | 'restore' | 'resume'; target: string; after: string[] };

/** `held`: targets that are held already and stay so until their stage says otherwise. */
export type WayBack = { targets: readonly Restorable[]; restore: readonly string[]; held: readonly string[] };

/**
 * The stages of a procedure in the order of docs/rollback.md: hold what writes and what may not see the old schema →
 * databases → code that cannot be held → let writers in → the other code, newest change first → start again what was
 * held and is not restored. While a database is held, nothing runs on it.
 */
export function stagesOf({ targets, restore, held }: WayBack): Stage[] {
  const newestFirst = targets.toReversed();
  const back = newestFirst.filter(({ name }) => restore.includes(name));
  const databases = back.filter(({ stores }) => stores);
  const code = back.filter(({ stores }) => !stores);
  const early = code.filter((each) => !each.holds && databases.some((database) => !maySeeOld(each, database)));
  const late = code.filter((each) => !early.includes(each));
  const opened = newestFirst.filter(
    (each) => each.stores && (held.includes(each.name) || (each.holds && back.includes(each))),
  );
  const started = targets.filter(({ name, stores }) => !stores && held.includes(name) && !restore.includes(name));
  const toHold = (database: Restorable): Restorable[] =>
    [...code.filter((each) => mustStop(each, database)), database].filter(
      (each) => each.holds && !held.includes(each.name),
    );
  return [
    ...inOrder([...code, ...databases], databases.flatMap(toHold)).map((each) => stage('hold', each, [])),
    ...databases.map((each) => stage('restore', each, idsOf('hold', toHold(each)))),
    ...early.map((each) => stage('restore', each, idsOf('restore', databases.filter(mustGoFirst)))),
    ...opened.map((each) => stage('resume', each, beforeOpening(each, { databases, early }))),
    ...late.map((each) => stage('restore', each, databases.filter(mustGoFirst).map(isOpenAfter))),
    ...started.map((each) => stage('resume', each, [...new Set([...databases, ...opened])].map(isOpenAfter))),
  ];
}

function stage(verb: Stage['do'], { name }: Restorable, after: string[]): Stage {
  return { id: stageId(verb, name), do: verb, target: name, after };
}

function stageId(verb: Stage['do'], target: string): string {
  return `${verb} ${target}`;
}

function idsOf(verb: Stage['do'], targets: readonly Restorable[]): string[] {
  return targets.map(({ name }) => stageId(verb, name));
}

function inOrder(order: readonly Restorable[], some: readonly Restorable[]): Restorable[] {
  return order.filter((each) => some.includes(each));
}

/** New code that writes, or that may not see the old schema, is stopped first; it starts again as the previous version. */
function mustStop(code: Restorable, database: Restorable): boolean {
  return database.writers.includes(code.name) || !maySeeOld(code, database);
}

function maySeeOld(code: Restorable, database: Restorable): boolean {
  return !isChanged(code) || mayRun('new', 'old', declaredOf(database));
}

/** On its new schema the previous code may not run, so it waits for this database. */
function mustGoFirst(database: Restorable): boolean {
  return !mayRun('old', 'new', declaredOf(database));
}

function declaredOf({ compatibility }: Restorable): Compatibility {
  return compatibility ?? { backward: false, forward: false };
}

/** Writers are let in when the database is restored, and so is the code that could not be stopped meanwhile. */
function beforeOpening(
  database: Restorable,
  { databases, early }: Record<'databases' | 'early', Restorable[]>,
): string[] {
  if (!databases.includes(database)) return [];
  return idsOf('restore', [database, ...early.filter((each) => !maySeeOld(each, database))]);
}

function isOpenAfter({ name, holds }: Restorable): string {
  return stageId(holds ? 'resume' : 'restore', name);
}
