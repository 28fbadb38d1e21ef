import { describe, expect, it } from 'vitest';
import { expectationsOf, type PastStage, pastStages } from '../../src/report/history.ts';
import { outlook } from '../../src/report/outlook.ts';
import { planLines } from '../../src/report/plan-lines.ts';
import { shopPlan, stepOf } from './outlooks.ts';
import { at, database, going, wentBack } from './releases.ts';

function past(stage: string, second: number, tookMs: number, downtimeMs: number | null = null): PastStage {
  return { stage, at: at(second), tookMs, downtimeMs };
}

const saved = (target: string, kind: string) => ({
  target,
  kind,
  release: 'run-1',
  takenAt: at(1),
  version: 'v1',
  absent: false,
  heldMs: 0,
  fingerprint: { takenAt: at(1), parts: [] },
  state: null,
});

describe('how long a restore will take', () => {
  it('is read from the report of a release that went back', async () => {
    const { targets } = await shopPlan();
    const report = { ...wentBack, savepoints: [saved('database', 'memory-database')] };
    expect(pastStages(report, targets)).toEqual([past('restore database', 30, 2000, 850)]);
  });

  it('is not read from restores that failed, of other kinds, of other targets, or of what is no report', async () => {
    const { targets } = await shopPlan();
    const other = { ...wentBack, savepoints: [saved('database', 'postgres')] };
    const failed = going({
      savepoints: [saved('database', 'memory-database')],
      restored: [{ ...database, state: 'failed' }],
    });
    const strange = going({ savepoints: [saved('cache', 'memory')], restored: [{ ...database, target: 'cache' }] });
    for (const report of [
      wentBack,
      other,
      failed,
      strange,
      null,
      'text',
      [],
      { restored: 'none' },
      { restored: [null] },
    ]) {
      expect(pastStages(report, targets)).toEqual([]);
    }
  });

  it('is read from the timeline for stages that have no entry of their own', async () => {
    const { targets } = await shopPlan();
    const timeline = [
      { at: at(10), what: 'beside database' },
      { at: at(11), what: 'hold backend' },
      { at: at(13), what: 'done: beside database' },
      { at: at(14), what: 'failed: hold backend: no answer' },
    ];
    const savepoints = [saved('database', 'memory-database'), saved('backend', 'memory')];
    expect(pastStages(going({ savepoints, timeline }), targets)).toEqual([past('beside database', 10, 3000)]);
  });

  it('is the median of the last ten', () => {
    const times = Array.from({ length: 14 }, (_, index) => past('restore database', index, index < 4 ? 90_000 : index));
    const cut = [
      past('restore backend', 1, 300, 40),
      past('restore backend', 2, 100),
      past('restore backend', 3, 200, 60),
    ];
    expect(expectationsOf([...times, ...cut].reverse())).toEqual({
      'restore database': { ms: 8, downtimeMs: null, n: 10 },
      'restore backend': { ms: 200, downtimeMs: 40, n: 3 },
    });
  });
});

describe('how long a way back will take', () => {
  it('is the longest chain of stages, with the fewest restores that it rests on', async () => {
    const known = expectationsOf([
      past('restore frontend', 1, 3000),
      past('restore backend', 1, 2000),
      past('restore backend', 2, 2000),
    ]);
    const chained = outlook(await shopPlan(), known);
    const way = (table: typeof chained) =>
      table.ways.find(({ id }) => id === stepOf(table, 'deploy frontend').prospects[0]?.way);
    expect(way(chained)).toMatchObject({ expectedMs: 5000, from: 1 });
    const parallel = outlook(await shopPlan({ frontend: { needs: [] } }), known);
    expect(way(parallel)).toMatchObject({ expectedMs: 3000, from: 1 });
    const text = planLines(await shopPlan(), 'd1', chained)
      .map((line) => line.text)
      .join('\n');
    expect(text).toContain('no database goes back; takes about 5.0 s (from 1 restore)');
  });

  it('is not known while one of its restores was never done', async () => {
    const table = outlook(await shopPlan(), expectationsOf([past('restore frontend', 1, 3000)]));
    const { prospects } = stepOf(table, 'deploy frontend');
    expect(table.ways.find(({ id }) => id === prospects[0]?.way)).toMatchObject({ expectedMs: null, from: 0 });
    expect(table.restores).toEqual([
      { target: 'database', expected: null },
      { target: 'backend', expected: null },
      { target: 'frontend', expected: { ms: 3000, downtimeMs: null, n: 1 } },
    ]);
  });
});
