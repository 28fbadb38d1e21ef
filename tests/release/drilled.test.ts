import { describe, expect, test } from 'vitest';
import { drilledCase, judgeCertificates } from '../../src/release/certificate.ts';
import type { Loss } from '../../src/release/loss.ts';
import type { ReleaseStatus, RestoredTarget } from '../../src/release/status.ts';
import { going } from '../report/releases.ts';
import { certificate } from './certificates.ts';

const planned = { at: 'deploy backend', how: 'after', point: 2 } as const;
const time = (second: number): string => new Date(Date.parse('2026-03-07T02:00:00Z') + second * 1000).toISOString();
const back = (target: string, more: Partial<RestoredTarget> = {}): RestoredTarget => {
  const rest = { proof: null, kept: null, downtimeMs: 100, detail: null, failure: null } as const;
  return { target, state: 'restored', proved: 'content', startedAt: time(1), endedAt: time(3), ...rest, ...more };
};
const lost = (rows: number): Loss => ({ measuredAt: time(0), held: true, rows, tables: [], notCompared: [] });
const carried = (into: 'copy' | 'files', count: number) => ({ into, carried: count, left: 0, tables: [], files: [] });
const failure = { kind: 'failed', message: 'drill: it was made to fail' } as const;
const status = (more: Partial<ReleaseStatus> = {}): ReleaseStatus => {
  return { ...going(), outcome: 'rolled-back', failedStep: planned.at, failure, restored: [back('backend')], ...more };
};

describe('one case of a drill', () => {
  test('tells what went back, what was tidied, how long it took and what was lost', () => {
    const restored = [
      back('backend', { startedAt: time(5), endedAt: time(9), downtimeMs: 50 }),
      back('orders', { loss: lost(5), carried: carried('copy', 4), startedAt: time(2), endedAt: time(6) }),
      back('stock', { loss: lost(2), carried: carried('files', 2), downtimeMs: null, kept: 'stock_old' }),
      back('cache', { startedAt: null, endedAt: null, downtimeMs: null }),
      back('database', { startedAt: time(20), endedAt: time(30), loss: lost(1), downtimeMs: 7 }),
    ];
    const drill = { id: 'd', at: planned.at, how: planned.how, tidied: ['database'] } as NonNullable<
      ReleaseStatus['drill']
    >;
    const told = drilledCase(planned, status({ restored, drill, digest: 'sha' }));
    expect(told).toMatchObject({ ...planned, outcome: 'rolled-back', digest: 'sha', problem: null });
    expect(told).toMatchObject({ tookMs: 8000, downtimeMs: 150, rowsLost: 1 + 2 + 1 });
    expect(told.tidied.map(({ target, rowsLost, rowsCarried }) => [target, rowsLost, rowsCarried])).toEqual([
      ['database', 1, null],
    ]);
    expect(
      told.restored.map(({ target, tookMs, rowsLost, rowsCarried }) => [target, tookMs, rowsLost, rowsCarried]),
    ).toEqual([
      ['backend', 4000, null, null],
      ['orders', 4000, 1, 4],
      ['stock', 2000, 2, 2],
      ['cache', null, null, null],
    ]);
    expect(told.restored[2]).toEqual({
      target: 'stock',
      state: 'restored',
      proved: 'content',
      tookMs: 2000,
      downtimeMs: null,
      rowsLost: 2,
      rowsCarried: 2,
      kept: 'stock_old',
    });
  });

  test('knows no times where nobody took any, and never less than no row', () => {
    const none = { startedAt: null, endedAt: null, downtimeMs: null };
    expect(drilledCase(planned, status({ restored: [back('a', none)] }))).toMatchObject({
      tookMs: null,
      downtimeMs: null,
      rowsLost: null,
    });
    const half = drilledCase(
      planned,
      status({ restored: [back('a', { endedAt: null }), back('b', { startedAt: null })] }),
    );
    expect(half.restored.map(({ tookMs }) => tookMs)).toEqual([null, null]);
    const begun = drilledCase(planned, status({ restored: [back('a', { endedAt: null })] }));
    const ended = drilledCase(planned, status({ restored: [back('a', { startedAt: null })] }));
    expect([begun.tookMs, ended.tookMs]).toEqual([null, null]);
    const more = back('a', { loss: lost(2), carried: carried('copy', 3) });
    expect(drilledCase(planned, status({ restored: [more] })).rowsLost).toBe(0);
  });

  const asked = { kind: 'blocked', text: 'The way back is blocked' } as ReleaseStatus['answered'][number];
  const halt = { kind: 'abort', by: 'lead', reason: 'enough', at: time(0) } as const;
  test.each<[string, Partial<ReleaseStatus>, string | null]>([
    ['it went as it should', {}, null],
    ['unchanged and proved is as good', { restored: [back('backend', { state: 'unchanged' })] }, null],
    ['nothing had to go back', { restored: [] }, null],
    ['somebody stopped it', { halt }, 'abort by lead: enough'],
    ['another step failed', { failedStep: 'smoke' }, 'smoke failed by itself: drill: it was made to fail'],
    [
      'the same step failed by itself',
      { failure: { kind: 'failed', message: 'no disk' } },
      'deploy backend failed by itself: no disk',
    ],
    ['no step failed', { failedStep: null, failure: null }, 'the planted failure was never reached'],
    [
      'no step, but something',
      { failedStep: null, failure: { kind: 'bug', message: 'x' } },
      'the planted failure was never reached: x',
    ],
    ['the step failed without a word', { failure: null }, 'deploy backend failed by itself'],
    ['unproved', { restored: [back('backend', { proved: 'unproved' })] }, 'backend is restored and unproved'],
    [
      'by hand, and one with a reason',
      {
        restored: [
          back('a', { state: 'by-hand' }),
          back('b', { state: 'failed', failure: { kind: 'failed', message: 'no' } }),
        ],
      },
      'a is by-hand and content; b: no',
    ],
    [
      'people helped',
      { answered: [{ ...asked, kind: 'failure' }, asked] },
      'people had to help: The way back is blocked',
    ],
    ['people were asked something else', { answered: [{ ...asked, kind: 'failure' }] }, null],
    ['another ending', { outcome: 'aborted' }, 'it ended aborted'],
    ['no ending', { outcome: null }, 'it ended without an ending'],
  ])('%s', (_, more, problem) => {
    expect(drilledCase(planned, status(more)).problem).toBe(problem);
  });
});

