import { describe } from 'vitest';
import type { ChoiceId, Situation } from '../../src/release/policy.ts';
import { asks, asksOrStays, decides, proved, type Row, restores } from './decisions.ts';
import { backward, both, breaking, code, database, forward, situation, untouched } from './situations.ts';

describe('deploy, wait or logs of a target', () => {
  const targets = (compatibility = backward, more = {}): Situation['targets'] => [
    database({ compatibility }),
    code('backend'),
    code('frontend', more),
  ];
  const deploy = (more: Partial<Situation>): Situation => situation('deploy', 'frontend', more);
  const justData = [database(), ...untouched('backend')];
  decides([
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
  decides(
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
  decides([
    [
      'monitoring asks even where it is critical',
      situation('monitoring', null, { targets: all(), loss: 0 }),
      asksOrStays(...offered),
    ],
  ]);
});
