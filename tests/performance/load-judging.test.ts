import fc from 'fast-check';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { loadSchema } from '../../src/performance/load/load.schema.ts';
import { orderOf } from '../../src/performance/load/load.ts';
import { arrivals, turns } from '../../src/performance/load/load-arrivals.ts';
import { voidReason } from '../../src/performance/load/load-health.ts';
import { judgementsOf, measurementOf } from '../../src/performance/load/load-judging.ts';
import { type Counts, type LoadResult, noCounts } from '../../src/performance/load/load-order.ts';
import type { Measure } from '../../src/release/plan.ts';

const pace = { perSecond: 100 };
const requests = [{ url: 'http://127.0.0.1:1/' }];

/** What a generator says of `times`, in milliseconds; all else went well. */
function result(times: readonly number[], counts: Partial<Counts> = {}, more: Partial<LoadResult> = {}): LoadResult {
  const histogram = build({ numberOfSignificantValueDigits: 3, autoResize: true });
  for (const time of times) histogram.recordValue(time * 1000);
  const { errors = 0, timeouts = 0 } = counts;
  return {
    warmUp: noCounts(),
    counts: { ...noCounts(), due: times.length + errors, ok: times.length - timeouts, ...counts },
    histogram: encodeIntoCompressedBase64(histogram),
    everyMs: 1_000,
    series: [],
    stalledMs: 0,
    longestStallMs: 0,
    cpuMs: 100,
    tookMs: 10_000,
    connected: 10,
    longestInFlight: 10,
    ...more,
  };
}

function spread(n: number, factor = 1): number[] {
  return Array.from({ length: n }, (_, index) => (100 + (index % 100)) * factor);
}

describe('judging a load', () => {
  const spec = loadSchema.parse({
    rate: '100/s',
    requests,
    baseline: { p95: { rollBack: '10 %' }, errors: { rollBack: '1 %' } },
  });
  const against = (found: LoadResult, before: LoadResult) => {
    const { ranges = {}, ...numbers } = measurementOf(before, false);
    const record = { format: 1, measurement: { ...numbers, ranges } };
    return judgementsOf(found, { name: 'shop', spec, pace, before: record }).map(({ verdict }) => verdict);
  };

  it('compares with the version before', () => {
    const before = result(spread(5_000));
    expect(against(result(spread(5_000)), before)).toEqual(['proceed', 'proceed']);
    expect(against(result(spread(5_000, 1.3)), before)).toEqual(['proceed', 'roll back']);
    expect(against(result(spread(5_000), { errors: 500 }), before)).toEqual(['roll back', 'proceed']);
  });

  it('compares with nothing where the version before was measured in vain', () => {
    for (const before of [null, 'nonsense', { format: 1, measurement: null }, { measurement: { n: 'many' } }]) {
      const found = judgementsOf(result(spread(1_000)), { name: 'shop', spec, pace, before });
      expect(found.map(({ verdict }) => verdict)).toEqual(['unknown', 'unknown']);
    }
  });

  it('says nothing of a percentile of few answers, as few users may give', () => {
    const few = loadSchema.parse({ users: 2, requests, p95: { rollBack: '1ms' } });
    const [judgement] = judgementsOf(result(spread(19)), { name: 'shop', spec: few, pace, before: null });
    expect(judgement).toMatchObject({ verdict: 'unknown', explanation: '19 samples, 20 needed: could not be judged' });
  });

  it('takes time-outs for errors where nothing else judges them, and for slow answers always', () => {
    const found = result([...spread(90), ...Array.from({ length: 10 }, () => 10_000)], { timeouts: 10 });
    expect(measurementOf(found, true)).toMatchObject({ n: 100, errors: 0 });
    expect(measurementOf(found, false)).toMatchObject({ n: 100, errors: 10 });
    expect(measurementOf(found, true).p95).toBeGreaterThan(9_900);
  });
});

