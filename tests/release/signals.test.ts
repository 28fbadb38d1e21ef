import { describe, expect, test } from 'vitest';
import { type Baseline, baselineOf } from '../../src/release/baseline.ts';
import { wilson } from '../../src/release/intervals.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import {
  attend,
  baselineRisk,
  concludeAll,
  openSignals,
  type SignalStates,
  signalsOf,
} from '../../src/release/signals.ts';
import type { Sample } from '../../src/release/statistics.ts';
import type { Judgement } from '../../src/release/verdict.ts';
import { latencies, seeded } from './seeded.ts';
import { bursty, calmHour, errors, order, risen, times, watch } from './streams.ts';

const minute = 60_000;
const slow: PlannedCriterion = { name: 'p95', measure: 'p95', rollBackAbove: 800, consultAbove: null };

describe('limits that are watched without a pause', () => {
  test('a p95 above its limit is found by its slow answers, and says what it rests on', () => {
    const [first] = watch(order([slow]), [...times(300, () => 100), ...times(100, (i) => (i % 3 === 0 ? 2_000 : 100))]);
    expect(first?.index).toBeGreaterThan(300);
    expect(first?.index).toBeLessThan(360);
    const judgement = first?.judgement as Judgement;
    expect(judgement).toMatchObject({ criterion: 'p95', verdict: 'roll back', unit: '%', limit: 5, slowerThanMs: 800 });
    expect(judgement.since).toBe('1970-01-01T00:05:00.000Z');
    expect(judgement.explanation).toMatch(
      /^\d+ of \d+ requests since 1970-01-01T00:05:00\.000Z took longer than 800 ms, [\d.]+ % \([\d.]+ to [\d.]+\): beyond doubt more than 5 %; the limit for rolling back$/,
    );
    expect(judgement.interval?.low).toBeGreaterThan(5);
  });

  test('its numbers and its words say the same', () => {
    const round = (value: number): number => Math.round(value * 100) / 100;
    for (const [criterion, sample] of [
      [slow, (i: number) => (i % 3 === 0 ? 2_000 : 100)],
      [errors, (i: number) => (i % 3 === 0 ? null : 100)],
    ] as const) {
      const [first] = watch(order([criterion]), [...times(300, () => 100), ...times(100, sample)]);
      const { value, interval, n, limit, explanation, slowerThanMs } = (first as { judgement: Judgement }).judgement;
      const [, bad, of, did, shown] = /^(\d+) of (\d+) requests since \S+ (.+), (.+): /.exec(explanation) ?? [];
      expect(Number(of)).toBe(n);
      expect(did).toBe(criterion === slow ? 'took longer than 800 ms' : 'failed');
      expect(slowerThanMs).toBe(criterion === slow ? 800 : undefined);
      expect(value).toBe(round((100 * Number(bad)) / n));
      const { low, high } = wilson(Number(bad), n);
      expect(interval).toEqual({ low: round(100 * low), high: round(100 * high) });
      expect(shown).toBe(`${value} % (${interval?.low} to ${interval?.high})`);
      expect(explanation).toContain(`: beyond doubt more than ${limit} %; the limit for `);
    }
  });

  test('every limit is a signal of its own, and shares what false alarms are allowed', () => {
    const lasting: PlannedCriterion = { ...slow, forMs: 5 * minute };
    const signals = signalsOf(order([errors, slow, lasting]));
    expect(signals.map(({ id, allowed, slowerThanMs }) => [id, allowed, slowerThanMs])).toEqual([
      ['errors/roll back', 0.1, null],
      ['errors/consult', 0.05, null],
      ['p95/roll back', 0.05, 800],
      ['p95/roll back', 0.05, 800],
    ]);
    const needed = signals.flatMap((signal) => ('test' in signal ? [signal.test?.needed] : []));
    // 3,600 requests, three limits that are tests; one that has to last is none.
    for (const each of needed) expect(each).toBeCloseTo(3_600 / (0.01 / 3), 6);
    expect(needed).toHaveLength(3);
    // As much again is kept for a baseline, half of it.
    expect(baselineRisk([errors, slow, lasting], 0.01)).toBeCloseTo(0.01 / 3 / 2, 12);
    expect([baselineRisk([], 0.01), baselineRisk([lasting], 3)]).toEqual([0.005, 0.5]);
  });

  test('where everything may fail there is nothing to watch', () => {
    expect(signalsOf(order([{ ...errors, rollBackAbove: 100, consultAbove: null }]))).toEqual([]);
  });

  test('an answer as slow as the limit is within it', () => {
    const exactly = times(200, () => 800);
    expect(watch(order([slow]), exactly)).toEqual([]);
    expect(watch(order([slow]), [...exactly, ...times(50, () => 800.1)]).length).toBeGreaterThan(0);
  });

  test('wrong answers are not slow ones, and slow ones are not wrong', () => {
    expect(
      watch(
        order([slow]),
        times(200, () => null),
      ),
    ).toEqual([]);
    expect(
      watch(
        order([errors]),
        times(200, () => 60_000),
      ),
    ).toEqual([]);
  });

  test('a few errors of a good service, whenever they come, are no alarm', () => {
    expect(
      watch(
        order([errors, slow]),
        times(3_600, (i) => (i % 100 < 2 ? null : 100)),
      ),
    ).toEqual([]);
  });

  test('against the baseline, what was normal before is normal', () => {
    const time = latencies(seeded(1), { median: 100, spread: 0.5 });
    const before = times(3_600, time).map((sample, index) => ({ atMs: index * 1_000, sample }));
    const baseline = baselineOf(before, { risk: 0.001, everyMs: 1_000 });
    const degraded: PlannedCriterion = {
      name: 'p95 degraded',
      measure: 'p95',
      rollBackAbove: 50,
      consultAbove: 25,
      against: 'baseline',
    };
    const planned = order([degraded], { baseline });
    expect(watch(planned, times(3_600, time))).toEqual([]);
    const [first] = watch(
      planned,
      times(3_600, () => time() * 2),
    );
    expect(first?.judgement.criterion).toBe('p95 degraded');
    expect(first?.judgement.explanation).toContain('which is normal');
    expect(first?.index).toBeLessThan(600);
    // Nobody measured it: it cannot be watched, and nothing is made up.
    expect(signalsOf(order([degraded]))).toEqual([]);
    expect(signalsOf(order([{ ...errors, against: 'baseline' }]))).toEqual([]);
    expect(signalsOf(order([degraded], { baseline: { ...baseline, p95: null } }))).toEqual([]);
    const [back, ask] = signalsOf(planned).map(({ slowerThanMs }) => (slowerThanMs ?? 0) / (baseline.p95?.atMost ?? 1));
    expect(back).toBeCloseTo(1.5, 9);
    expect(ask).toBeCloseTo(1.25, 9);
  });

  test('a criterion is trusted as far as the plan says', () => {
    const found = (more: Partial<PlannedCriterion>) =>
      watch(
        order([{ ...errors, consultAbove: null, ...more }]),
        times(60, () => null),
      )[0]?.judgement;
    expect(found({})?.verdict).toBe('roll back');
    expect(found({ trust: 'ask', priority: 'P1', incident: 'errors' })).toMatchObject({
      verdict: 'consult',
      withheld: 'roll back',
      priority: 'P1',
      incident: 'errors',
    });
    expect(found({ trust: 'observe' })).toMatchObject({ verdict: 'proceed', withheld: 'roll back' });
    expect(found({ advise: 'scale to 1 vCPU' })).toMatchObject({ verdict: 'proceed', advice: 'scale to 1 vCPU' });
  });
});

