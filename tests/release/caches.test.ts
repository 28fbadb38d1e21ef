import { describe, expect, test } from 'vitest';
import { incompatiblePairs, type TargetFacts } from '../../src/release/compatibility.ts';
import { decide, restoredBy, safeChoices } from '../../src/release/policy.ts';
import { type Restorable, stagesOf } from '../../src/release/procedure.ts';
import { breaking, code, database, situation } from './situations.ts';

const cache = (name: string, more: Partial<TargetFacts> = {}): TargetFacts =>
  code(name, { cache: true, changed: false, ...more });

const shop = (more: Partial<TargetFacts> = {}): TargetFacts[] => [
  database(more),
  code('backend'),
  cache('edge', { changed: true }),
  cache('memory'),
];

describe('a cache that this release did not empty', () => {
  test('is emptied by a full rollback that the rules decide', () => {
    const targets = shop({ compatibility: breaking });
    expect(decide(situation('deploy', 'backend', { targets, loss: 0 }))).toMatchObject({
      procedure: 'full',
      targets: ['edge', 'backend', 'database', 'memory'],
    });
  });

  test('is emptied as well when only the failed database and the code before it go back', () => {
    const targets = [code('backend'), database({ compatibility: { backward: true, forward: true } }), cache('memory')];
    const decided = decide(situation('verify', 'database', { targets, loss: 0 }));
    expect(decided).toMatchObject({ procedure: 'full', targets: ['backend', 'database', 'memory'] });
  });

  test.each([
    ['restore-full', ['edge', 'backend', 'database', 'memory']],
    ['carry-over-and-restore', ['edge', 'backend', 'database', 'memory']],
    ['restore-code', ['edge', 'backend']],
    ['restore-database', ['database']],
  ] as const)('%s brings back %j', (choice, expected) => {
    expect(restoredBy(choice, shop())).toEqual(expected);
  });

  test('stays as it is when code goes back alone, and when a database does', () => {
    expect(decide(situation('deploy', 'backend', { targets: shop() }))).toMatchObject({
      procedure: 'code',
      targets: ['edge', 'backend'],
    });
    const alone = [database(), cache('memory')];
    expect(decide(situation('migrate', 'database', { targets: alone, loss: 0 }))).toMatchObject({
      procedure: 'database',
      targets: ['database'],
    });
  });

  test('is no reason to go back, and nothing happens to it when nothing was changed', () => {
    expect(decide(situation('survey', 'memory', { targets: [cache('memory')] })).do).toBe('stop');
  });
});

describe('a schema', () => {
  test('matters to no cache: it never makes a pair that may not run', () => {
    const targets = [database({ compatibility: breaking }), cache('edge', { changed: true }), cache('memory')];
    expect(incompatiblePairs(targets, [])).toEqual([]);
    expect(incompatiblePairs(targets, ['edge'])).toEqual([]);
    expect(safeChoices(situation('smoke', null, { targets }))).toContain('stay');
  });
});

describe('on the way back', () => {
  const restorables = (targets: TargetFacts[]): Restorable[] =>
    targets.map((each) => ({ ...each, holds: each.stores, writers: [] }));
  const lines = (restore: string[], measured: string[] = []): string[] =>
    stagesOf({ targets: restorables(shop()), restore, held: [], measured }).map(
      ({ id, after }) => `${id}${after.length === 0 ? '' : ` < ${after.join(' + ')}`}`,
    );

  test('a cache is emptied after the code that fills it is back', () => {
    expect(lines(['edge', 'backend'])).toEqual(['restore backend', 'restore edge < restore backend']);
  });

  test('all caches are emptied after databases and code, whatever is measured before', () => {
    const all = ['edge', 'backend', 'database', 'memory'];
    const last = ['restore database + restore backend'];
    for (const measured of [[], ['database']]) {
      const stages = lines(all, measured);
      expect(stages).toContain(`restore memory < ${last}`);
      expect(stages).toContain(`restore edge < ${last}`);
    }
  });

  test('a cache alone is emptied at once', () => {
    expect(lines(['memory'])).toEqual(['restore memory']);
  });
});
