import { describe, expect, it } from 'vitest';
import {
  type Certificate,
  type DrilledTarget,
  judgeCertificates,
  shapeOf,
  showsBackward,
} from '../../src/release/certificate.ts';
import { canonicalJson } from '../../src/release/digest.ts';
import { chosenCases, drillCases, drilledPlan, fixedTargets, looksLikeProduction } from '../../src/release/drill.ts';
import { compareSeen } from '../../src/release/drill-status.ts';
import type { Plan } from '../../src/release/plan.ts';
import { certificate, drillablePlan } from './certificates.ts';

describe('what a drill tries', () => {
  it('is the first change of each rollback point in each way, and the watch', () => {
    expect(drillCases(drillablePlan()).map(({ at, how, point }) => `${point} ${at} ${how}`)).toEqual([
      '1 migrate database before',
      '1 migrate database after',
      '1 migrate database lost',
      '2 deploy backend before',
      '2 deploy backend after',
      '2 deploy backend lost',
      '2 watch watch',
    ]);
  });

  it('has no watch where the plan has none', () => {
    expect(drillCases({ ...drillablePlan(), watch: null }).map(({ at }) => at)).not.toContain('watch');
    expect(drillCases({ ...drillablePlan(), targets: [], steps: [] })).toEqual([]);
    expect(drilledPlan({ ...drillablePlan(), watch: null }).watch).toBeNull();
  });

  it('can be any step that changes something, in one way, and nothing else', () => {
    const plan = drillablePlan();
    expect(chosenCases(plan, { at: 'seed database', how: 'after' })).toEqual([
      { at: 'seed database', how: 'after', point: 1 },
    ]);
    expect(chosenCases(plan, { how: 'watch' })).toEqual([{ at: 'watch', how: 'watch', point: 2 }]);
    expect(chosenCases(plan, { at: 'snapshot database' })).toEqual([]);
    expect(chosenCases(plan, { at: 'deploy backend', how: 'watch' })).toEqual([]);
    expect(chosenCases(plan, {})).toEqual(drillCases(plan));
    expect(chosenCases(plan, { at: 'watch' })).toEqual([{ at: 'watch', how: 'watch', point: 2 }]);
    expect(chosenCases(plan, { at: 'deploy backend' }).map(({ how }) => how)).toEqual(['before', 'after', 'lost']);
  });

  it('waits for nobody and for no window, and watches for seconds', () => {
    const { steps } = drillablePlan();
    const rehearse = { ...steps[0], id: 'rehearse database', activity: 'rehearse' } as (typeof steps)[number];
    const plan = drilledPlan({ ...drillablePlan(), steps: [rehearse, ...steps], drillWithinMs: 1000 });
    expect(plan.steps.map(({ id }) => id)).toEqual(steps.map(({ id }) => id));
    expect(plan).toMatchObject({ gate: null, window: null });
    expect(plan).not.toHaveProperty('drillWithinMs');
    expect(plan.watch).toMatchObject({ stretches: [{ everyMs: 3000, forMs: 3000 }], reviewAfterMs: null });
    expect(plan.steps.every((step) => !('onFailure' in step))).toBe(true);
    expect(plan.targets).toEqual(drillablePlan().targets);
  });
});

describe('where a drill is refused', () => {
  it.each([
    ['production', true],
    ['prod', true],
    ['Prod-eu', true],
    ['live', true],
    ['eu-production', true],
    ['shop_prod2', true],
    ['prd', true],
    ['eu.live', true],
    ['staging', false],
    ['preprod', false],
    ['pre-production', false],
    ['non-prod', false],
    ['delivery', false],
    ['livestock', false],
    ['not-live', false],
  ])('%s: %s', (environment, refused) => {
    expect(looksLikeProduction(environment)).toBe(refused);
  });

  it('knows the targets that another environment does not move', () => {
    expect(fixedTargets(drillablePlan())).toEqual(['backend']);
  });
});

