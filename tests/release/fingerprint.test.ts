import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fingerprint, type FingerprintPart, type Level, prove } from '../../src/release/fingerprint.ts';

const takenAt = '2026-03-07T02:00:00.000Z';

function part(name: string, level: Level, value = 'a', detail?: string): FingerprintPart {
  return { name, level, value, ...(detail === undefined ? {} : { detail }) };
}

function fingerprint(...parts: FingerprintPart[]): Fingerprint {
  return { takenAt, parts };
}

describe('two fingerprints that differ prove nothing', () => {
  test('another value, told in words for people', () => {
    const before = fingerprint(part('orders', 'content', 'x', '12 rows'), part('users', 'content'));
    const after = fingerprint(part('orders', 'content', 'y', '11 rows'), part('users', 'content'));
    expect(prove(before, after)).toEqual({
      level: 'unproved',
      parts: [
        { name: 'orders', level: 'content' },
        { name: 'users', level: 'content' },
      ],
      differences: [{ part: 'orders', level: 'content', expected: '12 rows', actual: '11 rows' }],
    });
  });

  test.each<[string, Fingerprint, Fingerprint, { part: string; expected: string | null; actual: string | null }]>([
    [
      'a part is gone',
      fingerprint(part('users', 'counts', '3')),
      fingerprint(),
      { part: 'users', expected: '3', actual: null },
    ],
    [
      'a part is new',
      fingerprint(),
      fingerprint(part('spam', 'counts', '9')),
      { part: 'spam', expected: null, actual: '9' },
    ],
    [
      'equal values of different levels are not comparable',
      fingerprint(part('users', 'content', '3')),
      fingerprint(part('users', 'counts', '3')),
      { part: 'users', expected: '3', actual: '3' },
    ],
  ])('%s', (_, before, after, difference) => {
    const proof = prove(before, after);
    expect(proof.level).toBe('unproved');
    expect(proof.differences).toMatchObject([difference]);
  });

  test('nothing compared with nothing', () => {
    expect(prove(fingerprint(), fingerprint())).toEqual({ level: 'unproved', parts: [], differences: [] });
  });
});

describe('a target is proved at the weakest level of its parts', () => {
  test.each<[Level, Level[]]>([
    ['content', ['content', 'content']],
    ['counts', ['content', 'counts', 'content']],
    ['sampled', ['content', 'sampled']],
    ['counts', ['sampled', 'counts']],
    ['version', ['digest', 'version']],
    ['digest', ['served', 'digest']],
    ['declared', ['version', 'declared']],
    ['nothing', ['content', 'nothing']],
    ['nothing', ['declared', 'nothing']],
    ['content', ['structure', 'content']],
    ['structure', ['structure']],
  ])('%s, of %j', (level, levels) => {
    const both = fingerprint(...levels.map((each, index) => part(`part ${index}`, each)));
    expect(prove(both, both)).toMatchObject({ level, differences: [] });
  });
});

describe('of any two fingerprints', () => {
  const levels: Level[] = [
    'content',
    'sampled',
    'counts',
    'structure',
    'digest',
    'version',
    'served',
    'declared',
    'nothing',
  ];
  const anyPart = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    level: fc.constantFrom(...levels),
    value: fc.constantFrom('1', '2'),
  });
  const anyFingerprint = fc
    .uniqueArray(anyPart, { selector: ({ name }) => name })
    .map((parts) => fingerprint(...parts));

  test('the same one proves at a level of its parts, and nothing where it has none', () => {
    fc.assert(
      fc.property(anyFingerprint, (one) => {
        const { level, differences } = prove(one, one);
        expect(differences).toEqual([]);
        const possible: string[] = one.parts.map((each) => each.level);
        expect(possible.length === 0 ? ['unproved'] : possible).toContain(level);
      }),
    );
  });

  test('the order of parts does not matter', () => {
    fc.assert(
      fc.property(anyFingerprint, anyFingerprint, (before, after) => {
        const turned = fingerprint(...after.parts.toReversed());
        const names = (proof: { differences: { part: string }[] }) => proof.differences.map((each) => each.part).sort();
        expect(prove(before, turned).level).toBe(prove(before, after).level);
        expect(names(prove(before, turned))).toEqual(names(prove(before, after)));
      }),
    );
  });

  test('each part that is missing, new or other is named once', () => {
    fc.assert(
      fc.property(anyFingerprint, anyFingerprint, (before, after) => {
        const text = ({ name, level, value }: FingerprintPart) => `${name} ${level} ${value}`;
        const [old, now] = [before.parts.map(text), after.parts.map(text)];
        const changed = [...old.filter((each) => !now.includes(each)), ...now.filter((each) => !old.includes(each))];
        const expected = [...new Set(changed.map((each) => each.split(' ')[0]))].sort();
        expect(
          prove(before, after)
            .differences.map((each) => each.part)
            .sort(),
        ).toEqual(expected);
      }),
    );
  });
});
