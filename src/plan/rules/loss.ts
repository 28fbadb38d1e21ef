import { traitsOf } from '../kinds.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import { groupsOf } from '../suite.ts';
import { type NamedTarget, targetsOf } from '../written.ts';
import type { Rule, Saying } from './rule.ts';

type Rollback = WrittenRelease['rollback'];

/** What of `rollback` is about rows, and was written. */
function aboutRows({ dataLoss, ignore, marks, hold }: Rollback): string[] {
  return [
    ...(dataLoss === 'ask' ? [] : ['dataLoss']),
    ...(ignore.length === 0 ? [] : ['ignore']),
    ...(marks.length === 0 ? [] : ['marks']),
    ...(hold === undefined ? [] : ['hold']),
  ];
}

function databases(written: WrittenRelease): NamedTarget[] {
  return targetsOf(written).filter(({ target }) => traitsOf(target.kind).stores);
}

const rowsOfDatabases: Rule = {
  name: 'rows-of-databases',
  severity: 'error',
  whole: true,
  look: ({ written }) => {
    if (databases(written).length > 0) return [];
    return aboutRows(written.rollback).map((key): Saying => {
      const message = 'is about rows, and no target holds data';
      return { path: ['rollback', key], at: 'key', message, remedy: 'take it out, or add the database to targets' };
    });
  },
};

/** A kind that cannot compare rows leaves the loss unknown, and the unknown is never within a bound. */
const rowsAreMeasured: Rule = {
  name: 'rows-are-measured',
  severity: 'warning',
  look: ({ written }) => {
    const blind = databases(written).filter(({ target }) => traitsOf(target.kind).measures !== true);
    const keys = aboutRows(written.rollback).filter((key) => key !== 'hold');
    if (blind.length === 0) return [];
    return keys.map((key): Saying => {
      const [first] = blind;
      const message = `${blind.map(({ name }) => name).join(', ')} cannot tell which rows a restore loses (kind ${first?.target.kind}), so it has no effect there and a person is asked`;
      return { path: ['rollback', key], at: 'key', message };
    });
  },
};

const defaultDeadline = 30 * 60 * 1000;

/** While people think about lost rows the writers wait; the hold ends that, so it must end first. */
const holdBeforeDeadline: Rule = {
  name: 'hold-before-deadline',
  severity: 'error',
  look: ({ written }) => {
    const { hold } = written.rollback;
    const deadline = written.questions?.deadline ?? defaultDeadline;
    if (hold === undefined || hold < deadline) return [];
    const message = 'writers would be held until the question about lost rows is over';
    return [{ path: ['rollback', 'hold'], message, remedy: 'make it shorter than the deadline of questions' }];
  },
};

const holdFitsRestore: Rule = {
  name: 'hold-fits-restore',
  severity: 'error',
  look: ({ written: { window, rollback } }) => {
    const { longestRestore } = window ?? {};
    if (longestRestore === undefined || rollback.hold === undefined || rollback.hold < longestRestore) return [];
    const message = 'a restore that holds writers this long takes longer than longestRestore of the window';
    return [{ path: ['rollback', 'hold'], message, remedy: 'make it shorter, or longestRestore longer' }];
  },
};

const marksTellApart: Rule = {
  name: 'marks-tell-apart',
  severity: 'error',
  look: ({ written }) => {
    const ofGroups = groupsOf(written).map(({ name, marks }) => ({ path: ['checks', name, 'marks'], marks }));
    const lists = [{ path: ['rollback', 'marks'], marks: written.rollback.marks }, ...ofGroups];
    return lists.flatMap(({ path, marks }) =>
      marks.flatMap(({ like }, index): Saying[] => {
        if (!/^%+$/.test(like)) return [];
        const message = 'matches every row, so no loss would ever count';
        return [{ path: [...path, index, 'like'], message, remedy: 'say how rows of smoke tests look' }];
      }),
    );
  },
};

const plain = (table: string): string => table.replace(/^public\./, '');

const tablesOnce: Rule = {
  name: 'tables-once',
  severity: 'warning',
  look: ({ written: { rollback } }) => {
    const ignored = rollback.ignore.map(plain);
    return [
      ...ignored.flatMap((table, index): Saying[] =>
        ignored.indexOf(table) === index
          ? []
          : [{ path: ['rollback', 'ignore', index], message: `${table} is named twice` }],
      ),
      ...rollback.marks.flatMap(({ table }, index): Saying[] =>
        ignored.includes(plain(table))
          ? [{ path: ['rollback', 'marks', index, 'table'], message: `${table} is ignored as a whole` }]
          : [],
      ),
    ];
  },
};

export const lossRules: readonly Rule[] = [
  rowsOfDatabases,
  rowsAreMeasured,
  holdBeforeDeadline,
  holdFitsRestore,
  marksTellApart,
  tablesOnce,
];
