import { describe } from 'vitest';
import type { Situation } from '../../src/release/policy.ts';
import { asks, decides, proved, type Row, restores, stop } from './decisions.ts';
import { backward, both, breaking, code, database, forward, situation, untouched } from './situations.ts';

describe('before the first change, a failure stops and restores nothing', () => {
  const targets = [database({ changed: false }), ...untouched('backend')];
  decides(
    (['prepare', 'preflight', 'survey', 'snapshot', 'hold'] as const).map((activity): Row => {
      return [`${activity} fails`, situation(activity, 'database', { targets }), stop];
    }),
  );
  decides([
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
  decides([
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
  decides([
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