describe('a gate that wants a drill', () => {
  const nowMs = Date.parse('2026-03-07T00:00:00Z');
  const hour = 3_600_000;
  const one = (more: object) => certificate({ shape: 'mine', endedAt: '2026-03-01T00:00:00Z', ...more });
  const judged = (certificates: ReturnType<typeof one>[], withinMs: number) =>
    judgeCertificates(certificates, { shape: 'mine', nowMs, withinMs });
  test.each([
    ['none', [], 24 * hour, 'the way back of this plan was never drilled'],
    [
      'another shape',
      [one({ shape: 'other' })],
      24 * hour,
      'the last drill, of 2026-03-01T00:00:00Z, was of a plan with other targets, steps or rules',
    ],
    ['parts', [one({ complete: false })], 24 * hour, 'the way back of this plan was drilled only in parts'],
    [
      'failed',
      [one({ passed: false, failure: 'no disk' })],
      999 * hour,
      'the drill of 2026-03-01T00:00:00Z failed: no disk',
    ],
    [
      'old, in hours',
      [one({})],
      36.25 * hour,
      'the drill of 2026-03-01T00:00:00Z is older than the 36.3 hours that the plan allows',
    ],
    [
      'old, in days',
      [one({})],
      48 * hour,
      'the drill of 2026-03-01T00:00:00Z is older than the 2 days that the plan allows',
    ],
  ])('%s', (_, certificates, withinMs, refusal) => {
    expect(judged(certificates, withinMs).refusal).toBe(refusal);
  });

  test('looks at the newest first, whatever the order of the files', () => {
    const old = one({ endedAt: '2026-02-01T00:00:00Z', passed: false, failure: 'old' });
    const young = one({ endedAt: '2026-03-06T00:00:00Z' });
    for (const files of [
      [old, young],
      [young, old],
    ])
      expect(judged(files, 30 * 24 * hour)).toEqual({ certificate: young, refusal: null });
    expect(judged([one({ passed: false, failure: 'x' })], hour).certificate?.failure).toBe('x');
    expect(judged([young], hour).certificate).toEqual(young);
    expect(judged([one({ shape: 'other' })], hour).certificate).toBeNull();
  });
});
