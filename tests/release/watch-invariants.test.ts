import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../src/release/baseline.ts';
import { judgeDegradation } from '../../src/release/degradation.ts';
import { observe, openTest } from '../../src/release/detection.ts';
import { measurementOf } from '../../src/release/statistics.ts';
import { latencies, seeded } from './seeded.ts';
import {
  baseline,
  bursty,
  calmHour,
  errors,
  hour,
  mustTest,
  order,
  risen,
  run,
  slower,
  times,
  watch,
} from './streams.ts';

const everyMs = 100;

describe('what is normal', () => {
  test('is not exceeded by the truth more often than was asked for', () => {
    // 200 baselines of 2,000 requests with a risk of 10 %: about 20 may be too low, and none is far off.
    const random = seeded(2);
    const low = Array.from({ length: 200 }, () => {
      const samples = Array.from({ length: 2_000 }, (_, index) => ({
        atMs: index * 1_000,
        sample: random() < 0.01 ? null : 100,
      }));
      return baselineOf(samples, { risk: 0.1, everyMs: 1_000 }).errors.atMost;
    });
    expect(low.filter((atMost) => atMost < 1).length).toBeLessThanOrEqual(20);
    expect(Math.max(...low)).toBeLessThan(3);
  });

  test('how often bursts begin is not exceeded by the truth more often than was asked for', () => {
    // 30 hours in which a burst of two seconds begins in one quiet second of 300, with a risk of 20 %.
    const random = seeded(6);
    const low = Array.from({ length: 30 }, () => {
      let untilS = -1;
      const failsAt = (second: number): boolean => {
        if (second >= untilS + 1 && Number.isInteger(second) && random() < 1 / 300) untilS = second + 2;
        return second < untilS;
      };
      return baselineOf(hour(failsAt), { risk: 0.2, everyMs }).errors.onsets?.atMost ?? 1;
    });
    expect(low.filter((atMost) => atMost < 1 / 300).length).toBeLessThanOrEqual(6);
    expect(low.filter((atMost) => atMost < 0.02).length).toBeGreaterThan(25);
  });
});

describe('the sequential test', () => {
  test('a service exactly at its limit raises fewer false alarms than were allowed', () => {
    // 400 watches of 5,000 requests, of which one in ten may raise an alarm.
    const random = seeded(7);
    const one = mustTest({ allowed: 0.02, falseAlarms: 0.1, watchMs: 5_000_000 });
    const alarms = Array.from({ length: 400 }, () =>
      run(one, openTest(), { n: 5_000, everyMs: 1_000, isBad: () => random() < 0.02 }),
    ).filter((alarm) => alarm !== null);
    expect(alarms.length).toBeLessThanOrEqual(40);
  });

  test('bursts within a block raise no more false alarms than single errors do', () => {
    const random = seeded(11);
    // Fifty requests a second; half of all seconds' errors come as 20 failures in one second, 0.1 % in all.
    const one = mustTest({ allowed: 0.001, falseAlarms: 0.1, watchMs: 2_000_000, everyMs: 20 });
    const watch = (): boolean => {
      const state = openTest();
      for (let second = 0; second < 2_000; second += 1) {
        const bad = random() < 0.0025 ? 20 : 0;
        if (observe(one, state, { atMs: second * 1_000, n: 50, bad }) !== null) return true;
      }
      return false;
    };
    expect(Array.from({ length: 200 }, watch).filter(Boolean).length).toBeLessThanOrEqual(20);
  });

  test('as soon as they may, they raise no more false alarms than were allowed', () => {
    const random = seeded(8);
    // 200 watches of 5,000 requests, ten in each block, of which one in ten may raise an alarm.
    const order = { allowed: 0.02, falseAlarms: 0.1, watchMs: 500_000, everyMs: 100, independent: true };
    const one = mustTest(order);
    const alarms = Array.from({ length: 200 }, () =>
      run(one, openTest(), { n: 5_000, everyMs: 100, isBad: () => random() < 0.02 }),
    ).filter((alarm) => alarm !== null);
    expect(alarms.length).toBeLessThanOrEqual(20);
  });
});

const n = 4_000;

/** How many of 200 seeded pairs of runs are called a regression of p95, the second `factor` times slower. */
function called(factor: number): number {
  let count = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const time = latencies(seeded(seed), { median: 120, spread: 0.5 });
    const before = Array.from({ length: n }, time);
    const after = Array.from({ length: n }, () => time() * factor);
    const judged = judgeDegradation(slower, { measured: measurementOf(after), baseline: baseline(before) }, 100);
    if (judged.verdict !== 'proceed') count += 1;
  }
  return count;
}

describe('a comparison with the version before', () => {
  test('a p95 that is 10 % slower over 4,000 requests is called a regression, missed at most 5 times in 100', () => {
    expect(called(1.1)).toBeGreaterThanOrEqual(190);
  });

  test('none is called one, at most 5 times in 100', () => {
    expect(called(1)).toBeLessThanOrEqual(10);
  });
});

describe('a service whose errors come in bursts', () => {
  test('raises no alarm though the hour before showed none', () => {
    const everyMs = 50;
    const planned = order([errors, risen], { baseline: calmHour(), everyMs, watchMs: 48 * 3_600_000 });
    const alarmed = Array.from({ length: 30 }, (_, seed) => {
      const healthy = bursty(seeded(seed + 1));
      return watch(planned, times(72_000, healthy)).length;
    });
    // Bursts of eight seconds are one in fifty; only before shorter ones were seen are they taken for more.
    expect(alarmed.filter((alarms) => alarms !== 0).length).toBeLessThanOrEqual(1);
  });
});
