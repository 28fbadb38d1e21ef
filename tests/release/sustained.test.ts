import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSustained, type Sustained, sustain } from '../../src/release/sustained.ts';

/** Above 2 % for 5 min, in parts of a minute with at least 100 requests. */
const condition: Sustained = { allowed: 0.02, forMs: 300_000, leastPerPart: 100 };

/** `n` requests every 10 s for each minute's share of bad ones; what was found, with the second it was found at. */
function found(minutes: readonly number[], { n = 50, startMs = 0 } = {}, state = openSustained()) {
  return minutes.flatMap((share, minute) =>
    [0, 10, 20, 30, 40, 50].flatMap((second) => {
      const atMs = startMs + minute * 60_000 + second * 1_000;
      const held = sustain(condition, state, { atMs, n, bad: n * share });
      return held === null ? [] : [{ atS: atMs / 1_000, ...held }];
    }),
  );
}

describe('a condition that has to hold for 5 minutes', () => {
  test('is found when they are over, with every request of them, and said once', () => {
    expect(found([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])).toEqual([{ atS: 300, sinceMs: 0, n: 1_500, bad: 150 }]);
  });

  test('is found again when it holds for another 5 minutes', () => {
    const shares = Array.from({ length: 11 }, () => 0.1);
    expect(found(shares).map(({ atS, sinceMs, n }) => [atS, sinceMs, n])).toEqual([
      [300, 0, 1_500],
      [600, 300_000, 1_500],
    ]);
  });

  test('does not hold in a minute at exactly what is allowed', () => {
    expect(found(Array.from({ length: 7 }, () => 0.02))).toEqual([]);
  });

  test('begins anew after a good minute, which is not counted', () => {
    const held = found([0.5, 0.5, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]);
    expect(held).toEqual([{ atS: 480, sinceMs: 180_000, n: 1_500, bad: 150 }]);
  });

  test('is broken by a minute with too few requests, and not by one with just enough', () => {
    const few = (n: number) => {
      const state = openSustained();
      const before = found([0.1, 0.1], {}, state);
      sustain(condition, state, { atMs: 120_000, n, bad: n });
      return [...before, ...found([0.1, 0.1, 0.1, 0.1], { startMs: 180_000 }, state)].length;
    };
    expect(few(99)).toBe(0);
    expect(few(100)).toBe(1);
  });

  test('is broken by a silence: nobody can say that it held', () => {
    const state = openSustained();
    found([0.1, 0.1, 0.1], {}, state);
    expect(found([0.1, 0.1], { startMs: 480_000 }, state)).toEqual([]);
    expect(found([0.1, 0.1, 0.1, 0.1], { startMs: 600_000 }, state)).toEqual([
      { atS: 780, sinceMs: 480_000, n: 1_500, bad: 150 },
    ]);
  });

  test('a silence of two minutes between two requests is none, a longer one is', () => {
    const heldAfter = (silenceMs: number) => {
      const state = openSustained();
      const ask = (atMs: number) => sustain(condition, state, { atMs, n: 200, bad: 100 });
      return [0, silenceMs, silenceMs + 60_000, silenceMs + 120_000, silenceMs + 180_000, silenceMs + 240_000].map(ask);
    };
    expect(heldAfter(120_000).findIndex((held) => held !== null)).toBe(4);
    expect(heldAfter(120_001).findIndex((held) => held !== null)).toBe(-1);
  });

  test('a silence after the last minute does not lengthen it', () => {
    const state = openSustained();
    found([0.1, 0.1, 0.1, 0.1], {}, state);
    expect(sustain(condition, state, { atMs: 3_600_000, n: 50, bad: 5 })).toBeNull();
  });
});

describe('any stream of requests', () => {
  const partMs = condition.forMs / 5;
  type Seen = { atMs: number; n: number; bad: number };

  /** Mostly enough and mostly bad, now and then a silence, so that about every other stream holds somewhere. */
  const stream: fc.Arbitrary<Seen[]> = fc
    .array(
      fc.record({
        pauseMs: fc.oneof(
          { weight: 15, arbitrary: fc.integer({ min: 1, max: partMs }) },
          { weight: 1, arbitrary: fc.integer({ min: partMs, max: 4 * partMs }) },
        ),
        n: fc.integer({ min: 50, max: 300 }),
        share: fc.oneof(
          { weight: 15, arbitrary: fc.constantFrom(0.03, 0.2, 1) },
          { weight: 1, arbitrary: fc.constant(0) },
        ),
      }),
      { minLength: 20, maxLength: 60 },
    )
    .map((all) => {
      let atMs = 0;
      return all.map(({ pauseMs, n, share }) => {
        atMs += pauseMs;
        return { atMs, n, bad: Math.ceil(n * share) };
      });
    });

  /** What held, each with the requests in it. */
  function heldIn(seen: readonly Seen[]) {
    const state = openSustained();
    return seen.flatMap((each) => {
      const held = sustain(condition, state, each);
      if (held === null) return [];
      return [{ ...held, atMs: each.atMs, in: seen.filter(({ atMs }) => atMs >= held.sinceMs && atMs < each.atMs) }];
    });
  }
  const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

  test('holds for its whole time, with every request of it and more bad ones than allowed', () => {
    fc.assert(
      fc.property(stream, (seen) => {
        for (const held of heldIn(seen)) {
          expect(held.atMs - held.sinceMs).toBeGreaterThanOrEqual(condition.forMs);
          expect(held.n).toBe(sumOf(held.in.map(({ n }) => n)));
          expect(held.bad).toBe(sumOf(held.in.map(({ bad }) => bad)));
          expect(held.bad / held.n).toBeGreaterThan(condition.allowed);
        }
      }),
    );
  });

  test('never holds over a gap of more than two parts', () => {
    fc.assert(
      fc.property(stream, (seen) => {
        for (const { in: inside } of heldIn(seen)) {
          const gaps = inside.slice(1).map(({ atMs }, index) => atMs - (inside[index]?.atMs ?? 0));
          expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(2 * partMs);
        }
      }),
    );
  });

  test('still holds where more of the requests of a moment were bad', () => {
    const more = fc.array(fc.oneof(fc.constant(0), fc.nat(200)), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(stream, more, (seen, added) => {
        const worse = seen.map((each, index) => {
          const extra = added[index] ?? 0;
          return { ...each, n: each.n + extra, bad: each.bad + extra };
        });
        const found = heldIn(worse);
        for (const { sinceMs, atMs } of heldIn(seen)) {
          // It may be said earlier, and begin anew then.
          expect(found.some((held) => held.atMs > sinceMs && held.atMs <= atMs)).toBe(true);
        }
      }),
    );
  });
});
