import { isChanged, isCode, mayRun, type TargetFacts } from './compatibility.ts';
import type { Compatibility } from './plan.ts';

/** A target as a procedure sees it: facts, and what its kind can do. `needs`: what it stands on; left out: all before it. */
export type Restorable = TargetFacts & {
  holds: boolean;
  writers: readonly string[];
  needs?: readonly string[] | undefined;
};

/**
 * One stage of the way back. It starts when every stage in `after` ended well and every stage in `behind` ended in
 * any way. `agree`, at most one: holds `holds`, measures what `measures` would lose and goes on only within what may be lost.
 */
export type Stage = {
  id: string;
  do: 'beside' | 'agree' | 'hold' | 'restore' | 'resume';
  target: string;
  after: string[];
  behind?: string[];
  holds?: string[];
  measures?: string[];
};

/**
 * `held`: targets that are held already and stay so until their stage says otherwise. `measured`: databases whose loss
 * is measured before anything is exchanged.
 */
export type WayBack = {
  targets: readonly Restorable[];
  restore: readonly string[];
  held: readonly string[];
  measured?: readonly string[];
};

/**
 * The stages of a procedure in the order of docs/rollback.md: build the copies of databases beside → hold what writes
 * and what may not see the old schema, and measure → databases → code that cannot be held → let writers in → the other
 * code, newest change first → caches, which would fill with old answers before → start again what was held and is not
 * restored. While a database is held, nothing runs on it. What does not wait for each other may run at the same time.
 */
export function stagesOf(way: WayBack): Stage[] {
  const measured = (way.measured ?? []).filter((name) => way.restore.includes(name));
  if (measured.length === 0) return unmeasured(way);
  const stages = unmeasured(way);
  const holds = stages.filter((stage) => stage.do === 'hold').map(({ target }) => target);
  const besides = measured.map((target): Stage => ({ id: `beside ${target}`, do: 'beside', target, after: [] }));
  const agree: Stage = {
    id: `agree on ${measured.join(', ')}`,
    do: 'agree',
    target: measured[0] ?? '',
    after: besides.map(({ id }) => id),
    holds,
    measures: [...measured],
  };
  const isOfHold = (id: string): boolean => stages.some((stage) => stage.id === id && stage.do === 'hold');
  const rest = stages
    .filter((stage) => stage.do !== 'hold')
    .map((stage) => {
      const waits = stage.after.some(isOfHold) || (stage.do === 'restore' && measured.includes(stage.target));
      const after = stage.after.filter((id) => !isOfHold(id));
      if (waits) return { ...stage, after: [agree.id, ...after] };
      // Nothing goes back before it is agreed what may be lost; if that cannot be told, the rest goes back all the same.
      return { ...stage, after, behind: [agree.id, ...(stage.behind ?? [])] };
    });
  return [...besides, agree, ...rest];
}

function unmeasured({ targets, restore, held }: WayBack): Stage[] {
  const newestFirst = targets.toReversed();
  const back = newestFirst.filter(({ name }) => restore.includes(name));
  const databases = back.filter(({ stores }) => stores);
  const code = back.filter(isCode);
  const caches = back.filter(({ cache }) => cache === true);
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
    ...late.map((each) => ({
      ...stage('restore', each, databases.filter(mustGoFirst).map(isOpenAfter)),
      ...behind(each, { late, targets, databases }),
    })),
    ...caches.map((each) => stage('restore', each, idsOf('restore', [...databases, ...code]))),
    ...started.map((each) => stage('resume', each, [...new Set([...databases, ...opened])].map(isOpenAfter))),
  ];
}

function stage(verb: Stage['do'], { name }: Restorable, after: string[]): Stage {
  return { id: stageId(verb, name), do: verb, target: name, after };
}

type Others = { late: readonly Restorable[]; targets: readonly Restorable[]; databases: readonly Restorable[] };

/**
 * What stands on a target goes back before it, so that nothing new runs on something old for longer than it must. Code
 * that was stopped for a database starts when that is open again; if it does not open, the code starts all the same.
 */
function behind(each: Restorable, { late, targets, databases }: Others): { behind?: string[] } {
  const standOnIt = late.filter((other) => needsOf(other, targets).includes(each.name));
  const stoppedFor = databases.filter((database) => mustStop(each, database) && !mustGoFirst(database));
  const ids = [...stoppedFor.map(isOpenAfter), ...idsOf('restore', standOnIt)];
  return ids.length === 0 ? {} : { behind: ids };
}

function needsOf(each: Restorable, targets: readonly Restorable[]): readonly string[] {
  return each.needs ?? targets.slice(0, targets.indexOf(each)).map(({ name }) => name);
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
