import { mayRun, type TargetFacts } from './compatibility.ts';

/** A target as a procedure sees it: facts, and what its kind can do. */
export type Restorable = TargetFacts & { holds: boolean; writers: readonly string[] };

/** One stage of the way back. It starts when every stage in `after` ended well. */
export type Stage = { id: string; do: 'hold' | 'restore' | 'resume'; target: string; after: string[] };

/** `held`: targets that are held already and stay so until their stage says otherwise. */
export type WayBack = { targets: readonly Restorable[]; restore: readonly string[]; held: readonly string[] };

/**
 * The stages of a procedure in the order of docs/rollback.md: hold what writes → databases → let the previous code in →
 * previous code, newest change first → start again what was held only for this.
 */
export function stagesOf(way: WayBack): Stage[] {
  const chosen = way.targets.filter((target) => way.restore.includes(target.name)).reverse();
  const databases = chosen.filter((target) => target.stores);
  const code = chosen.filter((target) => !target.stores);
  const stages: Stage[] = databases.length === 0 ? [] : holdStages(way, databases, code);
  for (const database of databases) stages.push(...databaseStages(database, stages));
  for (const target of code) {
    const after = databases.filter((database) => needsFirst(database)).map((database) => stageId('resume', database.name));
    stages.push({ id: stageId('restore', target.name), do: 'restore', target: target.name, after: known(after, stages) });
  }
  for (const name of way.held) {
    if (stages.some((stage) => stage.target === name && stage.do !== 'hold')) continue;
    const after = stages.filter((stage) => stage.do !== 'hold').map((stage) => stage.id);
    stages.push({ id: stageId('resume', name), do: 'resume', target: name, after });
  }
  return stages;
}

export function stageId(verb: Stage['do'], target: string): string {
  return `${verb} ${target}`;
}

/** New code that writes is stopped before the schema under it goes back; it is started again as the previous version. */
function holdStages(way: WayBack, databases: readonly Restorable[], code: readonly Restorable[]): Stage[] {
  const writers = new Set(databases.flatMap((database) => database.writers));
  const toHold = [...code.filter((target) => writers.has(target.name)), ...databases];
  return toHold
    .filter((target) => target.holds && !way.held.includes(target.name))
    .map((target) => ({ id: stageId('hold', target.name), do: 'hold', target: target.name, after: [] }));
}

function databaseStages(database: Restorable, before: readonly Stage[]): Stage[] {
  const holds = before.filter((stage) => stage.do === 'hold').map((stage) => stage.id);
  const restore: Stage = { id: stageId('restore', database.name), do: 'restore', target: database.name, after: holds };
  if (!database.holds) return [restore];
  return [restore, { id: stageId('resume', database.name), do: 'resume', target: database.name, after: [restore.id] }];
}

/** Previous code must wait for the database unless the plan declares that it runs on the new schema. */
function needsFirst(database: Restorable): boolean {
  return !mayRun('old', 'new', database.compatibility ?? { backward: false, forward: false });
}

/** A database whose kind cannot hold has no resume stage; its restore is awaited instead. */
function known(after: readonly string[], stages: readonly Stage[]): string[] {
  const ids = stages.map((stage) => stage.id);
  return after.map((id) => (ids.includes(id) ? id : id.replace(/^resume /, 'restore ')));
}
