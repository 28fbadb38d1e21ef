import { isChanged } from '../release/compatibility.ts';
import type { Plan } from '../release/plan.ts';
import { type Stage, stagesOf } from '../release/procedure.ts';
import type { Expectations } from './history.ts';
import type { Standpoint } from './standpoint.ts';

/**
 * What becomes of rows that users wrote since the savepoint. `untouched`: no database goes back · `none`: nobody could
 * write since · `counted`: counted to the row with writers held, before anything is exchanged · `unknown`: this kind
 * cannot tell.
 */
export type RowsAtStake = 'untouched' | 'none' | 'counted' | 'unknown';

/**
 * One way back: what it restores and its stages. `turns`: ids of stages that may run at the same time, turn after turn;
 * a stage does not wait for its whole turn but only for what it names. `expectedMs`: along the longest chain, null
 * where a restore on it is not known yet; `from`: the fewest past restores that this rests on.
 */
export type Way = {
  id: number;
  restores: string[];
  stages: Stage[];
  turns: string[][];
  rows: RowsAtStake;
  expectedMs: number | null;
  from: number;
};

/** Keeps ways apart by what they do, so that each is told once. */
export class Ways {
  readonly #plan: Plan;
  readonly #expectations: Expectations;
  readonly #ways = new Map<string, Way>();

  constructor(plan: Plan, expectations: Expectations) {
    this.#plan = plan;
    this.#expectations = expectations;
  }

  get all(): Way[] {
    return [...this.#ways.values()];
  }

  /** The way that brings these targets back from there; null where that is no target. */
  to(restores: readonly string[], from: Standpoint): Way | null {
    if (restores.length === 0) return null;
    const stages = this.#stages(restores, from);
    const rows = this.#rows(restores, from);
    const key = JSON.stringify([stages, rows]);
    const known = this.#ways.get(key);
    if (known !== undefined) return known;
    const way = { id: this.#ways.size + 1, restores: [...restores], stages, turns: turnsOf(stages), rows };
    const timed = { ...way, ...expectedOf(stages, this.#expectations) };
    this.#ways.set(key, timed);
    return timed;
  }

  #stages(restore: readonly string[], { targets, held, heldSinceSavepoint }: Standpoint): Stage[] {
    const restorables = targets.map((facts) => {
      const planned = this.#plan.targets.find(({ name }) => name === facts.name);
      const { needs, writers = [], traits } = planned ?? {};
      return { ...facts, holds: traits?.holds === true, writers, needs };
    });
    const measured = heldSinceSavepoint
      ? []
      : targets.filter((each) => each.stores && isChanged(each) && this.#measures(each.name)).map(({ name }) => name);
    return stagesOf({ targets: restorables, restore, held, measured });
  }

  #rows(restores: readonly string[], { targets, heldSinceSavepoint }: Standpoint): RowsAtStake {
    const databases = targets.filter(({ name, stores }) => stores && restores.includes(name));
    if (databases.length === 0) return 'untouched';
    if (heldSinceSavepoint) return 'none';
    return databases.every(({ name }) => this.#measures(name)) ? 'counted' : 'unknown';
  }

  #measures(target: string): boolean {
    return this.#plan.targets.find(({ name }) => name === target)?.traits.measures === true;
  }
}

function before(stage: Stage): string[] {
  return [...stage.after, ...(stage.behind ?? [])];
}

/** The earliest turn of a stage is the one after everything that it waits for. */
function turnsOf(stages: readonly Stage[]): string[][] {
  const turnOf = (stage: Stage): number => {
    const awaited = stages.filter(({ id }) => before(stage).includes(id));
    return awaited.length === 0 ? 0 : 1 + Math.max(...awaited.map(turnOf));
  };
  const turns: string[][] = [];
  for (const stage of stages) {
    const turn = turnOf(stage);
    turns[turn] = [...(turns[turn] ?? []), stage.id];
  }
  return turns;
}

/** Holds and resumes count where they are on record; without the restores and copies themselves nothing is expected. */
function expectedOf(stages: readonly Stage[], known: Expectations): Pick<Way, 'expectedMs' | 'from'> {
  const decisive = stages.filter(({ do: verb }) => verb === 'restore' || verb === 'beside');
  if (decisive.length === 0 || decisive.some(({ id }) => known[id] === undefined)) return { expectedMs: null, from: 0 };
  const endOf = (stage: Stage): number => {
    const awaited = stages.filter(({ id }) => before(stage).includes(id));
    return Math.max(0, ...awaited.map(endOf)) + (known[stage.id]?.ms ?? 0);
  };
  const from = Math.min(...decisive.map(({ id }) => known[id]?.n ?? 0));
  return { expectedMs: Math.max(...stages.map(endOf)), from };
}
