import type { Question, ReleaseStatus, RestoredTarget, StepStatus } from '../../src/release/status.ts';

export function step(id: string, parts: Partial<StepStatus> = {}): StepStatus {
  const none = { startedAt: null, endedAt: null, detail: null, failure: null, checks: [], judgements: [] };
  return { id, target: null, state: 'waiting', ...none, ...parts };
}

export function done(id: string, second: number, ms: number): StepStatus {
  return step(id, { state: 'done', startedAt: at(second), endedAt: at(second, ms) });
}

/** A moment of the release: seconds after it started. */
export function at(second: number, ms = 0): string {
  return new Date(Date.parse('2026-03-07T02:00:00.000Z') + second * 1000 + ms).toISOString();
}

/** A release that goes on; tests change what they are about. */
export function going(parts: Partial<ReleaseStatus> = {}): ReleaseStatus {
  return {
    schemaVersion: 1,
    release: 'run-1',
    runId: 'run-1',
    workflowId: 'release/shop/production',
    application: 'shop',
    environment: 'production',
    version: 'v2',
    digest: '3fe55f515a295a58e670a36784c70125',
    requester: 'deployment-lead',
    phase: 'change',
    startedAt: at(0),
    endedAt: null,
    outcome: null,
    steps: [],
    savepoints: [],
    changed: [],
    held: {},
    restored: [],
    failedStep: null,
    failure: null,
    question: null,
    answered: [],
    refusals: [],
    halt: null,
    pausedUntil: null,
    waitingFor: null,
    watch: null,
    rowsLost: null,
    notes: [],
    timeline: [],
    writtenTo: [],
    continues: null,
    dirty: null,
    ...parts,
  };
}

export const gate: Question = {
  id: 'go-no-go',
  kind: 'go-no-go',
  text: 'Release shop v2 to production?',
  why: '- database (postgres) → v2, migration backward (claimed)',
  choices: [
    { id: 'approve', label: 'Go', needsReason: false },
    { id: 'reject', label: 'No-go', needsReason: true },
  ],
  deciders: ['deployment-lead', 'product-owner'],
  needs: 1,
  barred: 'deployment-lead',
  digest: '3fe55f515a295a58e670a36784c70125',
  askedAt: at(10),
  deadline: at(3610),
  onSilence: 'expire',
  answers: [],
  owner: null,
};

export const database: RestoredTarget = {
  target: 'database',
  state: 'restored',
  proved: 'content',
  proof: {
    level: 'content',
    parts: [
      { name: 'catalogue', level: 'structure' },
      { name: 'orders', level: 'content' },
      { name: 'order_lines', level: 'content' },
    ],
    differences: [],
  },
  kept: 'shop_superseded_run1',
  downtimeMs: 850,
  startedAt: at(30),
  endedAt: at(32),
  detail: null,
  failure: null,
};

/** Went back after its migration failed; everything that others wrote tries to be markup. */
export const wentBack = going({
  phase: 'ended',
  endedAt: at(40),
  outcome: 'rolled-back',
  steps: [
    done('snapshot database', 20, 400),
    step('migrate database', {
      target: 'database',
      state: 'failed',
      startedAt: at(21),
      endedAt: at(22, 200),
      failure: { kind: 'failed', message: '003.sql: column "<b>price</b>" | exists', remedy: 'Mend 003.sql.' },
    }),
    step('deploy backend', { state: 'skipped' }),
  ],
  restored: [database],
  failedStep: 'migrate database',
  failure: { kind: 'failed', message: '003.sql: column "<b>price</b>" | exists' },
  rowsLost: 0,
  answered: [{ ...gate, answers: [{ by: 'product-owner', choice: 'approve', at: at(12), note: null, how: 'update' }] }],
  refusals: [{ at: at(11), message: 'approve', by: 'intern', reason: 'intern may not answer this' }],
  timeline: [{ at: at(0), what: 'started' }],
});
