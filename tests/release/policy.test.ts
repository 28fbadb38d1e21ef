import { describe, expect, test } from 'vitest';
import { type ChoiceId, type Decision, decide, type Situation } from '../../src/release/policy.ts';
import { backward, both, breaking, code, database, forward, situation } from './situations.ts';

type Without<T> = T extends unknown ? Omit<T, 'because'> : never;
type Outcome = Without<Decision>;
type Row = [what: string, given: Situation, expected: Outcome];

const untouched = (...names: string[]) => names.map((name) => code(name, { changed: false }));
const stop: Outcome = { do: 'stop' };
const proved = (...targets: string[]): Outcome => ({ do: 'prove-unchanged', targets });
const restores = (procedure: 'code' | 'database' | 'full', ...targets: string[]): Outcome => ({
  do: 'restore',
  procedure,
  targets,
});
/** Silence waits and pages. */
const asks = (...choices: ChoiceId[]): Outcome => ({ do: 'ask', choices, silence: null });
/** Silence leaves everything as it is and pages. */
const asksOrStays = (...choices: ChoiceId[]): Outcome => ({ do: 'ask', choices, silence: 'stay' });

function holds(rows: Row[]): void {
  test.each(rows)('%s', (_, given, expected) => {
    const { because, ...decided } = decide(given);
    expect(decided).toEqual(expected);
    expect(because).not.toBe('');
  });
}

describe('before the first change, a failure stops and restores nothing', () => {
  const targets = [database({ changed: false }), ...untouched('backend')];
  holds(
    (['prepare', 'preflight', 'survey', 'snapshot', 'hold'] as const).map((activity): Row => {
      return [`${activity} fails`, situation(activity, 'database', { targets }), stop];
    }),
  );
  holds([
    ['preflight cannot be measured', situation('preflight', null, { targets, cause: 'unknown' }), stop],
    ['the writers are held already', situation('snapshot', 'database', { targets, heldSinceSavepoint: true }), stop],
  ]);
});

describe('migrate, verify or seed of a database that equals its savepoint', () => {
  const targets = [database({ standing: 'equal' }), ...untouched('backend')];
  const afterCode = [
    code('frontend'),
    database({ standing: 'equal', compatibility: forward }),
    ...untouched('backend'),
  ];
  const other = database({ name: 'orders', compatibility: breaking });
  const seed = (more: Partial<Situation>): Situation => situation('seed', 'database', more);
  holds([
    ['migrate fails: nothing to restore', situation('migrate', 'database', { targets }), proved('database')],
    ['verify fails: nothing to restore', situation('verify', 'database', { targets }), proved('database')],
    ['seed fails: nothing to restore', seed({ targets }), proved('database')],
    [
      'it was not known, and is now',
      situation('migrate', 'database', { targets, cause: 'unknown' }),
      proved('database'),
    ],
    [
      'code changed before it goes back',
      situation('migrate', 'database', { targets: afterCode }),
      restores('code', 'frontend'),
    ],
    [
      'another database keeps a backward schema',
      seed({ targets: [database({ name: 'orders' }), ...targets] }),
      proved('database'),
    ],
    [
      'another database must not stay as it is: asks, never leaves it under the previous code',
      seed({ targets: [other, ...targets] }),
      asks('restore-database', 'retry'),
    ],
    [
      'another database must not stay, and nothing can be lost',
      seed({ targets: [other, ...targets], heldSinceSavepoint: true }),
      restores('database', 'orders'),
    ],
    [
      'the same with code between: all of it goes back',
      seed({ targets: [other, code('backend'), database({ standing: 'equal', compatibility: both })], loss: 0 }),
      restores('full', 'backend', 'orders'),
    ],
    [
      'verify could not be measured: a person looks',
      situation('verify', 'database', { targets, cause: 'unknown' }),
      asks('retry', 'stay'),
    ],
  ]);
});

