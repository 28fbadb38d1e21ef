import { describe, expect, test } from 'vitest';
import { type Age, incompatiblePairs, isChanged, mayRun, type TargetFacts } from '../../src/release/compatibility.ts';
import type { Compatibility } from '../../src/release/plan.ts';
import { backward, both, breaking, code, database, forward, untouched } from './situations.ts';

describe('may this code run on this schema', () => {
  const declarations = { backward, forward, both, breaking };
  const may: Record<keyof typeof declarations, [oldOnNew: boolean, newOnOld: boolean]> = {
    breaking: [false, false],
    backward: [true, false],
    forward: [false, true],
    both: [true, true],
  };
  const ages: [Age, Age][] = [
    ['old', 'new'],
    ['new', 'old'],
    ['old', 'old'],
    ['new', 'new'],
  ];
  const rows = Object.entries(declarations).flatMap(([name, declared]) =>
    ages.map(([runs, schema]): [string, Age, Age, Compatibility, boolean] => {
      const [oldOnNew, newOnOld] = may[name as keyof typeof may];
      return [name, runs, schema, declared, runs === schema || (runs === 'old' ? oldOnNew : newOnOld)];
    }),
  );
  test.each(rows)('%s: %s code on %s schema', (_, runs, schema, declared, expected) => {
    expect(mayRun(runs, schema, declared)).toBe(expected);
  });
});

describe('a database that was changed', () => {
  test.each<[TargetFacts['standing'], boolean]>([
    ['unknown', true],
    ['differs', true],
    [null, true],
    ['equal', false],
  ])('and stands %s counts as changed: %s', (standing, expected) => {
    expect(isChanged(database({ standing }))).toBe(expected);
  });

  test('and one that was not never counts', () => {
    expect(isChanged(database({ changed: false, standing: 'differs' }))).toBe(false);
  });
});

describe('pairs that must never run', () => {
  const pairs = (targets: TargetFacts[], ...restored: string[]): string[] =>
    incompatiblePairs(targets, restored).map(
      (pair) => `${pair.codeAge} ${pair.code} on ${pair.schemaAge} ${pair.database}`,
    );
  const shop = (compatibility: Compatibility | null): TargetFacts[] => [
    database({ compatibility }),
    code('backend'),
    ...untouched('frontend'),
  ];
  test.each<[string, TargetFacts[], string[], string[]]>([
    ['breaking: code that is still old', shop(breaking), [], ['old frontend on new database']],
    [
      'breaking: code taken back alone',
      shop(breaking),
      ['backend'],
      ['old backend on new database', 'old frontend on new database'],
    ],
    ['breaking: database taken back alone', shop(breaking), ['database'], ['new backend on old database']],
    ['breaking: all taken back', shop(breaking), ['database', 'backend'], []],
    ['nothing declared is breaking', shop(null), [], ['old frontend on new database']],
    ['nothing declared: database taken back alone', shop(null), ['database'], ['new backend on old database']],
    ['backward: nothing taken back', shop(backward), [], []],
    ['backward: code taken back alone', shop(backward), ['backend'], []],
    ['backward: database taken back alone', shop(backward), ['database'], ['new backend on old database']],
    ['forward: database taken back alone', shop(forward), ['database'], []],
    ['forward: code that is still old', shop(forward), [], ['old frontend on new database']],
    ['both: anything goes', shop(both), ['backend'], []],
    [
      'a database that was not changed sets no conditions',
      [database({ changed: false, compatibility: breaking }), code('backend')],
      [],
      [],
    ],
    [
      'nor does one that equals its savepoint',
      [database({ standing: 'equal', compatibility: breaking }), code('backend')],
      [],
      [],
    ],
    [
      'every database is looked at',
      [database(), database({ name: 'orders', compatibility: breaking }), code('backend')],
      ['database', 'backend'],
      ['old backend on new orders'],
    ],
  ])('%s', (_, targets, restored, expected) => {
    expect(pairs(targets, ...restored)).toEqual(expected);
  });
});
