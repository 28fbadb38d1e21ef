import { describe, expect, test } from 'vitest';
import type { DrilledCase, Unchanged } from '../../src/release/certificate.ts';
import { drillCases } from '../../src/release/drill.ts';
import { certificateFacts, compareSeen, type DrillStatus, drillDetails } from '../../src/release/drill-status.ts';
import type { FingerprintPart } from '../../src/release/fingerprint.ts';
import { certificate, drillablePlan } from './certificates.ts';

const planned = { at: 'deploy backend', how: 'after', point: 2 } as const;
const time = (second: number): string => new Date(Date.parse('2026-03-07T02:00:00Z') + second * 1000).toISOString();

describe('what a drill saw of a target', () => {
  const seen = (running: string | null, ...parts: FingerprintPart[]) => ({
    running,
    fingerprint: { takenAt: time(0), parts },
  });
  const rows = (value: string): FingerprintPart => ({ name: 'orders', level: 'content', value });
  const schema = (value: string): FingerprintPart => ({ name: 'schema', level: 'structure', value });
  const data = { name: 'database', traits: { stores: true } };
  const code = { name: 'backend', traits: { stores: false } };

  test('rows of a database may be others, its structure may not', () => {
    const moved = compareSeen(data, seen('v1', rows('a'), schema('s')), seen('v1', rows('b'), schema('s')));
    expect(moved).toEqual({
      target: 'database',
      ran: 'v1',
      same: true,
      differences: [],
      contents: [{ part: 'orders', level: 'content', expected: 'a', actual: 'b' }],
    });
    const broken = compareSeen(data, seen('v1', schema('s')), seen('v1', schema('t')));
    expect(broken).toMatchObject({
      same: false,
      differences: [{ part: 'schema', expected: 's', actual: 't' }],
      contents: [],
    });
  });

  test('all of a service counts, and what runs', () => {
    expect(compareSeen(code, seen('v1', rows('a')), seen('v1', rows('b')))).toMatchObject({
      same: false,
      contents: [],
    });
    const ran = { part: 'what runs', level: 'version', expected: 'v1', actual: null };
    expect(compareSeen(code, seen('v1'), seen(null))).toMatchObject({ same: false, ran: 'v1', differences: [ran] });
  });

  test('without a fingerprint only what runs is compared', () => {
    const blind = { running: 'v1', fingerprint: null };
    expect(compareSeen(code, blind, seen('v1', rows('b'))).same).toBe(true);
    expect(compareSeen(code, seen('v1', rows('b')), blind).same).toBe(true);
  });
});

