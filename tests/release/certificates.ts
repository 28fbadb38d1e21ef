import type { Certificate } from '../../src/release/certificate.ts';
import type { Plan, PlannedStep, PlannedTarget } from '../../src/release/plan.ts';

function step(id: string, point: number, change: string | null): PlannedStep {
  const [activity = '', target = null] = id.split(' ');
  return {
    id,
    activity: activity as PlannedStep['activity'],
    phase: 'change',
    target,
    change,
    checks: [],
    requests: [],
    point,
    patienceMs: 1000,
    onFailure: [{ do: 'retry', times: 3, everyMs: 1000 }],
  };
}

const traits = { changes: [], stores: false, holds: true, prepares: false, splits: false, local: false };
const backward = { backward: true, forward: false };

const database: PlannedTarget = {
  name: 'database',
  kind: 'memory-database',
  traits: { ...traits, stores: true },
  compatibility: backward,
  writers: ['backend'],
  scope: 'all',
  spec: { url: '${env:DATABASE_URL}' },
};

const backend: PlannedTarget = {
  ...database,
  name: 'backend',
  kind: 'memory',
  traits,
  compatibility: null,
  writers: [],
  spec: { root: './run' },
};

/** A database and a service, a gate, a window, a long watch. */
export function drillablePlan(): Plan {
  const asking = { deciders: ['product-owner'], needs: 1, notRequester: true, deadlineMs: 1000, remindEveryMs: null };
  return {
    format: 1,
    application: 'shop',
    environment: 'staging',
    version: 'v2',
    home: '/shop',
    records: '/shop/records',
    window: { days: [6], from: '02:00', to: '06:00', timezone: 'UTC' },
    people: { 'product-owner': { name: 'Product owner', contact: null } },
    gate: { ...asking, escalate: [] },
    questions: { ...asking, escalate: [] },
    targets: [database, backend],
    steps: [
      step('snapshot database', 0, null),
      step('migrate database', 1, 'migrate'),
      step('seed database', 1, 'seed'),
      step('snapshot backend', 1, null),
      step('deploy backend', 2, 'deploy'),
    ],
    afterRollback: [],
    watch: {
      stretches: [
        { everyMs: 900_000, forMs: 14_400_000 },
        { everyMs: 3_600_000, forMs: 72_000_000 },
      ],
      probe: null,
      criteria: [],
      checks: [],
      minimumSamples: 10,
      maxUnwatched: 0.1,
      reviewAfterMs: 1000,
    },
    rollback: { holdMs: 60_000, dataLoss: 'ask', ignore: [] },
    notify: [],
    outside: [],
    taskQueue: 'savepoint',
    localTaskQueue: 'savepoint/test',
  };
}

/** A complete certificate that passed, unless said otherwise. */
export function certificate(more: Partial<Certificate>): Certificate {
  return {
    schemaVersion: 1,
    id: 'drill',
    application: 'shop',
    environment: 'staging',
    version: 'v2',
    shape: '',
    planDigest: '',
    digest: null,
    requester: 'deployment-lead',
    startedAt: '2026-03-01T00:00:00Z',
    endedAt: '2026-03-01T00:10:00Z',
    passed: true,
    complete: true,
    failure: more.passed === false ? 'the backend stayed' : null,
    cases: [],
    untried: [],
    targets: [],
    notes: [],
    ...more,
  };
}