describe('the shape of a plan', () => {
  const shape = (plan: Plan): string => canonicalJson(shapeOf(plan));
  const plan = drillablePlan();
  const [database, backend] = plan.targets;
  if (database === undefined || backend === undefined) throw new Error('the plan has two targets');

  it.each<[string, Partial<Plan>]>([
    ['version', { version: 'v9' }],
    ['environment', { environment: 'production' }],
    ['directories', { home: '/elsewhere', records: '/elsewhere/records' }],
    ['addresses', { targets: [{ ...database, spec: { url: '${env:OTHER}' } }, backend] }],
    ['gate', { gate: null, drillWithinMs: 5 }],
    ['a default that is written out', { rollback: { holdMs: plan.rollback.holdMs } }],
    ['empty lists', { rollback: { ...plan.rollback, ignore: [], marks: [] } }],
  ])('does not depend on %s', (_, other) => {
    expect(shape({ ...plan, ...other })).toBe(shape(plan));
  });

  it.each<[string, Partial<Plan>]>([
    ['compatibility', { targets: [{ ...database, compatibility: { backward: false, forward: false } }, backend] }],
    ['writers', { targets: [{ ...database, writers: [] }, backend] }],
    ['scope', { targets: [database, { ...backend, scope: 'self' }] }],
    ['needs', { targets: [database, { ...backend, needs: [] }] }],
    ['kind', { targets: [database, { ...backend, kind: 'process' }] }],
    ['holds', { targets: [{ ...database, traits: { ...database.traits, holds: false } }, backend] }],
    ['steps', { steps: plan.steps.slice(1) }],
    ['what a step is', { steps: plan.steps.map((step, index) => (index === 1 ? { ...step, id: 'other' } : step)) }],
    ['rollback points', { steps: plan.steps.map((step) => ({ ...step, point: 0 })) }],
    ['watch', { watch: null }],
    ['loss', { rollback: { ...plan.rollback, dataLoss: 'refuse' } }],
    ['ignored tables', { rollback: { ...plan.rollback, ignore: ['sessions'] } }],
    ['marked rows', { rollback: { ...plan.rollback, marks: [{ table: 'orders', column: 'note', like: 'smoke%' }] } }],
  ])('depends on %s', (_, other) => {
    expect(shape({ ...plan, ...other })).not.toBe(shape(plan));
  });

  it('says in words of the plan whether it is watched, and what is lost', () => {
    const asks = { dataLoss: 'ask', ignore: [], marks: [] };
    expect(shapeOf(plan)).toMatchObject({ watch: true, rollback: asks });
    expect(shapeOf({ ...plan, watch: null, rollback: { holdMs: 1 } })).toMatchObject({ watch: false, rollback: asks });
  });
});

describe('certificates', () => {
  const now = Date.parse('2026-03-07T00:00:00Z');
  const wanted = { shape: 'mine', nowMs: now, withinMs: 30 * 24 * 3_600_000 };
  const good = certificate({ shape: 'mine', endedAt: '2026-03-01T00:00:00Z' });

  it('open a gate when the newest of the shape passed, is complete and young', () => {
    expect(judgeCertificates([good], wanted)).toEqual({ certificate: good, refusal: null });
    const otherShape = certificate({ shape: 'other', endedAt: '2026-03-02T00:00:00Z', passed: false });
    expect(judgeCertificates([otherShape, good], wanted).refusal).toBeNull();
  });

  it('are not made good by an older one, nor by parts', () => {
    const failed = certificate({ shape: 'mine', endedAt: '2026-03-02T00:00:00Z', passed: false, complete: false });
    expect(judgeCertificates([good, failed], wanted).refusal).toContain('failed');
    const part = certificate({ shape: 'mine', endedAt: '2026-03-02T00:00:00Z', complete: false });
    expect(judgeCertificates([good, part], wanted).refusal).toBeNull();
    expect(judgeCertificates([part], wanted).refusal).toContain('only in parts');
  });

  it('are refused to the millisecond of their age', () => {
    const endedAt = new Date(now - wanted.withinMs).toISOString();
    expect(judgeCertificates([{ ...good, endedAt }], wanted).refusal).toBeNull();
    expect(judgeCertificates([{ ...good, endedAt }], { ...wanted, nowMs: now + 1 }).refusal).toContain('30 days');
    expect(judgeCertificates([], wanted).refusal).toContain('never drilled');
  });
});

