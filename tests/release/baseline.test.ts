import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../src/release/baseline.ts';
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
  });

  test('nor is one small burst; three errors that came alone are', () => {
    const errorsOf = (failsAt: (second: number) => boolean) =>
      baselineOf(hour(failsAt), { risk: 0.001, everyMs }).errors;
    const small = errorsOf((second) => second >= 700 && second < 700.4);
    expect(small).toMatchObject({ independent: false });
    // The next burst may be a long one, so more is taken for normal than four of 36,000 say.
    expect(small.atMost).toBeGreaterThan(3);
    expect(errorsOf((second) => second % 1_000 === 500)).toMatchObject({ independent: true });
    expect(errorsOf((second) => second % 2_000 === 500)).toMatchObject({ independent: false });
  });

  test('requests too far apart for a burst come one by one, whatever fails', () => {
    const samples = Array.from({ length: 120 }, (_, index) => ({ atMs: index * 30_000, sample: 100 }));
    expect(baselineOf(samples, { risk: 0.01, everyMs: 30_000 }).errors).toMatchObject({ independent: true });
    expect(baselineOf(samples, { risk: 0.01, everyMs: 30_000 }).errors.onsets).toBeUndefined();
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

  test('nothing measured is nothing known', () => {
    expect(baselineOf([], { risk: 0.01, everyMs })).toMatchObject({ n: 0, p50: null, errors: { atMost: 100 } });
  });
});
