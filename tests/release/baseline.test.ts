import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../src/release/baseline.ts';
import { shareAtMost, wilson } from '../../src/release/intervals.ts';
import { latencies, seeded } from './seeded.ts';
import { hour } from './streams.ts';

const everyMs = 100;

describe('what is normal', () => {
  test('single errors need no long blocks, errors in bursts do', () => {
    const random = seeded(4);
    const single = baselineOf(
      hour(() => random() < 0.001),
      { risk: 0.01, everyMs },
    );
    expect(single.errors.blockMs).toBe(1_000);
    // Every five minutes half of the requests of three seconds fail: as many errors in all, twelve causes.
    const bursts = baselineOf(
      hour((second) => second % 300 < 3 && random() < 0.5),
      { risk: 0.01, everyMs },
    );
    expect(bursts.errors.blockMs).toBeGreaterThanOrEqual(4_000);
    // Twelve causes say less than as many single errors, so more is taken for normal.
    expect(bursts.errors.atMost / bursts.errors.value).toBeGreaterThan(2);
    expect(single.errors.atMost / single.errors.value).toBeLessThan(2.2);
  });

  test('an hour without errors is not taken for proof that they come one by one', () => {
    const { errors } = baselineOf(
      hour(() => false),
      { risk: 0.001, everyMs },
    );
    expect(errors).toMatchObject({ independent: false, blockMs: 1_000, onsets: { cellMs: 1_000, usual: 10 } });
    // Of 180 spells of twenty seconds none was bad; of 3,600 seconds none held an error.
    expect(errors.atMost).toBeGreaterThan(100 * (1 - 0.001 ** (1 / 180)));
    expect(errors.onsets?.atMost).toBeGreaterThan(1 - 0.001 ** (1 / 3_600));
    expect(errors.onsets?.atMost).toBeLessThan(0.003);
    expect(errors.atMost).toBeLessThan(120 * (1 - 0.0005 ** (1 / 180)));
  });

  test('nor is one small burst; three errors that came alone are', () => {
    const errorsOf = (failsAt: (second: number) => boolean) =>
      baselineOf(hour(failsAt), { risk: 0.001, everyMs }).errors;
    const small = errorsOf((second) => second >= 700 && second < 700.4);
    expect(small).toMatchObject({ independent: false });
    // The next burst may be a long one, so more is taken for normal than four of 36,000 say.
    expect(small.atMost).toBeGreaterThan(3);
    expect(errorsOf((second) => second % 1_000 === 500)).toMatchObject({ independent: true });
    expect(errorsOf((second) => second % 1_200 === 500)).toMatchObject({ independent: true });
    expect(errorsOf((second) => second % 2_000 === 500)).toMatchObject({ independent: false });
  });

  test('requests too far apart for a burst come one by one, whatever fails', () => {
    const samples = Array.from({ length: 120 }, (_, index) => ({ atMs: index * 30_000, sample: 100 }));
    expect(baselineOf(samples, { risk: 0.01, everyMs: 30_000 }).errors).toMatchObject({ independent: true });
    expect(baselineOf(samples, { risk: 0.01, everyMs: 30_000 }).errors.onsets).toBeUndefined();
    const sparse = samples.map(({ sample }, index) => ({ atMs: index * 20_000, sample }));
    expect(baselineOf(sparse, { risk: 0.01, everyMs: 20_000 }).errors).toMatchObject({ independent: true });
  });

  test('a quantile has the order statistics around it, and what it may be at most above them', () => {
    const time = latencies(seeded(9), { median: 200, spread: 0.4 });
    const { p50, p95, p99 } = baselineOf(
      hour(() => false, time),
      { risk: 0.001, everyMs },
    );
    for (const [normal, truth] of [
      [p50, 200],
      [p95, 200 * Math.exp(0.4 * 1.645)],
      [p99, 200 * Math.exp(0.4 * 2.326)],
    ] as const) {
      expect(normal?.value).toBeGreaterThan(truth * 0.97);
      expect(normal?.value).toBeLessThan(truth * 1.03);
      expect(normal?.interval.low).toBeLessThanOrEqual(normal?.value ?? 0);
      expect(normal?.atMost).toBeGreaterThanOrEqual(normal?.interval.high ?? Number.POSITIVE_INFINITY);
    }
  });

  test('errors that come alone are told as any share is', () => {
    const { n, errors } = baselineOf(
      hour((second) => second % 100 === 50),
      { risk: 0.01, everyMs },
    );
    const { low, high } = wilson(36, 36_000);
    expect(n).toBe(36_000);
    expect(errors.value).toBeCloseTo(0.1, 12);
    expect(errors.interval.low).toBeCloseTo(100 * low, 12);
    expect(errors.interval.high).toBeCloseTo(100 * high, 12);
    expect(errors.atMost).toBeCloseTo(100 * shareAtMost(36, 36_000, 0.01), 12);
    expect(errors).toMatchObject({ independent: true, blockMs: 1_000 });
  });

  test('of errors in bursts less is known than of as many alone, in whatever order they were noted', () => {
    const bursts = hour((second) => second % 300 < 3);
    const told = baselineOf(bursts, { risk: 0.01, everyMs });
    const { low, high } = wilson(360, 36_000);
    expect(told.errors.value).toBeCloseTo(1, 12);
    expect(told.errors.interval.low).toBeLessThan(90 * low);
    expect(told.errors.interval.high).toBeGreaterThan(110 * high);
    expect(told.errors.atMost).toBeGreaterThan(150 * high);
    expect(told.errors.atMost).toBeLessThan(20);
    expect(told.errors.independent).toBe(false);
    const random = seeded(21);
    const mixed = bursts.map((each) => ({ each, by: random() })).sort((a, b) => a.by - b.by);
    const again = baselineOf(
      mixed.map(({ each }) => each),
      { risk: 0.01, everyMs },
    );
    expect(again.errors.blockMs).toBe(told.errors.blockMs);
    expect(again.errors.interval).toEqual(told.errors.interval);
  });

  test('wrong answers have no time', () => {
    const { p50, p99 } = baselineOf(
      hour((second) => second % 2 < 1),
      { risk: 0.01, everyMs },
    );
    expect([p50?.value, p99?.value]).toEqual([100, 100]);
  });

  test('slow answers that come together need long blocks, and more of them are taken for normal', () => {
    const random = seeded(22);
    const even = () => (random() < 0.04 ? 900 : 100) + random();
    const together = hour(() => false).map(({ atMs }) => {
      return { atMs, sample: (atMs % 300_000 < 12_000 ? 900 : 100) + random() };
    });
    const alone = baselineOf(
      hour(() => false, even),
      { risk: 0.01, everyMs },
    ).p95;
    const spells = baselineOf(together, { risk: 0.01, everyMs }).p95;
    expect(alone).toMatchObject({ independent: true, blockMs: 1_000 });
    expect(alone?.atMost).toBeLessThan(200);
    expect(spells?.independent).toBe(false);
    expect(spells?.blockMs).toBeGreaterThanOrEqual(20_000);
    expect(spells?.value).toBeLessThan(200);
    expect(spells?.atMost).toBeGreaterThan(900);
  });

  test('nothing measured is nothing known', () => {
    expect(baselineOf([], { risk: 0.01, everyMs })).toMatchObject({ n: 0, p50: null, errors: { atMost: 100 } });
  });
});
