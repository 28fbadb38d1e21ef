import { describe, expect, test } from 'vitest';
import {
  type ChoiceId,
  decide,
  hangsOnLoss,
  restoredBy,
  type Situation,
  safeChoices,
} from '../../src/release/policy.ts';
import { backward, both, breaking, code, database, forward, situation, untouched } from './situations.ts';

const minute = 60_000;
const lossy = [database({ compatibility: breaking }), code('backend')];
const deploy = (more: Partial<Situation> = {}): Situation =>
  situation('deploy', 'backend', { targets: lossy, ...more });

describe('a plan that allows some loss', () => {
  const allowed: Partial<Situation> = { dataLoss: { rows: 10, withinMs: minute }, loss: 10, sinceSavepointMs: minute };
  test('goes back by itself up to exactly its bounds, and names the bound', () => {
    expect(decide(deploy(allowed))).toEqual({
      do: 'restore',
      procedure: 'full',
      targets: ['backend', 'database'],
      because: 'the plan allows to lose up to 10 rows this soon',
      bound: 10,
    });
  });

  const { sinceSavepointMs: _, ...ageless } = allowed;
  test.each<[string, Partial<Situation>]>([
    ['one row more', { ...allowed, loss: 11 }],
    ['a moment later', { ...allowed, sinceSavepointMs: minute + 1 }],
    ['nobody knows how old the savepoint is', ageless],
    ['nobody measured', { ...allowed, loss: null }],
    ['the plan asks', { ...allowed, dataLoss: 'ask' }],
    ['the plan refuses', { ...allowed, dataLoss: 'refuse' }],
    ['the plan says nothing', { loss: 10, sinceSavepointMs: minute }],
  ])('asks: %s', (_, more) => {
    expect(decide(deploy(more)).do).toBe('ask');
  });

  test('no loss needs no bound and names none', () => {
    const byItself = { do: 'restore', procedure: 'full', targets: ['backend', 'database'] } as const;
    expect(decide(deploy({ ...allowed, loss: 0 }))).toEqual({
      ...byItself,
      because: 'the loss was measured and is zero',
    });
    const because = 'writers have been held since before the savepoint, so nothing can be lost';
    expect(decide(deploy({ ...allowed, heldSinceSavepoint: true }))).toEqual({ ...byItself, because });
  });
});

describe('what is offered where rows would be lost', () => {
  const data = [database(), ...untouched('backend')];
  const migrate = (more: Partial<Situation>): ChoiceId[] =>
    safeChoices(situation('seed', 'database', { targets: data, ...more }));
  test.each<[string, Partial<Situation>, ChoiceId[]]>([
    ['nothing can save rows', { carries: false }, ['restore-database', 'retry', 'stay']],
    [
      'rows can be saved',
      { carries: true },
      ['carry-over-and-restore', 'export-and-restore', 'restore-database', 'retry', 'stay'],
    ],
    [
      'rows can be saved, and their number is known',
      { carries: true, loss: 3 },
      ['carry-over-and-restore', 'export-and-restore', 'restore-database', 'retry', 'stay'],
    ],
    ['nothing is lost', { carries: true, loss: 0 }, ['restore-database', 'retry', 'stay']],
    ['writers were held', { carries: true, heldSinceSavepoint: true }, ['restore-database', 'retry', 'stay']],
    ['the plan refuses loss', { carries: true, dataLoss: 'refuse' }, ['carry-over-and-restore', 'retry', 'stay']],
    ['the plan refuses loss, and nothing saves rows', { carries: false, dataLoss: 'refuse' }, ['retry', 'stay']],
    [
      'the plan refuses loss, and there is none',
      { dataLoss: 'refuse', loss: 0 },
      ['restore-database', 'retry', 'stay'],
    ],
  ])('%s', (_, more, offered) => {
    expect(migrate(more)).toEqual(offered);
  });
});

describe('the previous code on a schema that stays', () => {
  const hour = 60 * minute;
  const watch = (more: Partial<Situation>): Situation =>
    situation('watch', null, { targets: [database(), code('backend'), ...untouched('frontend')], ...more });
  test.each<[string, Partial<Situation>, string]>([
    ['in the first hour the claim is enough', { sinceChangeMs: hour }, 'restore'],
    ['later it is not', { sinceChangeMs: hour + 1 }, 'ask'],
    ['later, and somebody saw it run', { sinceChangeMs: hour + 1, proved: true }, 'restore'],
    ['later, and nobody did', { sinceChangeMs: hour + 1, proved: false }, 'ask'],
    ['while the release still changes things', {}, 'restore'],
    ['later, where no schema changed', { sinceChangeMs: 2 * hour, targets: [code('backend')] }, 'restore'],
    [
      'later, where the schema equals its savepoint',
      { sinceChangeMs: 2 * hour, targets: [database({ standing: 'equal' }), code('backend')] },
      'restore',
    ],
    [
      'later, where one of two schemas changed',
      {
        sinceChangeMs: 2 * hour,
        targets: [database({ changed: false }), database({ name: 'orders' }), code('backend')],
      },
      'ask',
    ],
  ])('%s: %s', (_, more, expected) => {
    const decided = decide(watch(more));
    expect(decided.do).toBe(expected);
    const why =
      expected === 'ask'
        ? 'that the previous code runs on the new schema is claimed and was never tried'
        : 'the previous code runs on the schema as it is';
    expect(decided.because).toBe(why);
  });

  test('a schema that goes back needs no claim', () => {
    const seed = situation('seed', 'database', {
      targets: [code('frontend'), database({ compatibility: both })],
      loss: 0,
    });
    expect(decide({ ...seed, sinceChangeMs: 2 * hour }).do).toBe('restore');
  });
});

