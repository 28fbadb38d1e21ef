import type { Outcome, ReleaseResult, RestoredTarget } from '../../release/status.ts';
import { resultTable } from '../../report/table.ts';
import type { Intended } from './intended.ts';
import { unintended } from './intended.ts';
import type { Reconciliation } from './reconcile.ts';

/** One release as it ended. `downtimeMs` was measured from outside, by asking the shop. */
export type Released = { wanted: Intended; result: ReleaseResult; downtimeMs: number };

/** What `npm run demo -- --json` prints. Times are milliseconds; `rowsLost` is null where nobody measured. */
export type DemoDocument = {
  schemaVersion: 1;
  ordersAcknowledged: number;
  ordersMissing: number;
  releases: {
    version: string;
    outcome: Outcome;
    failedStep: string | null;
    restored: { target: string; proved: RestoredTarget['proved'] }[];
    rowsLost: number | null;
    downtimeMs: number;
    durationMs: number;
    workflowId: string;
    runId: string;
  }[];
};

export function demoDocument(releases: readonly Released[], orders: Reconciliation): DemoDocument {
  return {
    schemaVersion: 1,
    ordersAcknowledged: orders.acknowledged,
    ordersMissing: orders.missing.length,
    releases: releases.map(({ result, downtimeMs }) => ({
      version: result.version,
      outcome: result.outcome,
      failedStep: result.failedStep,
      restored: result.restored.map(({ target, proved }) => ({ target, proved })),
      rowsLost: result.rowsLost,
      downtimeMs,
      durationMs: result.durationMs,
      workflowId: result.workflowId,
      runId: result.runId,
    })),
  };
}

/** The table and the account of the orders, for people. */
export function demoSummary(releases: readonly Released[], orders: Reconciliation): string[] {
  const table = resultTable(releases.map(({ result, downtimeMs }) => ({ ...result, downtimeMs })));
  return ['', ...table.split('\n'), '', ...ordersInWords(orders, rowsLost(releases))];
}

function ordersInWords(orders: Reconciliation, lost: number): string[] {
  const { acknowledged, missing, wrong, doubled } = orders;
  const lines = [`${acknowledged} orders were acknowledged to customers while all this went on.`];
  if (missing.length + wrong.length + doubled.length === 0) lines.push('Every one of them is in the database, once.');
  if (missing.length > 0) lines.push(`${missing.length} of them are missing; ${lost} rows were reported as lost.`);
  if (wrong.length > 0) lines.push(`${wrong.length} of them are there with another number or total.`);
  if (doubled.length > 0) lines.push(`${doubled.length} of them are there twice.`);
  return lines;
}

/** Everything that is not as intended, one line each. None: the demo exits with 0. */
export function complaints(wanted: readonly Intended[], releases: readonly Released[], orders: Reconciliation) {
  const found = releases.flatMap((released) => unintended(released.wanted, released.result));
  const next = wanted[releases.length];
  if (next !== undefined) found.push(`the demo was stopped before ${next.version} had ended`);
  if (orders.acknowledged === 0) found.push('no order was acknowledged');
  if (orders.missing.length > rowsLost(releases))
    found.push('acknowledged orders are missing and not reported as lost');
  if (orders.wrong.length > 0) found.push('acknowledged orders were changed');
  if (orders.doubled.length > 0) found.push('orders were stored twice');
  return found;
}

function rowsLost(releases: readonly Released[]): number {
  return releases.reduce((sum, { result }) => sum + (result.rowsLost ?? 0), 0);
}
