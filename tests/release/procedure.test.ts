import { describe, expect, test } from 'vitest';
import { type Restorable, stagesOf, type WayBack } from '../../src/release/procedure.ts';
import { backward, both, breaking, code, database, forward } from './situations.ts';

/** A stage in one line: `restore backend < resume database` starts when what stands behind `<` ended well. */
function linesOf(way: WayBack): string[] {
  return stagesOf(way).map(({ id, after }) => (after.length === 0 ? id : `${id} < ${after.join(' + ')}`));
}

function data(more: Partial<Restorable> = {}): Restorable {
  return { ...database(), holds: true, writers: ['backend'], ...more };
}

function service(name: string, more: Partial<Restorable> = {}): Restorable {
  return { ...code(name), holds: true, writers: [], ...more };
}

/** Static files: nothing to stop. */
const site = (more: Partial<Restorable> = {}): Restorable => service('frontend', { holds: false, ...more });
const unchanged = { changed: false };

type Row = [what: string, given: Partial<WayBack>, expected: string[]];

const shop = (compatibility = backward): Restorable[] => [data({ compatibility }), service('backend'), site()];

function gives(rows: Row[]): void {
  test.each(rows)('%s', (_, given, expected) => {
    expect(linesOf({ targets: shop(), restore: [], held: [], ...given })).toEqual(expected);
  });
}

describe('when nothing is restored', () => {
  const before = [data({ compatibility: breaking, standing: 'equal' }), service('backend', unchanged), site(unchanged)];
  gives([
    ['nothing held: there is nothing to do', {}, []],
    [
      'what was held starts again, the database before the service that needs it',
      { targets: before, held: ['backend', 'database'] },
      ['resume database', 'resume backend < resume database'],
    ],
    ['a service alone starts again', { held: ['backend'] }, ['resume backend']],
  ]);
});

describe('procedure code', () => {
  const equal = [service('backend'), data({ compatibility: forward, standing: 'equal' })];
  gives([
    ['brings code back, newest first', { restore: ['backend', 'frontend'] }, ['restore frontend', 'restore backend']],
    ['only the named ones', { restore: ['backend'] }, ['restore backend']],
    ['a held service runs again by its restore', { restore: ['backend'], held: ['backend'] }, ['restore backend']],
    [
      'a held database lets writers in before a service starts that needs it',
      { targets: equal, restore: ['backend'], held: ['database'] },
      ['resume database', 'restore backend'],
    ],
  ]);
});

describe('procedure database', () => {
  const only = (compatibility = backward): Restorable[] => [data({ compatibility }), service('backend', unchanged)];
  const two = [data({ name: 'orders' }), data({ name: 'stock', compatibility: breaking })];
  gives([
    [
      'holds, restores and opens it',
      { targets: only(), restore: ['database'] },
      ['hold database', 'restore database < hold database', 'resume database < restore database'],
    ],
    [
      'a held one is not held again',
      { targets: only(breaking), restore: ['database'], held: ['database'] },
      ['restore database', 'resume database < restore database'],
    ],
    [
      'held writers start again when it is open',
      { targets: only(breaking), restore: ['database'], held: ['backend', 'database'] },
      ['restore database', 'resume database < restore database', 'resume backend < resume database'],
    ],
    [
      'a kind that cannot keep writers out is restored at once',
      { targets: [data({ holds: false })], restore: ['database'] },
      ['restore database'],
    ],
    [
      'two of them go their own way, newest first',
      { targets: two, restore: ['orders', 'stock'] },
      [
        'hold stock',
        'hold orders',
        'restore stock < hold stock',
        'restore orders < hold orders',
        'resume stock < restore stock',
        'resume orders < restore orders',
      ],
    ],
  ]);
});

describe('procedure full', () => {
  const all = ['database', 'backend', 'frontend'];
  const reads = [data({ writers: [] }), service('backend'), service('worker')];
  const two = [
    data({ name: 'orders' }),
    data({ name: 'stock', compatibility: breaking, writers: [] }),
    service('backend'),
  ];
  gives([
    [
      'backward: new code is stopped or exchanged before the old schema is open to it',
      { restore: all },
      [
        'hold backend',
        'hold database',
        'restore database < hold backend + hold database',
        'restore frontend',
        'resume database < restore database + restore frontend',
        'restore backend',
      ],
    ],
    [
      'breaking: previous code waits for the old schema',
      { targets: shop(breaking), restore: all },
      [
        'hold backend',
        'hold database',
        'restore database < hold backend + hold database',
        'restore frontend < restore database',
        'resume database < restore database + restore frontend',
        'restore backend < resume database',
      ],
    ],
    [
      'both: only what writes is stopped',
      { targets: shop(both), restore: all },
      [
        'hold backend',
        'hold database',
        'restore database < hold backend + hold database',
        'resume database < restore database',
        'restore frontend',
        'restore backend',
      ],
    ],
    [
      'forward: new code may go on, previous code waits',
      {
        targets: [data({ compatibility: forward, writers: [] }), service('backend')],
        restore: ['database', 'backend'],
      },
      [
        'hold database',
        'restore database < hold database',
        'resume database < restore database',
        'restore backend < resume database',
      ],
    ],
    [
      'held since before the savepoint: nothing is held twice',
      { targets: shop(breaking), restore: all, held: ['backend', 'database'] },
      [
        'restore database',
        'restore frontend < restore database',
        'resume database < restore database + restore frontend',
        'restore backend < resume database',
      ],
    ],
    [
      'code that only reads is stopped too where it may not see the old schema',
      { targets: reads, restore: ['database', 'backend', 'worker'] },
      [
        'hold worker',
        'hold backend',
        'hold database',
        'restore database < hold worker + hold backend + hold database',
        'resume database < restore database',
        'restore worker',
        'restore backend',
      ],
    ],
    [
      'code waits only for the database on whose new schema it may not run',
      { targets: two, restore: ['orders', 'stock', 'backend'] },
      [
        'hold backend',
        'hold stock',
        'hold orders',
        'restore stock < hold backend + hold stock',
        'restore orders < hold backend + hold orders',
        'resume stock < restore stock',
        'resume orders < restore orders',
        'restore backend < resume stock',
      ],
    ],
    [
      'code that was held and stays starts when the databases are open, whatever becomes of other code',
      {
        targets: [data({ compatibility: both }), service('backend'), service('jobs', unchanged)],
        restore: ['database', 'backend'],
        held: ['jobs'],
      },
      [
        'hold backend',
        'hold database',
        'restore database < hold backend + hold database',
        'resume database < restore database',
        'restore backend',
        'resume jobs < resume database',
      ],
    ],
  ]);
});
