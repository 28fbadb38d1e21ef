import { describe, expect, it } from 'vitest';
import { complaints, demoDocument, demoSummary, type Released } from '../../src/dev/demo/document.ts';
import { type Intended, intended } from '../../src/dev/demo/intended.ts';
import type { Reconciliation } from '../../src/dev/demo/reconcile.ts';
import type { ReleaseResult } from '../../src/release/status.ts';

const allThere: Reconciliation = { acknowledged: 700, missing: [], wrong: [], doubled: [] };
const order = { key: 'order-1', id: 1001, totalCents: 100, at: '2026-01-01T00:00:00.000Z' };

function asWanted(wanted: Intended, changes: Partial<ReleaseResult> = {}): Released {
  const result: ReleaseResult = {
    schemaVersion: 1,
    outcome: wanted.outcome,
    application: 'shop',
    environment: 'production',
    version: wanted.version,
    release: 'release-1',
    runId: 'run-1',
    workflowId: 'release/shop/production',
    digest: null,
    failedStep: wanted.failedStep,
    failure: null,
    restored: wanted.restored.map((target) => ({ target, proved: 'digest', kept: null, detail: null })),
    stays: [],
    rowsLost: null,
    downtimeMs: 7,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:05.000Z',
    durationMs: 5000,
    decidedBy: null,
    notes: [],
    dirty: null,
    ...changes,
  };
  return { wanted, result, downtimeMs: 120 };
}

const releases = intended.map((wanted) => asWanted(wanted));

function complaintsWith(version: string, changes: Partial<ReleaseResult>): string[] {
  const changed = intended.map((wanted) => asWanted(wanted, wanted.version === version ? changes : {}));
  return complaints(intended, changed, allThere);
}

describe('the demo complains when', () => {
  it('a release ended in another way', () => {
    expect(complaintsWith('v2', { outcome: 'rolled-back', failedStep: 'smoke' })).toEqual([
      'v2 ended rolled-back instead of released',
      'v2 failed at smoke instead of none',
    ]);
  });

  it('a bad version failed for another reason than the planted one', () => {
    expect(complaintsWith('v7', { failedStep: 'deploy backend' })).toEqual([
      'v7 failed at deploy backend instead of smoke',
    ]);
  });

  it('a target was not restored, or restored without a proof', () => {
    expect(complaintsWith('v3', { restored: [] })).toEqual(['v3 did not restore database']);
    const unproved = [{ target: 'database', proved: 'unproved' as const, kept: null, detail: null }];
    expect(complaintsWith('v4', { restored: unproved })).toEqual(['v4 restored database without a proof']);
  });

  it('it was stopped before the last version', () => {
    expect(complaints(intended, releases.slice(0, 7), allThere)).toEqual(['the demo was stopped before v9 had ended']);
  });

  it('orders are missing without a word, changed, doubled, or nobody ordered', () => {
    const said = (orders: Partial<Reconciliation>) => complaints(intended, releases, { ...allThere, ...orders });
    expect(said({ missing: [order] })).toEqual(['acknowledged orders are missing and not reported as lost']);
    expect(said({ wrong: [{ acknowledged: order, stored: { id: 1001, totalCents: 1 } }] })).toHaveLength(1);
    expect(said({ doubled: ['order-1'] })).toEqual(['orders were stored twice']);
    expect(said({ acknowledged: 0 })).toEqual(['no order was acknowledged']);
  });
});

describe('the demo is content when', () => {
  it('every release ended as intended and every order is there', () => {
    expect(complaints(intended, releases, allThere)).toEqual([]);
  });

  it('a missing order was reported as lost', () => {
    const lost = releases.map((each) => ({ ...each, result: { ...each.result, rowsLost: 1 } }));
    expect(complaints(intended, lost, { ...allThere, missing: [order] })).toEqual([]);
  });
});

describe('what the demo prints', () => {
  it('is one document with what was measured, null where nobody measured', () => {
    const document = demoDocument(releases.slice(0, 2), { ...allThere, missing: [order] });
    expect(document).toEqual({
      schemaVersion: 1,
      ordersAcknowledged: 700,
      ordersMissing: 1,
      releases: [
        {
          version: 'v2',
          outcome: 'released',
          failedStep: null,
          restored: [],
          rowsLost: null,
          downtimeMs: 120,
          durationMs: 5000,
          workflowId: 'release/shop/production',
          runId: 'run-1',
        },
        {
          version: 'v3',
          outcome: 'rolled-back',
          failedStep: 'migrate database',
          restored: [{ target: 'database', proved: 'digest' }],
          rowsLost: null,
          downtimeMs: 120,
          durationMs: 5000,
          workflowId: 'release/shop/production',
          runId: 'run-1',
        },
      ],
    });
  });

  it('is a table with a line per release and an account of the orders', () => {
    const lines = demoSummary(releases, allThere);
    for (const { version } of intended) expect(lines.some((line) => line.startsWith(version))).toBe(true);
    expect(lines.at(-2)).toBe('700 orders were acknowledged to customers while all this went on.');
    expect(lines.at(-1)).toBe('Every one of them is in the database, once.');
    expect(demoSummary(releases, { ...allThere, missing: [order] }).at(-1)).toContain('1 of them are missing; 0 rows');
  });
});