describe('migrate, verify or seed of a database that differs from its savepoint', () => {
  const at = (standing: 'differs' | 'unknown' | null, compatibility = backward): Situation['targets'] => [
    database({ standing, compatibility }),
    ...untouched('backend', 'frontend'),
  ];
  const full = [code('frontend'), database({ standing: 'differs', compatibility: both }), ...untouched('backend')];
  const migrate = (more: Partial<Situation>): Situation => situation('migrate', 'database', more);
  const seed = (more: Partial<Situation>): Situation => situation('seed', 'database', more);
  const verify = (more: Partial<Situation>): Situation => situation('verify', 'database', more);
  holds([
    ['loss not measured, backward', migrate({ targets: at('differs') }), asks('restore-database', 'stay')],
    ['loss of rows, backward', migrate({ targets: at('differs'), loss: 12 }), asks('restore-database', 'stay')],
    ['loss not measured, forward', migrate({ targets: at('differs', forward) }), asks('restore-database')],
    ['loss of rows, breaking', migrate({ targets: at('differs', breaking), loss: 1 }), asks('restore-database')],
    ['nobody could compare', migrate({ targets: at('unknown') }), asks('restore-database', 'stay')],
    ['nobody compared', migrate({ targets: at(null) }), asks('restore-database', 'stay')],
    ['seed, backward', seed({ targets: at('differs') }), asks('restore-database', 'retry', 'stay')],
    ['seed, breaking', seed({ targets: at('differs', breaking) }), asks('restore-database', 'retry')],
    ['verify, forward', verify({ targets: at('differs', forward) }), asks('restore-database', 'retry')],
    ['code changed before it', seed({ targets: full }), asks('restore-code', 'restore-full', 'retry', 'stay')],
    [
      'staying would leave the new code on what is left of the old schema',
      seed({ targets: [code('frontend'), database({ standing: 'differs' })], loss: 3 }),
      asks('restore-code', 'restore-full', 'retry'),
    ],
    ['loss is zero', migrate({ targets: at('differs'), loss: 0 }), restores('database', 'database')],
    [
      'loss is zero, breaking',
      migrate({ targets: at('differs', breaking), loss: 0 }),
      restores('database', 'database'),
    ],
    [
      'writers held since before the savepoint',
      migrate({ targets: at('differs', breaking), heldSinceSavepoint: true }),
      restores('database', 'database'),
    ],
    [
      'held, seed',
      seed({ targets: at('differs', breaking), heldSinceSavepoint: true }),
      restores('database', 'database'),
    ],
    [
      'held, nobody compared',
      verify({ targets: at(null), heldSinceSavepoint: true }),
      restores('database', 'database'),
    ],
    ['loss is zero, code before it', seed({ targets: full, loss: 0 }), restores('full', 'frontend', 'database')],
    [
      'verify is not critical: asks, although nothing would be lost',
      verify({ targets: at('differs'), cause: 'consult', heldSinceSavepoint: true }),
      asks('restore-database', 'retry', 'stay'),
    ],
    [
      'verify could not be measured: asks, although nothing would be lost',
      verify({ targets: at('differs', breaking), cause: 'unknown', heldSinceSavepoint: true }),
      asks('restore-database', 'retry'),
    ],
    [
      'nobody can tell what a command did: asks',
      migrate({ targets: at('unknown'), cause: 'unknown', loss: 0 }),
      asks('restore-database', 'stay'),
    ],
    [
      'another database stays where the previous code runs on it',
      migrate({ targets: [database({ name: 'orders' }), ...at('differs')], loss: 0 }),
      restores('database', 'database'),
    ],
    [
      'another database goes back where it must not stay, newest first',
      migrate({ targets: [database({ name: 'orders', compatibility: breaking }), ...at('differs')], loss: 0 }),
      restores('database', 'database', 'orders'),
    ],
  ]);
});

