import { describe, expect, test } from 'vitest';
import {
  type Bound,
  boundOfLosses,
  countedRows,
  fateInWords,
  isNothing,
  isWithin,
  type Loss,
  lossInWords,
  type TableLoss,
} from '../../src/release/loss.ts';

const table = (name: string, more: Partial<TableLoss> = {}): TableLoss => {
  return { table: name, by: 'key', added: 0, changed: 0, removed: 0, marked: 0, own: 0, ignored: false, ...more };
};
const loss = (rows: number, tables: TableLoss[], notCompared: string[] = []): Loss => {
  return { measuredAt: '2026-03-07T02:00:00.000Z', held: true, rows, tables, notCompared };
};

describe('rows that count', () => {
  test('are added, changed and removed ones, without those that are marked, ignored or of the release itself', () => {
    const tables = [
      table('public.orders', { added: 5, changed: 3, removed: 2, marked: 4, own: 7 }),
      table('public.sessions', { added: 9, ignored: true }),
      table('public.probes', { added: 2, marked: 2 }),
      table('public.users'),
    ];
    expect(countedRows(loss(6, tables))).toEqual([{ table: 'public.orders', rows: 6 }]);
  });
});

describe('nothing is lost', () => {
  test.each([
    [0, [], true],
    [1, [], false],
    [0, ['public.big: too large'], false],
    [1, ['public.big: too large'], false],
  ])('%i rows, not compared %j: %s', (rows, notCompared, expected) => {
    expect(isNothing(loss(rows, [], notCompared))).toBe(expected);
  });
});

describe('within what was approved', () => {
  const lost = [
    { table: 'public.orders', rows: 3 },
    { table: 'shop.items', rows: 2 },
  ];
  test.each<[string, Bound, boolean]>([
    ['exactly as many in all', 5, true],
    ['one fewer in all', 4, false],
    ['each table, its schema left out where it is public', { orders: 3, 'shop.items': 2 }, true],
    ['the full name counts before the short one', { 'public.orders': 3, orders: 0, 'shop.items': 2 }, true],
    ['one table too many', { orders: 2, 'shop.items': 2 }, false],
    ['a table that is not named', { orders: 3 }, false],
    ['another schema is not left out', { orders: 3, items: 2 }, false],
    ['nothing is named', {}, false],
  ])('%s', (_, bound, expected) => {
    expect(isWithin(lost, bound)).toBe(expected);
  });

  test('no row is within every bound', () => {
    expect([isWithin([], 0), isWithin([], {}), isWithin([{ table: 'orders', rows: 0 }], {})]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('only a schema at the start of the name is left out', () => {
    expect(isWithin([{ table: 'shop.public.x', rows: 1 }], { 'shop.x': 1 })).toBe(false);
  });
});

describe('what was shown, as a bound', () => {
  const orders = (added: number) => loss(added, [table('public.orders', { added })]);
  const items = loss(2, [table('shop.items', { removed: 2 }), table('public.users', { changed: 4, ignored: true })]);

  test('names each table that loses something', () => {
    expect(boundOfLosses([orders(5), items])).toEqual({ 'public.orders': 5, 'shop.items': 2 });
    expect(boundOfLosses([])).toEqual({});
  });

  test('is a number in all where two databases have the table, or each might lose what both were shown to lose', () => {
    const bound = boundOfLosses([orders(5), orders(3), items]);
    expect(bound).toBe(10);
    const later = [orders(8), orders(8)].flatMap(countedRows);
    expect(isWithin(later, bound)).toBe(false);
  });
});

describe('in words', () => {
  test.each<[string, TableLoss[], string]>([
    ['nothing', [], 'nothing'],
    ['only the own rows of the release', [table('orders', { own: 4 })], 'nothing'],
    ['every way', [table('orders', { added: 1, changed: 2, removed: 3 })], 'orders 1 added, 2 changed, 3 deleted'],
    ['marked', [table('orders', { added: 2, marked: 1 })], 'orders 2 added (1 by smoke tests)'],
    ['ignored', [table('sessions', { removed: 9, ignored: true })], 'sessions 9 deleted (ignored)'],
    [
      'both, and a second table',
      [table('a', { added: 2, marked: 1, ignored: true }), table('b', { changed: 1 })],
      'a 2 added (1 by smoke tests, ignored); b 1 changed',
    ],
  ])('%s', (_, tables, words) => {
    expect(lossInWords(loss(0, tables))).toBe(words);
  });
});

describe('what became of the rows', () => {
  const written = loss(3, [table('orders', { added: 3 })]);
  const carried = { into: 'copy', carried: 3, left: 0, tables: [], files: [] } as const;
  const words = 'written since the savepoint: orders 3 added';
  test('nobody had to measure', () => {
    expect(fateInWords(undefined, { ...carried, tables: [], files: [] })).toBeNull();
  });
  test.each([
    ['nothing was written', loss(0, []), undefined, 'written since the savepoint: nothing'],
    [
      'nothing that counts',
      loss(0, [table('s', { added: 1, ignored: true })]),
      undefined,
      'written since the savepoint: s 1 added (ignored)',
    ],
    ['undone', written, undefined, `${words}; undone, and still in the database that was set aside`],
    ['carried over', written, carried, `${words}; carried over: 3`],
    [
      'some did not fit',
      written,
      { ...carried, carried: 2, left: 1, files: ['left.sql'] },
      `${words}; carried over: 2, 1 do not fit; files: left.sql`,
    ],
    [
      'as files',
      written,
      { ...carried, into: 'files' as const, files: ['a.sql', 'b.sql'] },
      `${words}; kept as files: 3; files: a.sql, b.sql`,
    ],
  ])('%s', (_, lost, saved, expected) => {
    expect(fateInWords(lost, saved === undefined ? undefined : { ...saved, tables: [], files: [...saved.files] })).toBe(
      expected,
    );
  });

  test('a table without a difference is left out between others', () => {
    expect(lossInWords(loss(2, [table('a', { added: 1 }), table('b'), table('c', { added: 1 })]))).toBe(
      'a 1 added; c 1 added',
    );
  });
});