describe('why it asks', () => {
  test.each<[string, Situation, string]>([
    ['breaking', deploy(), 'the migration is breaking, and restoring the database may lose rows'],
    [
      'enough goes back',
      situation('migrate', 'database', { targets: [database()] }),
      'restoring the database may lose rows that were written since the savepoint',
    ],
    [
      'no code changed',
      situation('watch', null, { targets: [database()] }),
      'no code was changed, and the database is not taken back without a reason',
    ],
    ['it asks by itself', deploy({ cause: 'consult' }), 'this finding asks a person instead of acting by itself'],
    ['nobody knows', deploy({ cause: 'unknown' }), 'it could not be measured or nobody can tell what happened'],
  ])('%s', (_, given, because) => {
    expect(decide(given)).toMatchObject({ do: 'ask', because });
  });

  test('what equals its savepoint is named', () => {
    const targets = [database({ standing: 'equal' }), database({ name: 'orders', standing: 'equal' })];
    expect(decide(situation('migrate', 'orders', { targets })).because).toBe(
      'what was changed equals its savepoint: database, orders',
    );
  });
});

describe('measuring before anybody is asked', () => {
  test.each<[string, Situation, boolean]>([
    ['helps where only the loss makes it ask', deploy(), true],
    ['helps not once it is measured', deploy({ loss: 4 }), false],
    ['helps not where nothing is lost anyway', deploy({ loss: 0 }), false],
    ['helps not where it goes back without', deploy({ targets: [database(), code('backend')] }), false],
    ['helps not where a finding asks', deploy({ cause: 'consult' }), false],
    ['helps not where nobody knows', deploy({ cause: 'unknown' }), false],
    ['helps not before the first change', deploy({ targets: untouched('backend') }), false],
    [
      'helps not where everything equals its savepoint',
      situation('migrate', 'database', { targets: [database({ standing: 'equal' })] }),
      false,
    ],
  ])('%s', (_, given, expected) => {
    expect(hangsOnLoss(given)).toBe(expected);
  });
});

describe('a choice brings back', () => {
  const targets = [
    database(),
    database({ name: 'orders', changed: false }),
    code('backend'),
    code('frontend'),
    ...untouched('jobs'),
  ];
  const all = ['frontend', 'backend', 'database'];
  test.each<[ChoiceId, string[]]>([
    ['retry', []],
    ['stay', []],
    ['restore-code', ['frontend', 'backend']],
    ['restore-database', ['database']],
    ['restore-full', all],
    ['carry-over-and-restore', all],
    ['export-and-restore', all],
  ])('%s', (choice, expected) => {
    expect(restoredBy(choice, targets)).toEqual(expected);
  });
});

describe('a cause that nobody knew', () => {
  test('is a failure once the database is known to be as it was, for its own steps only', () => {
    const equal = [database({ standing: 'equal', compatibility: forward }), code('backend', { standing: 'equal' })];
    const unknown = (activity: Situation['step']['activity'], target: string): string =>
      decide(situation(activity, target, { targets: equal, cause: 'unknown' })).do;
    expect([unknown('migrate', 'database'), unknown('seed', 'database')]).toEqual([
      'prove-unchanged',
      'prove-unchanged',
    ]);
    expect([unknown('verify', 'database'), unknown('hold', 'database'), unknown('deploy', 'backend')]).toEqual([
      'ask',
      'ask',
      'ask',
    ]);
    expect(
      decide(situation('migrate', 'database', { targets: [database({ compatibility: backward })], cause: 'consult' }))
        .do,
    ).toBe('ask');
  });
});

describe('staying and trying again', () => {
  const migrate = (targets: Situation['targets'], more: Partial<Situation> = {}): ChoiceId[] =>
    safeChoices(situation('migrate', 'database', { targets, ...more }));
  test('a database that differs stays only with backward, even where no code could meet it', () => {
    const alone = (compatibility: typeof backward): ChoiceId[] =>
      migrate([database({ standing: 'differs', compatibility })]);
    expect([alone(forward), alone(backward)]).toEqual([['restore-database'], ['restore-database', 'stay']]);
    expect(migrate([database({ standing: 'equal', compatibility: forward })])).toEqual(['retry', 'stay']);
    expect(migrate([database({ standing: 'differs', compatibility: null })])).toEqual(['restore-database']);
  });

  test('it is the failed database that is not migrated twice, not another one', () => {
    const other = database({ name: 'orders', standing: 'equal' });
    expect(migrate([other, database({ standing: 'differs' })])).not.toContain('retry');
    expect(migrate([database({ name: 'orders' }), database({ standing: 'equal' })])).toContain('retry');
  });

  test('a finding that asks still asks when the database equals its savepoint', () => {
    const targets = [database({ standing: 'equal' })];
    expect(decide(situation('migrate', 'database', { targets, cause: 'consult' })).do).toBe('ask');
  });
});
