import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conclude, observe, openTest, type Test, type TestState, testFor } from '../../src/release/detection.ts';
import { seeded } from './seeded.ts';
import { mustTest, run } from './streams.ts';

const hour = 3_600_000;

describe('the sequential test', () => {
  test('nothing that is in order is an alarm, and nothing bad ever helps', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.5, noNaN: true }), fc.nat(5_000), (allowed, n) => {
        expect(run(mustTest({ allowed }), openTest(), { n, everyMs: 1_000, isBad: () => false })).toBeNull();
      }),
      { numRuns: 30 },
    );
  });

  test('an outage is found within ten requests, whatever the limit up to 10 %', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.0005, max: 0.1, noNaN: true }), fc.nat(300), (allowed, healthy) => {
        const one = mustTest({ allowed });
        const state = openTest();
        run(one, state, { n: healthy, everyMs: 1_000, isBad: () => false });
        const outage = run(one, state, { n: 100, everyMs: 1_000, isBad: () => true });
        expect(outage?.request).toBeLessThanOrEqual(10);
        // What it says it rests on is the outage, not the hours of health before it.
        expect(outage?.found).toMatchObject({ bad: outage?.request, n: outage?.request });
      }),
      { numRuns: 50 },
    );
  });

  test('no bet gains or loses anything on average while as many are bad as are allowed', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
    const gains = (one: Test, n: number, bad: number): number[] => {
      const state = openTest();
      expect(observe(one, state, { atMs: 0, n, bad })).toBeNull();
      conclude(one, state);
      return state.evidence;
    };
    for (const allowed of [0.002, 0.03, 0.4, 0.8]) {
      for (const [independent, n] of [
        [true, 5],
        [true, 1],
        [false, 5],
      ] as const) {
        const one = mustTest({ allowed, independent, blockMs: 60_000, falseAlarms: 1e-12 });
        const mean = [0, 0, 0, 0, 0, 0];
        for (let bad = 0; bad <= n; bad += 1) {
          const chance = choose(n, bad) * allowed ** bad * (1 - allowed) ** (n - bad);
          gains(one, n, bad).forEach((gain, index) => {
            expect(gain).toBeGreaterThanOrEqual(0);
            mean[index] = (mean[index] ?? 0) + chance * gain;
          });
        }
        for (const each of mean) expect(each).toBeCloseTo(1, 9);
      }
    }
  });

  test('its bets are the best ones against shares from twice what is allowed to nearly all', () => {
    const best = (allowed: number, share: number) => (share - allowed) / (allowed * (1 - allowed));
    const { bets } = mustTest({ allowed: 0.02 });
    expect(bets).toHaveLength(6);
    expect(bets[0]).toBeCloseTo(best(0.02, 0.04), 9);
    expect(bets[5]).toBeCloseTo(best(0.02, 0.99), 9);
    const steps = bets.slice(1).map((bet, index) => bet / (bets[index] ?? 0));
    for (const step of steps) expect(step).toBeCloseTo(steps[0] ?? 0, 9);
    // Where twice as many is more than nearly all, half of what is left above it.
    expect(mustTest({ allowed: 0.7 }).bets[0]).toBeCloseTo(best(0.7, 0.7 + 0.29 / 2), 9);
  });

  test('what may be said at once is what the end of the block would say, and after a bad request only', () => {
    const random = seeded(13);
    const one = mustTest({ allowed: 0.03, everyMs: 100, blockMs: 20_000, independent: true, falseAlarms: 100 });
    let said = 0;
    for (let stream = 0; stream < 300; stream += 1) {
      const state = openTest();
      run(one, state, { n: 450, everyMs: 100, isBad: () => random() < 0.03 });
      for (let request = 451; request < 600; request += 1) {
        const bad = random() < 0.15 ? 1 : 0;
        const seen = { atMs: request * 100, n: 1, bad };
        if (state.block.n === 0 || seen.atMs >= state.block.atMs + 20_000) break;
        const asIfEnded = structuredClone(state);
        asIfEnded.block.n += 1;
        asIfEnded.block.bad += bad;
        const wanted = bad === 1 ? conclude(one, asIfEnded) : null;
        expect(observe(one, state, seen)).toEqual(wanted);
        if (wanted === null) continue;
        said += 1;
        break;
      }
    }
    expect(said).toBeGreaterThan(50);
    expect(said).toBeLessThan(300);
  });

  test('nothing is said before enough requests were seen, and then with the one that makes it enough', () => {
    const outage = { n: 100, everyMs: 100, isBad: () => true };
    const order = { allowed: 0.05, leastSamples: 30, everyMs: 100 };
    expect(run(mustTest({ ...order, blockMs: 0 }), openTest(), outage)?.request).toBe(30);
    expect(run(mustTest({ ...order, blockMs: 60_000, independent: true }), openTest(), outage)?.request).toBe(30);
  });

  test('its state survives being written down at any moment', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.nat(200), (stream, cut) => {
        const one = mustTest({ allowed: 0.05, blockMs: 3_000 });
        const whole = openTest();
        let parts = openTest();
        stream.forEach((bad, index) => {
          const seen = { atMs: index * 1_000, n: 1, bad: bad ? 1 : 0 };
          if (index === cut) parts = JSON.parse(JSON.stringify(parts)) as TestState;
          expect(observe(one, parts, seen)).toEqual(observe(one, whole, seen));
        });
        expect(JSON.stringify(parts).length).toBeLessThan(300);
      }),
    );
  });

  test('the newest requests count: an hour of health does not hide what comes after it', () => {
    const late = openTest();
    const one = mustTest({ allowed: 0.01 });
    const random = seeded(3);
    run(one, late, { n: 3_600, everyMs: 1_000, isBad: () => false });
    const found = run(one, late, { n: 3_600, everyMs: 1_000, isBad: () => random() < 0.1 });
    expect(found?.request).toBeLessThan(300);
  });

  test('single errors need not wait for the end of their block, a share of a block does', () => {
    const outage = { n: 100, everyMs: 100, isBad: () => true };
    const order = { allowed: 0.01, everyMs: 100, blockMs: 5_000 };
    expect(run(mustTest({ ...order, independent: true }), openTest(), outage)?.request).toBeLessThanOrEqual(5);
    expect(run(mustTest(order), openTest(), outage)).toBeNull();
  });

  test('where bursts were seen in the watch, blocks are as long as they need', () => {
    const one = mustTest({ allowed: 0.1, everyMs: 100 });
    const seconds = (burstMs: number): number | null => {
      const state = openTest();
      for (let second = 1; second <= 40; second += 1) {
        if (observe(one, state, { atMs: second * 1_000, n: 10, bad: 10, burstMs }) !== null) return second;
      }
      return null;
    };
    expect(seconds(0)).toBeLessThan(15);
    expect(seconds(20_000)).toBeNull();
  });

  test('more than is allowed cannot happen where nearly all is allowed', () => {
    const order = { falseAlarms: 0.01, watchMs: hour, everyMs: 1_000, blockMs: 0 };
    expect(testFor({ ...order, allowed: 1 })).toBeNull();
    expect(testFor({ ...order, allowed: 0.99 })).toBeNull();
    expect(testFor({ ...order, allowed: 0 })?.allowed).toBeGreaterThan(0);
  });

  test('fewer false alarms, or a longer watch, need more evidence', () => {
    const needed = (falseAlarms: number, watchMs: number) => mustTest({ allowed: 0.1, falseAlarms, watchMs }).needed;
    expect(needed(0.001, hour)).toBeGreaterThan(needed(0.01, hour));
    expect(needed(0.01, 48 * hour)).toBeGreaterThan(needed(0.01, hour));
    expect(needed(0.01, hour)).toBe(3_600 / 0.01);
  });
});