describe('a certificate', () => {
  const target = { tookMs: 1, downtimeMs: 0, rowsLost: null, rowsCarried: null, kept: null } as const;
  const backend = { ...target, target: 'backend', state: 'restored', proved: 'version' } as const;
  const database = { ...target, target: 'database', state: 'restored', proved: 'content' } as const;
  const drilled = (restored: DrilledTarget[], tidied: DrilledTarget[]): Certificate => {
    const numbers = { tookMs: 1, downtimeMs: 0, rowsLost: null, problem: null, digest: null };
    const of = {
      at: 'deploy backend',
      how: 'after',
      point: 2,
      release: 'r',
      runId: 'r',
      outcome: 'rolled-back',
    } as const;
    const ran = (name: string) => ({ target: name, ran: 'v1', same: true, differences: [], contents: [] });
    const targets = [ran('database'), ran('backend')];
    return certificate({ cases: [{ ...numbers, ...of, restored, tidied }], targets });
  };
  const smoke = { name: 'smoke', kind: 'http', critical: true, withinMs: 0, everyMs: 0, remedy: null, spec: null };
  const plan = { ...drillablePlan(), afterRollback: [smoke] };
  const running = new Map([
    ['database', 'v1'],
    ['backend', 'v1'],
  ]);

  it('shows that the previous code runs on the new schema where the schema stayed and the shop was asked', () => {
    const shown = drilled([backend], [database]);
    expect(showsBackward(shown, { plan, running })).toBe(true);
    // One case is enough, and other targets of it may have stayed.
    const [other] = drilled([], []).cases;
    const cases = [...shown.cases, ...(other === undefined ? [] : [other])];
    expect(showsBackward({ ...shown, cases }, { plan, running })).toBe(true);
    const stayed = { ...backend, target: 'frontend', state: 'unchanged' } as const;
    expect(showsBackward(drilled([backend, stayed], [database]), { plan, running })).toBe(true);
  });

  it('shows nothing of it where nobody asked, the schema went back too, or something else runs here', () => {
    const shown = drilled([backend], [database]);
    expect(showsBackward(shown, { plan: drillablePlan(), running })).toBe(false);
    expect(showsBackward(drilled([backend, database], []), { plan, running })).toBe(false);
    expect(showsBackward(drilled([], [database]), { plan, running })).toBe(false);
    expect(showsBackward(drilled([database], [database]), { plan, running })).toBe(false);
    expect(showsBackward(drilled([{ ...backend, state: 'failed' }], [database]), { plan, running })).toBe(false);
    expect(showsBackward(drilled([backend], [{ ...backend, target: 'frontend' }]), { plan, running })).toBe(false);
    expect(showsBackward(shown, { plan: { ...plan, version: 'v3' }, running })).toBe(false);
    expect(showsBackward(shown, { plan, running: new Map([...running, ['backend', 'v0']]) })).toBe(false);
  });
});

describe('a target after a drill', () => {
  const at = (parts: [string, 'structure' | 'content' | 'version', string][], running = 'v1') => ({
    running,
    fingerprint: { takenAt: '', parts: parts.map(([name, level, value]) => ({ name, level, value })) },
  });
  const before = at([
    ['tables', 'structure', 'a'],
    ['orders', 'content', '3:7'],
  ]);

  it('is as it was although users wrote to a database, which is shown', () => {
    const after = at([
      ['tables', 'structure', 'a'],
      ['orders', 'content', '4:9'],
    ]);
    const database = { name: 'database', traits: { stores: true } };
    expect(compareSeen(database, before, after)).toMatchObject({ same: true, contents: [{ part: 'orders' }] });
    const code = { name: 'backend', traits: { stores: false } };
    expect(compareSeen(code, before, after)).toMatchObject({ same: false, differences: [{ part: 'orders' }] });
  });

  it('is not as it was when its structure or what runs differs', () => {
    const database = { name: 'database', traits: { stores: true } };
    const migrated = at([
      ['tables', 'structure', 'b'],
      ['orders', 'content', '3:7'],
    ]);
    expect(compareSeen(database, before, migrated).same).toBe(false);
    expect(compareSeen(database, before, { ...before, running: 'v2' }).same).toBe(false);
  });
});