describe('limits that have to be exceeded for a while', () => {
  const sustained: PlannedCriterion = { ...slow, name: 'p95 for 5 min', forMs: 5 * minute };
  const asked = (samples: Sample[]) => watch(order([sustained]), samples);
  const bad = (i: number): Sample => (i % 10 === 0 ? 900 : 100);

  test('p95 above 800 ms for five minutes is one, four minutes and a break are none', () => {
    const [first] = asked(times(400, bad));
    expect(first?.index).toBeGreaterThanOrEqual(299);
    expect(first?.index).toBeLessThanOrEqual(301);
    expect(first?.judgement.explanation).toContain('for 300 s more than 5 %');
    expect(asked([...times(240, bad), ...times(120, () => 100), ...times(240, bad)])).toEqual([]);
  });

  test('a minute without any sample breaks it: nobody can say that it held', () => {
    const states = openSignals();
    const signals = signalsOf(order([sustained]));
    const alarms = times(600, bad).flatMap((sample, second) =>
      second % 240 < 110 ? attend(signals, states, { atMs: second * 1_000, sample }) : [],
    );
    expect(alarms).toEqual([]);
  });

  test('a part of it needs a tenth of the requests that a part has room for, at most what the plan needs', () => {
    const least = (more: Partial<Parameters<typeof signalsOf>[0]>) =>
      signalsOf(order([sustained], more)).map((signal) => ('sustained' in signal ? signal.sustained : null));
    expect(least({})).toEqual([{ allowed: 0.05, forMs: 300_000, leastPerPart: 20 }]);
    expect(least({ minimumSamples: 100 })).toMatchObject([{ leastPerPart: 30 }]);
    expect(least({ everyMs: 60_000 })).toMatchObject([{ leastPerPart: 1 }]);
  });

  test('at the end of a stretch it says nothing, nor does what nobody has asked', () => {
    const signals = signalsOf(order([sustained, errors]));
    expect(concludeAll(signals, openSignals())).toEqual([]);
    const states = openSignals();
    watch(order([sustained]), times(100, bad), states);
    expect(concludeAll(signals, states)).toEqual([]);
  });

  test('its state survives being written down in the middle', () => {
    const states = openSignals();
    expect(watch(order([sustained]), times(150, bad), states)).toEqual([]);
    const read = JSON.parse(JSON.stringify(states)) as SignalStates;
    const signals = signalsOf(order([sustained]));
    const later = times(200, bad).flatMap((sample, index) =>
      attend(signals, read, { atMs: (150 + index) * 1_000, sample }),
    );
    expect(later).toHaveLength(1);
    expect(later[0]?.since).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('a service whose errors come in bursts', () => {
  const everyMs = 50;
  const hour = 72_000;
  const criteria = [errors, risen];

  const calm = calmHour();
  const planned = order(criteria, { baseline: calm, everyMs, watchMs: 48 * 60 * minute });

  test('more errors than it has are found within half a minute', () => {
    const [first] = watch(planned, [...times(6_000, () => 100), ...times(6_000, bursty(seeded(9), 0.05))]);
    expect(first?.judgement.criterion).toBe('risen');
    expect((first?.index ?? 0) - 6_000).toBeLessThan(600);
    expect(first?.judgement.explanation).toMatch(
      /^errors began in \d+ of \d+ spans of 1 s since .+: beyond doubt more than 0\.\d+ %, which is normal; the limit for asking$/,
    );
    expect(first?.judgement.interval?.low).toBeGreaterThan(first?.judgement.limit ?? 100);
  });

  test('an outage is found within fifteen seconds', () => {
    const [first] = watch(planned, [...times(6_000, () => 100), ...times(400, () => null)]);
    expect((first?.index ?? 9_000) - 6_000).toBeLessThan(300);
  });

  test('what the plan allows above the hour before is no reason to ask, more is', () => {
    const allowing = order([{ ...risen, consultAbove: 2 }], { baseline: calm, everyMs, watchMs: 48 * 60 * minute });
    const random = seeded(12);
    expect(
      watch(
        allowing,
        times(hour, () => (random() < 0.015 ? null : 100)),
      ),
    ).toEqual([]);
    const [first] = watch(
      allowing,
      times(hour, () => (random() < 0.2 ? null : 100)),
    );
    expect(first?.index).toBeLessThan(2_400);
  });

  test('what may be added is added to what is normal, of errors and of their beginnings', () => {
    const onsets = calm.errors.onsets ?? { cellMs: 0, usual: 0, atMost: 0 };
    const of = (baseline: Baseline) => {
      const [signal] = signalsOf(order([{ ...risen, consultAbove: 2 }], { baseline, everyMs }));
      if (signal === undefined || !('test' in signal)) throw new Error('no test');
      return signal;
    };
    const both = of(calm);
    expect(both.allowed).toBeCloseTo((calm.errors.atMost + 2) / 100, 12);
    expect(both.test).toMatchObject({ allowed: both.allowed, blockMs: 5_000, independent: false });
    expect(both.onsets).toMatchObject({ cellMs: 1_000, usual: onsets.usual, spellMs: 5_000 });
    expect(both.onsets?.test.allowed).toBeCloseTo(onsets.atMost + 0.02 * onsets.usual, 12);
    const long = of({ ...calm, errors: { ...calm.errors, blockMs: 40_000 } });
    expect(long.test?.blockMs).toBe(40_000);
    expect(long.onsets?.spellMs).toBe(40_000);
    const { onsets: _onsets, ...single } = calm.errors;
    const alone = of({ ...calm, errors: { ...single, blockMs: 2_000, independent: true } });
    expect(alone.test).toMatchObject({ blockMs: 2_000, independent: true });
    expect(alone.onsets).toBeUndefined();
  });

  test('the watch learns how long bursts last from what fails, not from what is slow', () => {
    const states = openSignals();
    const samples = [...times(100, () => 100), ...times(41, () => null), ...times(1_300, () => 9_000)];
    watch(order([errors, slow], { everyMs }), samples, states);
    expect(states.bursts?.longestMs).toBe(40 * everyMs);
  });

  test('after a burst of ten seconds errors are judged by blocks of twenty, slow answers as before', () => {
    const signals = signalsOf(order([{ ...errors, consultAbove: null }, slow], { everyMs }));
    const foundAfter = (burst: number, sample: Sample): number => {
      const states = openSignals();
      const samples = [...times(100, () => 100), ...times(burst, () => null), ...times(2_000, () => 100)];
      samples.forEach((each, index) => {
        attend(signals, states, { atMs: index * everyMs, sample: each });
      });
      const found = times(380, () => sample).findIndex((each, index) => {
        return attend(signals, states, { atMs: 200_000 + index * everyMs, sample: each }).length > 0;
      });
      return found;
    };
    expect(foundAfter(200, 900)).toBe(foundAfter(0, 900));
    expect(foundAfter(0, 900)).toBeLessThan(200);
    expect(foundAfter(0, null)).toBeLessThan(200);
    expect(foundAfter(200, null)).toBe(-1);
  });

  test('both of its tests together raise no more false alarms than one limit may', () => {
    const [signal] = signalsOf(order([risen], { baseline: calm, everyMs }));
    const tests = signal !== undefined && 'test' in signal ? [signal.test, signal.onsets?.test] : [];
    // Evidence needed = bets opened / false alarms; blocks of 5 s and cells of 1 s in one hour.
    const falseAlarms = [720, 3_600].map((opened, index) => opened / (tests[index]?.needed ?? 1));
    expect(falseAlarms[0]).toBeCloseTo(0.01 / 2 / 2, 9);
    expect(falseAlarms[1]).toBeCloseTo(0.01 / 2 / 2, 9);
  });

  test('its state is a few hundred bytes, and survives being written down in the middle of a burst', () => {
    const stream = [...times(2_000, () => 100), ...times(1_000, bursty(seeded(9), 0.04))];
    const signals = signalsOf(planned);
    const [whole, parts] = [openSignals(), { states: openSignals() }];
    stream.forEach((sample, index) => {
      if (index === 2_031) parts.states = JSON.parse(JSON.stringify(parts.states)) as SignalStates;
      const seen = { atMs: index * everyMs, sample };
      expect(attend(signals, parts.states, seen)).toEqual(attend(signals, whole, seen));
    });
    expect(JSON.stringify(whole).length).toBeLessThan(2_000);
  });

  test('what a worker of the version before wrote is read', () => {
    const { onsets: _onsets, ...known } = calm.errors;
    const before: Baseline = { ...calm, errors: { ...known, independent: true } };
    const states = openSignals();
    watch(
      { ...planned, baseline: before },
      times(100, () => 100),
      states,
    );
    const { bursts: _bursts, onsets, ...old } = states;
    expect(onsets).toBeUndefined();
    for (const baseline of [before, calm]) {
      const read = JSON.parse(JSON.stringify(old)) as SignalStates;
      const found = watch(
        { ...planned, baseline },
        times(600, () => null),
        read,
      );
      expect(found.length).toBeGreaterThan(0);
    }
  });
});

test('what the last requests of a stretch add up to is said at its end, not at the next point', () => {
  const planned = order([{ ...errors, consultAbove: null }], { watchMs: 4_000, everyMs: 100 });
  const states = openSignals();
  const signals = signalsOf(planned);
  const during = times(40, () => null).flatMap((sample, index) =>
    attend(signals, states, { atMs: index * 100, sample }),
  );
  expect(during).toEqual([]);
  expect(concludeAll(signals, states)).toMatchObject([{ verdict: 'roll back', n: 40 }]);
});
