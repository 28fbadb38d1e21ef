import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pointsOf } from '../../src/release/schedule.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse('2026-03-07T02:00:00Z');

type Stretch = { everyMs: number; forMs: number };

/** Milliseconds after the start. */
function pointsAfter(...stretches: Stretch[]): number[] {
  return pointsOf({ stretches }, start).map((point) => point - start);
}

describe('the points at which a watch reports', () => {
  test.each<[string, Stretch[], number[]]>([
    ['no stretch: no point', [], []],
    ['a stretch of no length reports at once', [{ everyMs: minute, forMs: 0 }], [0]],
    ['an interval longer than its stretch reports at the end only', [{ everyMs: hour, forMs: minute }], [minute]],
    ['an interval as long as its stretch', [{ everyMs: hour, forMs: hour }], [hour]],
    ['a remainder is a shorter wait at the end', [{ everyMs: 40, forMs: 100 }], [40, 80, 100]],
    [
      'the next stretch counts from the end of the one before',
      [
        { everyMs: 40, forMs: 100 },
        { everyMs: 30, forMs: 60 },
      ],
      [40, 80, 100, 130, 160],
    ],
  ])('%s', (_, stretches, expected) => {
    expect(pointsAfter(...stretches)).toEqual(expected);
  });

  test('FR-17 every 15 minutes for 4 hours, then every hour to 24 hours', () => {
    const points = pointsAfter({ everyMs: 15 * minute, forMs: 4 * hour }, { everyMs: hour, forMs: 20 * hour });
    expect(points).toHaveLength(16 + 20);
    expect(points.slice(0, 2)).toEqual([15 * minute, 30 * minute]);
    expect(points.slice(15, 17)).toEqual([4 * hour, 5 * hour]);
    expect(points.at(-1)).toBe(24 * hour);
  });

  test('they rise, never wait longer than the interval, and end where the schedule ends', () => {
    const stretch = fc.record({ everyMs: fc.integer({ min: 1, max: 500 }), forMs: fc.integer({ min: 1, max: 5_000 }) });
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 4 }), (stretches) => {
        const points = pointsAfter(...stretches);
        const waits = points.map((point, index) => point - (points[index - 1] ?? 0));
        expect(Math.min(...waits)).toBeGreaterThan(0);
        expect(Math.max(...waits)).toBeLessThanOrEqual(Math.max(...stretches.map(({ everyMs }) => everyMs)));
        expect(points.at(-1)).toBe(stretches.reduce((sum, { forMs }) => sum + forMs, 0));
      }),
    );
  });
});