describe('a certificate says', () => {
  const plan = drillablePlan();
  const cases = drillCases(plan);
  const passedCase = (each: (typeof cases)[number], more: Partial<DrilledCase> = {}): DrilledCase => {
    const numbers = {
      digest: null,
      problem: null,
      restored: [],
      tidied: [],
      tookMs: 1500,
      downtimeMs: 0,
      rowsLost: null,
    };
    return { ...each, release: 'r', runId: 'run', outcome: 'rolled-back', ...numbers, ...more };
  };
  const same = (target: string, more: Partial<Unchanged> = {}): Unchanged => {
    return { target, ran: 'v1', same: true, differences: [], contents: [], ...more };
  };
  const drill = (more: Partial<DrillStatus> = {}): DrillStatus => ({
    schemaVersion: 1,
    workflowId: 'drill/shop/staging',
    runId: 'run-1',
    application: 'shop',
    environment: 'staging',
    version: 'v2',
    startedAt: time(0),
    planned: cases,
    cases: cases.map((each) => passedCase(each)),
    running: null,
    certificate: null,
    files: [],
    ...more,
  });
  const facts = (
    more: { status?: DrillStatus; targets?: Unchanged[]; stopped?: string | null; plan?: typeof plan } = {},
  ) =>
    certificateFacts({
      input: { plan: more.plan ?? plan, planDigest: 'sha256:plan', requester: 'lead' },
      status: more.status ?? drill(),
      targets: more.targets ?? [same('database')],
      stopped: more.stopped ?? null,
      endedAt: time(60),
    });
  const usual = [
    'nobody was asked at the gate, no window was waited for, nothing was rehearsed, no failed step was tried again',
    'what a failure asks was answered by the drill itself, with the restoring choice that saves most',
  ];

  test('all of what was tried, when it passed', () => {
    const withDigest = cases.map((each, index) => passedCase(each, { digest: index === 1 ? 'sha256:release' : null }));
    expect(facts({ status: drill({ cases: withDigest }) })).toEqual({
      schemaVersion: 1,
      id: 'run-1',
      application: 'shop',
      environment: 'staging',
      version: 'v2',
      planDigest: 'sha256:plan',
      digest: 'sha256:release',
      requester: 'lead',
      startedAt: time(0),
      endedAt: time(60),
      passed: true,
      complete: true,
      failure: null,
      cases: withDigest,
      untried: [],
      targets: [same('database')],
      notes: [...usual, 'the watch was cut to one point, at most 3 s'],
    });
  });

  test('what was not tried any more, and that it is not complete', () => {
    const some = drill().cases.slice(0, 2);
    const told = facts({ status: drill({ cases: some }), stopped: 'the environment is held' });
    expect(told).toMatchObject({
      passed: false,
      complete: false,
      failure: 'the environment is held',
      digest: null,
      untried: cases.slice(2),
    });
    expect(facts({ status: drill({ planned: cases.slice(1), cases: drill().cases.slice(1) }) })).toMatchObject({
      passed: true,
      complete: false,
    });
    const otherWay = cases.map((each, index) => (index === 0 ? { ...each, how: 'lost' as const } : each));
    expect(facts({ status: drill({ planned: otherWay }) }).complete).toBe(false);
    const elsewhere = cases.map((each, index) => (index === 0 ? { ...each, at: 'seed database' } : each));
    expect(facts({ status: drill({ planned: elsewhere }) }).complete).toBe(false);
  });

  test.each<[string, Parameters<typeof facts>[0], string]>([
    ['nothing was tried', { status: drill({ cases: [] }) }, 'nothing was tried'],
    ['nothing, for a reason', { status: drill({ cases: [] }), stopped: 'held' }, 'held'],
    [
      'a target differs',
      { targets: [same('a', { same: false }), same('b'), same('c', { same: false })] },
      'not as before: a, c',
    ],
    [
      'a case failed, it was stopped, a target differs',
      {
        status: drill({ cases: [passedCase({ ...planned }, { problem: 'no disk' })] }),
        stopped: 'stopped there',
        targets: [same('a', { same: false })],
      },
      'deploy backend, after its effect: no disk; stopped there; not as before: a',
    ],
  ])('why it failed: %s', (_, given, why) => {
    expect(facts(given)).toMatchObject({ passed: false, failure: why });
  });

  test('what it does not say: no watch, rows that users may have written', () => {
    const contents = [{ part: 'orders', level: 'content', expected: 'a', actual: 'b' } as const];
    const told = facts({
      plan: { ...plan, watch: null },
      targets: [same('database', { contents }), same('stock', { contents }), same('x')],
    });
    expect(told.notes).toEqual([
      ...usual,
      'the plan has no watch, so none was drilled',
      'rows of database, stock are not what they were; users may have written them',
    ]);
  });

  test('in the Temporal UI, case by case', () => {
    const times = { tookMs: 1, downtimeMs: 0, rowsLost: null, rowsCarried: null, kept: null };
    const one = { target: 'backend', state: 'restored', proved: 'version', ...times } as const;
    const first = passedCase(planned, { restored: [one, { ...one, target: 'frontend' }] });
    const second = passedCase(planned, { problem: 'no *disk*' });
    const third = passedCase(planned, { tookMs: null });
    expect(drillDetails(drill({ cases: [first, second, third], running: cases[0] ?? null }))).toBe(
      [
        '**3 of 7 cases**',
        '',
        '- ✔ deploy backend, after its effect: backend proved by version, frontend proved by version in 1.5 s',
        '- ✘ deploy backend, after its effect: no \\*disk\\*',
        '- ✔ deploy backend, after its effect: ',
        '- ▸ migrate database, before its effect',
      ].join('\n'),
    );
    const passed = certificate({ passed: true });
    expect(drillDetails(drill({ cases: [], certificate: passed }))).toBe('**The drill passed**\n');
    expect(drillDetails(drill({ cases: [], certificate: { ...passed, passed: false } }))).toBe(
      '**The drill failed: **\n',
    );
    const failed = certificate({ passed: false, failure: 'no disk' });
    expect(drillDetails(drill({ cases: [], certificate: failed }))).toBe('**The drill failed: no disk**\n');
  });
});