describe('a result is void', () => {
  const voidFor = (found: LoadResult): Measure[] =>
    (['errors', 'p50', 'p95', 'p99'] as const).filter((measure) => voidReason(measure, found, pace) !== null);

  it.each([
    ['nothing went wrong', {}, {}, []],
    ['a few requests left late', { late: 4 }, {}, []],
    ['as many left late as lie beyond the 99th percentile', { late: 10 }, {}, ['p99']],
    ['so many left late that the 95th percentile tells of them', { late: 30 }, {}, ['p95', 'p99']],
    ['the rate was not reached', { late: 60, unsent: 30 }, {}, ['errors', 'p50', 'p95', 'p99']],
    ['others took all places', { held: 60 }, {}, ['errors', 'p50', 'p95', 'p99']],
    ['there were no ports left', { lost: { EADDRNOTAVAIL: 60 } }, {}, ['errors', 'p50', 'p95', 'p99']],
    ['the generator stood still for a moment', {}, { stalledMs: 100 }, ['p99']],
    ['the generator stood still for long', {}, { stalledMs: 1_000 }, ['errors', 'p50', 'p95', 'p99']],
    ['nothing was reached', { ok: 0, timeouts: 1_000 }, { connected: 0 }, ['errors', 'p50', 'p95', 'p99']],
  ])('where %s', (_what, counts, more, measures) => {
    expect(voidFor(result(spread(1_000), counts, more))).toEqual(measures);
  });

  it('not where every connection was refused', () => {
    expect(voidFor(result([], { errors: 100, kinds: { ECONNREFUSED: 100 } }, { connected: 0 }))).toEqual([]);
  });

  it('says how many requests were meant, and what to do', () => {
    const reason = voidReason('errors', result(spread(1_000), { late: 100 }), pace);
    expect(reason).toBe(
      '10 % of the requests left late or not at all, of the 1000 that the rate asked for, at most 5 % may: give the worker more processor time, or ask for less',
    );
  });
});

describe('what the generator is told', () => {
  const order = (written: object) => orderOf('shop', loadSchema.parse({ requests, ...written }));

  it('is late from a tenth of the lowest limit on', () => {
    expect(order({ rate: '1/s', p50: { rollBack: '5s' }, p95: { consult: '800ms' } }).lateAfterMs).toBe(80);
    expect(order({ rate: '1/s', p50: { rollBack: '20ms' } }).lateAfterMs).toBe(10);
    expect(order({ rate: '1/s', errors: { rollBack: '5 %' }, timeout: '4s' }).lateAfterMs).toBe(400);
    expect(order({ rate: '1/s', baseline: { p95: { rollBack: '5 %' } } }).lateAfterMs).toBe(50);
  });

  it('has room for all that the rate sends while nothing is answered', () => {
    expect(order({ rate: '50/s', timeout: '10s', errors: { rollBack: '5 %' } }).maxInFlight).toBe(501);
    expect(order({ rate: '5000/s', timeout: '10s', errors: { rollBack: '5 %' } }).maxInFlight).toBe(10_000);
    expect(order({ rate: '50/s', maxInFlight: 7, errors: { rollBack: '5 %' } }).maxInFlight).toBe(7);
  });
});

describe('the schedule', () => {
  it('is even and holds what the rate asks for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 60 }), (perSecond, seconds) => {
        const { total, dueAt } = arrivals(perSecond, seconds * 1000);
        expect(total).toBe(perSecond * seconds);
        expect(dueAt(0)).toBe(0);
        expect(dueAt(total - 1)).toBeLessThan(seconds * 1000);
        expect(dueAt(total)).toBeCloseTo(seconds * 1000, 6);
      }),
    );
  });

  it('gives each request its share at any time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (weights) => {
        const whole = weights.reduce((sum, weight) => sum + weight, 0);
        const next = turns(weights);
        const counts = weights.map(() => 0);
        for (let sent = 1; sent <= 3 * whole; sent += 1) {
          const index = next();
          counts[index] = (counts[index] ?? 0) + 1;
          for (const [each, weight] of weights.entries()) {
            expect(Math.abs((counts[each] ?? 0) - (sent * weight) / whole)).toBeLessThanOrEqual(weights.length);
          }
        }
        expect(counts).toEqual(weights.map((weight) => 3 * weight));
      }),
    );
  });
});
