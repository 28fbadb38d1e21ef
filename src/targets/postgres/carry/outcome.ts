import type { Carried, TableLoss } from '../../../release/loss.ts';
import type { TablePlan } from './plans.ts';
import type { UserRow } from './rows.ts';

/** What became of the rows of one table. `unseen`: left rows that differ only where the old schema has no column. */
export type TableOutcome = {
  carried: number;
  left: { added: number; changed: number; removed: number };
  unseen: number;
  why: Map<string, number>;
  keyed: boolean;
};

export type Outcomes = Map<string, TableOutcome>;

function outcomeOf(outcomes: Outcomes, plan: TablePlan): TableOutcome {
  const found = outcomes.get(plan.name);
  if (found !== undefined) return found;
  const left = { added: 0, changed: 0, removed: 0 };
  const fresh = { carried: 0, left, unseen: 0, why: new Map(), keyed: plan.comparison.key !== null };
  outcomes.set(plan.name, fresh);
  return fresh;
}

function say(outcome: TableOutcome, why: string, count: number): void {
  outcome.why.set(why, (outcome.why.get(why) ?? 0) + count);
}

/** Counts carried rows, and says where more was in them than the old schema has columns for. */
export function countCarried(outcomes: Outcomes, plan: TablePlan, rows: UserRow[]): void {
  const outcome = outcomeOf(outcomes, plan);
  for (const { count } of rows) outcome.carried += count;
  for (const name of plan.read) {
    if (plan.columns.some((column) => column.name === name)) continue;
    const had = rows.filter(({ op, values }) => op === 'added' && values[name] != null).length;
    if (had > 0) say(outcome, `carried without ${name}, which the old schema does not have`, had);
  }
}

export function countLeft(outcomes: Outcomes, plan: TablePlan, { row, why }: { row: UserRow; why: string }): void {
  const outcome = outcomeOf(outcomes, plan);
  outcome.left[row.op] += row.count;
  if (row.op === 'changed' && row.changed.length === 0) outcome.unseen += 1;
  say(outcome, why, row.count);
}

export function leftOf({ left }: TableOutcome): number {
  return left.added + left.changed + left.removed;
}

export function carriedOf(into: Carried['into'], outcomes: Outcomes, files: string[]): Carried {
  const tables = [...outcomes].map(([table, outcome]) => ({
    table,
    carried: outcome.carried,
    left: leftOf(outcome),
    why: [...outcome.why].map(([why, count]) => (count === 1 ? why : `${why} (${count})`)),
  }));
  const sum = (of: 'carried' | 'left') => tables.reduce((total, table) => total + table[of], 0);
  return { into, carried: sum('carried'), left: sum('left'), tables, files };
}

/** What a restore would still undo once these rows are in the copy. */
export function remainingOf(outcomes: Outcomes): TableLoss[] {
  return [...outcomes]
    .filter(([, outcome]) => leftOf(outcome) > 0)
    .map(([table, { left, keyed }]) => {
      return { table, by: keyed ? 'key' : 'multiset', ...left, marked: 0, own: 0, ignored: false };
    });
}
