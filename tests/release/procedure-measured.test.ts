import { describe, expect, test } from 'vitest';
import { type Restorable, type Stage, stagesOf } from '../../src/release/procedure.ts';
import { backward, both, breaking, code, database } from './situations.ts';

const data = (more: Partial<Restorable> = {}): Restorable => ({
  ...database(),
  holds: true,
  writers: ['backend'],
  ...more,
});
const service = (name: string, more: Partial<Restorable> = {}): Restorable => ({
  ...code(name),
  holds: true,
  writers: [],
  ...more,
});
const all = ['database', 'backend', 'frontend'];

function order(stages: readonly Stage[]): Record<string, { after: string[]; behind: string[] }> {
  return Object.fromEntries(stages.map(({ id, after, behind = [] }) => [id, { after, behind }]));
}

describe('a way back whose loss is measured', () => {
  test('builds beside, then holds and counts at once, then goes on', () => {
    const targets = [data({ compatibility: breaking }), service('backend'), service('frontend', { holds: false })];
    expect(stagesOf({ targets, restore: all, held: [], measured: ['database'] })).toEqual([
      { id: 'beside database', do: 'beside', target: 'database', after: [] },
      {
        id: 'agree on database',
        do: 'agree',
        target: 'database',
        after: ['beside database'],
        holds: ['backend', 'database'],
        measures: ['database'],
      },
      { id: 'restore database', do: 'restore', target: 'database', after: ['agree on database'] },
      {
        id: 'restore frontend',
        do: 'restore',
        target: 'frontend',
        after: ['restore database'],
        behind: ['agree on database'],
      },
      {
        id: 'resume database',
        do: 'resume',
        target: 'database',
        after: ['restore database', 'restore frontend'],
        behind: ['agree on database'],
      },
      {
        id: 'restore backend',
        do: 'restore',
        target: 'backend',
        after: ['resume database'],
        behind: ['agree on database'],
      },
    ]);
  });

  test('a database that is held already is measured too', () => {
    const targets = [data({ writers: [] })];
    expect(order(stagesOf({ targets, restore: ['database'], held: ['database'], measured: ['database'] }))).toEqual({
      'beside database': { after: [], behind: [] },
      'agree on database': { after: ['beside database'], behind: [] },
      'restore database': { after: ['agree on database'], behind: [] },
      'resume database': { after: ['restore database'], behind: ['agree on database'] },
    });
  });

  test('several are agreed on together; one that cannot be measured waits for its writers', () => {
    const targets = [
      data({ writers: [] }),
      data({ name: 'orders', writers: [] }),
      data({ name: 'stock', writers: [] }),
    ];
    const restore = ['database', 'orders', 'stock'];
    const stages = stagesOf({ targets, restore, held: [], measured: ['orders', 'database'] });
    expect(stages.find((stage) => stage.do === 'agree')).toEqual({
      id: 'agree on orders, database',
      do: 'agree',
      target: 'orders',
      after: ['beside orders', 'beside database'],
      holds: ['stock', 'orders', 'database'],
      measures: ['orders', 'database'],
    });
    expect(order(stages)['restore stock']).toEqual({ after: ['agree on orders, database'], behind: [] });
    expect(stages.filter((stage) => stage.do === 'hold')).toEqual([]);
  });

  test('what does not go back is not measured', () => {
    const targets = [data(), service('backend')];
    const unmeasured = stagesOf({ targets, restore: ['backend'], held: [] });
    expect(stagesOf({ targets, restore: ['backend'], held: [], measured: ['database'] })).toEqual(unmeasured);
    expect(unmeasured).toEqual([{ id: 'restore backend', do: 'restore', target: 'backend', after: [] }]);
  });

  test('code keeps what it waits behind besides', () => {
    const targets = [data({ compatibility: both, writers: [] }), service('backend'), service('frontend')];
    const stages = order(stagesOf({ targets, restore: all, held: [], measured: ['database'] }));
    expect(stages['restore backend']).toEqual({ after: [], behind: ['agree on database', 'restore frontend'] });
    expect(stages['restore frontend']).toEqual({ after: [], behind: ['agree on database'] });
  });
});

describe('code that goes back', () => {
  const three = (needs: Partial<Record<'backend' | 'frontend' | 'jobs', string[]>>): Restorable[] =>
    (['backend', 'frontend', 'jobs'] as const).map((name) => service(name, { needs: needs[name] }));
  const behinds = (targets: Restorable[]): Record<string, string[]> => {
    const restore = targets.map(({ name }) => name);
    const stages = order(stagesOf({ targets, restore, held: [] }));
    return Object.fromEntries(Object.entries(stages).map(([id, { behind }]) => [id, behind]));
  };

  test('goes behind everything later where nothing is said', () => {
    expect(behinds(three({}))).toEqual({
      'restore jobs': [],
      'restore frontend': ['restore jobs'],
      'restore backend': ['restore jobs', 'restore frontend'],
    });
  });

  test('goes at once where nothing stands on it', () => {
    expect(behinds(three({ frontend: ['backend'], jobs: [] }))).toEqual({
      'restore jobs': [],
      'restore frontend': [],
      'restore backend': ['restore frontend'],
    });
  });

  test('does not wait for what stays', () => {
    const stages = stagesOf({ targets: three({}), restore: ['backend'], held: [] });
    expect(stages).toEqual([{ id: 'restore backend', do: 'restore', target: 'backend', after: [] }]);
  });

  test('starts behind the opening of the database that it was stopped for, even where that fails', () => {
    const targets = [data({ compatibility: backward }), service('backend'), service('reader')];
    const stages = order(stagesOf({ targets, restore: ['database', 'backend', 'reader'], held: [] }));
    expect(stages['restore backend']).toEqual({ after: [], behind: ['resume database', 'restore reader'] });
    expect(stages['restore reader']).toEqual({ after: [], behind: ['resume database'] });
  });

  test('has no opening to wait for where the kind has no hold', () => {
    const targets = [data({ compatibility: backward, holds: false }), service('backend')];
    const stages = order(stagesOf({ targets, restore: ['database', 'backend'], held: [] }));
    expect(stages['restore backend']).toEqual({ after: [], behind: ['restore database'] });
  });

  test('of which nothing is declared is taken for breaking', () => {
    const targets = [data({ compatibility: null, writers: [] }), service('backend')];
    const stages = order(stagesOf({ targets, restore: ['database', 'backend'], held: [] }));
    expect(Object.keys(stages)).toEqual([
      'hold backend',
      'hold database',
      'restore database',
      'resume database',
      'restore backend',
    ]);
    expect(stages['restore backend']).toEqual({ after: ['resume database'], behind: [] });
  });

  test('that cannot be stopped goes back before the one database opens that it may not meet', () => {
    const site = service('site', { holds: false });
    const targets = [
      data({ compatibility: both, writers: [] }),
      data({ name: 'orders', compatibility: breaking, writers: [] }),
      site,
    ];
    const stages = order(stagesOf({ targets, restore: ['database', 'orders', 'site'], held: [] }));
    expect(stages['restore site']).toEqual({ after: ['restore orders'], behind: [] });
    expect(stages['resume orders']?.after).toEqual(['restore orders', 'restore site']);
    expect(stages['resume database']?.after).toEqual(['restore database']);
  });
});
