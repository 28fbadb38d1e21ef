import { describe, expect, test } from 'vitest';
import { normalise } from '../../src/plan/normalise.ts';
import { releaseSchema } from '../../src/plan/schema/release.schema.ts';
import type { PlannedCheck } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import type { Plan } from '../../src/release/plan.ts';
import { referencesIn, referencesOf } from '../../src/release/references.ts';

const check = (name: string): PlannedCheck => {
  const spec: Json = { url: `\${env:${name}}` };
  return { name, kind: 'http', critical: true, withinMs: 0, everyMs: 0, remedy: null, spec };
};

function plan(): Plan {
  const written = releaseSchema.parse({
    application: 'shop',
    environment: 'test',
    people: { lead: { name: 'Lead' } },
    gates: {},
    questions: { deciders: ['lead'], deadline: '30m' },
    targets: { backend: { kind: 'memory', world: 'w', initial: 'v1' } },
  });
  return normalise(written, { file: '/shop/release.yaml', version: 'v2', host: 'test' });
}

describe('references in one part of a plan', () => {
  test.each<[Json, string[]]>([
    ['${env:B} and ${file:./a b} and ${env:A}', ['env:A', 'env:B', 'file:./a b']],
    ['$${env:X} is the text itself', []],
    ['${version} and $env:X and {env:X}', []],
    ['${1x:Y}', []],
    ['${aws-secret:shop/db}', ['aws-secret:shop/db']],
    [{ a: ['${env:B}', { b: '${env:A}' }], c: '${env:B}' }, ['env:A', 'env:B']],
    [null, []],
    [12, []],
    [true, []],
  ])('%j', (spec, found) => {
    expect(referencesIn(spec)).toEqual(found);
  });
});

describe('references of a plan', () => {
  test('none where there are none', () => {
    expect(referencesOf(plan())).toEqual([]);
  });

  test('are found in every part, sorted and once', () => {
    const base = plan();
    const [target] = base.targets;
    const [step] = base.steps;
    if (target === undefined || step === undefined) throw new TypeError('no plan');
    const rehearsal = { service: null, variable: 'URL', checks: [check('E')], writes: [check('D')] };
    const request = { name: 'r', spec: '${env:F}', samples: 1, everyMs: 1, criteria: [] };
    const whole: Plan = {
      ...base,
      targets: [{ ...target, spec: ['${env:I}'] }],
      steps: [
        { ...step, checks: [check('G')], requests: [request] },
        { ...step, rehearsal },
      ],
      afterRollback: [check('C')],
      watch: {
        stretches: [],
        probe: { name: 'p', spec: '${env:J}', everyMs: 1 },
        criteria: [],
        checks: [check('B')],
        throughout: { everyMs: 1, checks: [check('K')] },
        minimumSamples: 1,
        maxUnwatched: 0.1,
        reviewAfterMs: null,
      },
      notify: [{ name: 'n', kind: 'webhook', on: [], spec: '${env:H} ${env:A}' }],
    };
    expect(referencesOf(whole)).toEqual(
      ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K'].map((name) => `env:${name}`),
    );
    const { watch } = whole;
    if (watch === null) throw new TypeError('no watch');
    expect(referencesOf({ ...whole, watch: { ...watch, probe: null } })).toContain('env:B');
  });
});