describe('deploy, wait or logs of a target', () => {
  const targets = (compatibility = backward, more = {}): Situation['targets'] => [
    database({ compatibility }),
    code('backend'),
    code('frontend', more),
  ];
  const deploy = (more: Partial<Situation>): Situation => situation('deploy', 'frontend', more);
  const justData = [database(), ...untouched('backend')];
  holds([
    ['backward: all code, newest first', deploy({ targets: targets() }), restores('code', 'frontend', 'backend')],
    ['both', deploy({ targets: targets(both) }), restores('code', 'frontend', 'backend')],
    ['logs', situation('logs', 'backend', { targets: targets() }), restores('code', 'frontend', 'backend')],
    ['verify of code', situation('verify', 'backend', { targets: targets() }), restores('code', 'frontend', 'backend')],
    [
      'invalidate',
      situation('invalidate', 'frontend', { targets: targets() }),
      restores('code', 'frontend', 'backend'),
    ],
    [
      'scope self: only the failed one',
      deploy({ targets: targets(backward, { scope: 'self' }) }),
      restores('code', 'frontend'),
    ],
    [
      'scope self, but not deployed yet: the code that was',
      situation('snapshot', 'frontend', { targets: targets(backward, { scope: 'self', changed: false }) }),
      restores('code', 'backend'),
    ],
    [
      'scope self is not enough under breaking',
      deploy({ targets: targets(breaking, { scope: 'self' }) }),
      asks('restore-full', 'retry'),
    ],
    ['breaking, loss not measured', deploy({ targets: targets(breaking) }), asks('restore-full', 'retry')],
    ['breaking, rows would be lost', deploy({ targets: targets(breaking), loss: 7 }), asks('restore-full', 'retry')],
    ['forward only', deploy({ targets: targets(forward) }), asks('restore-full', 'retry')],
    [
      'breaking, loss is zero',
      deploy({ targets: targets(breaking), loss: 0 }),
      restores('full', 'frontend', 'backend', 'database'),
    ],
    [
      'breaking, still held since before the savepoint',
      deploy({ targets: targets(breaking), heldSinceSavepoint: true }),
      restores('full', 'frontend', 'backend', 'database'),
    ],
    [
      'breaking, but the migration had nothing to do',
      deploy({
        targets: [database({ compatibility: breaking, standing: 'equal' }), code('backend'), code('frontend')],
      }),
      restores('code', 'frontend', 'backend'),
    ],
    [
      'nobody can tell what happened, backward',
      deploy({ targets: targets(), cause: 'unknown' }),
      asks('restore-code', 'restore-full', 'retry', 'stay'),
    ],
    [
      'nobody can tell what happened, breaking: either version may be left, so staying is not offered',
      deploy({ targets: targets(breaking), cause: 'unknown' }),
      asks('restore-full', 'retry'),
    ],
    [
      'a check of the running version could not be measured, breaking',
      situation('logs', 'frontend', { targets: targets(breaking), cause: 'unknown' }),
      asksOrStays('restore-full', 'retry', 'stay'),
    ],
    [
      'only the database changed: it is not taken back without a reason',
      situation('snapshot', 'backend', { targets: justData }),
      asksOrStays('restore-database', 'retry', 'stay'),
    ],
    [
      'only a database with a breaking migration changed',
      situation('snapshot', 'backend', { targets: [database({ compatibility: breaking }), ...untouched('backend')] }),
      asks('restore-database', 'retry'),
    ],
    [
      'the same, and nothing can be lost',
      situation('snapshot', 'backend', {
        targets: [database({ compatibility: breaking }), ...untouched('backend')],
        loss: 0,
      }),
      restores('database', 'database'),
    ],
    [
      'the migration had nothing to do and no code changed',
      situation('snapshot', 'backend', { targets: [database({ standing: 'equal' }), ...untouched('backend')] }),
      proved('database'),
    ],
  ]);
});

describe('evidence after all changes', () => {
  const all = (compatibility = backward): Situation['targets'] => [database({ compatibility }), code('backend')];
  const offered: ChoiceId[] = ['restore-code', 'restore-full', 'retry', 'stay'];
  const activities = ['smoke', 'performance', 'watch'] as const;
  holds(
    activities.flatMap((activity): Row[] => [
      [`${activity}, backward: code`, situation(activity, null, { targets: all() }), restores('code', 'backend')],
      [
        `${activity}, breaking: asks`,
        situation(activity, null, { targets: all(breaking) }),
        asksOrStays('restore-full', 'retry', 'stay'),
      ],
      [
        `${activity}, breaking, zero loss`,
        situation(activity, null, { targets: all(breaking), loss: 0 }),
        restores('full', 'backend', 'database'),
      ],
      [
        `${activity}, second band`,
        situation(activity, null, { targets: all(), cause: 'consult' }),
        asksOrStays(...offered),
      ],
      [
        `${activity}, not measured`,
        situation(activity, null, { targets: all(), cause: 'unknown', loss: 0 }),
        asksOrStays(...offered),
      ],
    ]),
  );
  holds([
    [
      'monitoring asks even where it is critical',
      situation('monitoring', null, { targets: all(), loss: 0 }),
      asksOrStays(...offered),
    ],
  ]);
});
