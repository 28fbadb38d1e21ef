import { describe, expect, it } from 'vitest';
import { load, loaded, said, shopWith } from './plans.ts';

const criteria = '  criteria: { errors: { rollBack: 10 %, consult: 5 % } }\n';

/** The shop with more lines in its watch. */
const watching = (lines: string): string => shopWith([criteria, `${criteria}${lines}`]);

const cases: { on: string; lines: string; says: string }[] = [
  {
    on: 'a time where a share is limited',
    lines: '  limits: [{ name: a, measure: errors, rollBack: 800ms }]\n',
    says: 'watch.limits[0].rollBack: this limit is a share; write it in per cent, such as 25 %',
  },
  {
    on: 'a share where a time is limited',
    lines: '  limits: [{ name: a, measure: p95, rollBack: 50 % }]\n',
    says: 'watch.limits[0].rollBack: p95 is a time; write it as a duration, such as 800ms',
  },
  {
    on: 'bands in the wrong order',
    lines: '  limits: [{ name: a, measure: p95, rollBack: 1s, consult: 2s }]\n',
    says: 'watch.limits[0].consult: asks a person only above the limit at which it goes back anyway; make consult lower than rollBack',
  },
  {
    on: 'the name of another limit',
    lines: '  limits: [{ name: errors, measure: p95, rollBack: 1s }]\n',
    says: 'watch.limits[0].name: another limit is called "errors"; choose another name',
  },
  {
    on: 'a comparison with nothing',
    lines: '  limits: [{ name: a, measure: p95, rollBack: 50 %, against: baseline }]\n',
    says: 'watch.limits[0].against: nothing is measured before the release that it could be compared with; add baseline: 10m to the watch',
  },
  {
    on: 'a checklist that is not there',
    lines: '  raised: { security: { does: rollBack, incident: leak } }\n',
    says: 'watch.raised.security.incident: no checklist in incidents is called leak',
  },
  {
    on: 'a check whose checklist is not there',
    lines: '  checks: [{ name: a, kind: http, url: "http://127.0.0.1:1", incident: leak }]\n',
    says: 'watch.checks[0].incident: no checklist in incidents is called leak',
  },
  {
    on: 'a check as urgent as nothing',
    lines: '  checks: [{ name: a, kind: http, url: "http://127.0.0.1:1", priority: urgent }]\n',
    says: 'watch.checks[0].priority: must be P1, P2 or P3',
  },
  {
    on: 'somebody who is told and not known',
    lines: '  priorities: { P1: [nobody] }\n',
    says: 'watch.priorities.P1[0]: nobody in people is called nobody',
  },
];

const repeatable = ', repeatable: true }';
const probe = '  probe: { url: "http://127.0.0.1:8080/products", every: 1s }\n';

describe('a watch with traffic of its own', () => {
  it('needs a smoke check that may be asked at any time', async () => {
    const plan = shopWith([criteria, `${criteria}  synthetic: {}\n`], [repeatable, ' }']);
    expect(said(await load(plan)).join('\n')).toContain(
      'watch.synthetic: no smoke check may be asked at any time; mark the smoke checks that change nothing: repeatable: true',
    );
  });

  it('needs a limit of errors, and judges no times without a probe', async () => {
    const plan = shopWith([criteria, '  criteria: { p95: { rollBack: 1s } }\n  synthetic: {}\n'], [probe, '']);
    const problems = said(await load(plan)).join('\n');
    expect(problems).toContain(
      'watch.synthetic: nothing judges its answers, which are samples of errors; add criteria',
    );
    expect(problems).toContain('watch.criteria.p95: only errors are judged by smoke checks, and there is no probe');
  });

  it('warns where it is asked too seldom to be judged', async () => {
    const plan = shopWith([criteria, `${criteria}  synthetic: { every: 5m }\n`]);
    expect(said(await loaded(plan)).join('\n')).toContain(
      'watch.synthetic.every: gives fewer than 20 samples from one report to the next, so nothing is judged there',
    );
  });

  it('works without a probe, by the smoke checks that may be asked at any time', async () => {
    const { plan } = await loaded(shopWith([criteria, `${criteria}  synthetic: { every: 10s }\n`], [probe, '']));
    expect(plan.watch?.probe).toBeNull();
    expect(plan.watch?.synthetic).toMatchObject({ everyMs: 10_000, checks: [{ name: 'list products' }] });
  });
});

describe('a watch that cannot be kept', () => {
  it.each(cases)('$on', async ({ lines, says }) => {
    const problems = said(await load(watching(lines)));
    expect(problems.join('\n')).toContain(says);
  });

  it('a whole one is planned as it is written', async () => {
    const lines = [
      '  baseline: 10m',
      '  limits:',
      '    - { name: p95 for 5 min, measure: p95, rollBack: 800ms, for: 5m, priority: P1 }',
      '    - { name: degraded, measure: p95, consult: 25 %, rollBack: 50 %, against: baseline, trust: ask }',
      '  raised: { complaints: consult }',
      '',
    ].join('\n');
    const { plan } = await loaded(watching(lines));
    expect(plan.watch?.criteria.slice(1)).toEqual([
      { name: 'p95 for 5 min', measure: 'p95', rollBackAbove: 800, consultAbove: null, forMs: 300_000, priority: 'P1' },
      { name: 'degraded', measure: 'p95', rollBackAbove: 50, consultAbove: 25, against: 'baseline', trust: 'ask' },
    ]);
    expect(plan.watch).toMatchObject({
      baselineMs: 600_000,
      falseAlarms: 0.01,
      raised: [{ name: 'complaints', verdict: 'consult' }],
      early: { maxMs: 1_800_000, withinMs: 14_400_000 },
    });
  });
});
