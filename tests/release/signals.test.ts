import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../src/release/baseline.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import {
  attend,
  concludeAll,
  openSignals,
  type SignalOrder,
  type SignalStates,
  signalsOf,
} from '../../src/release/signals.ts';
import type { Sample } from '../../src/release/statistics.ts';
import type { Judgement } from '../../src/release/verdict.ts';
import { latencies, seeded } from './seeded.ts';

const minute = 60_000;
const errors: PlannedCriterion = { name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 5 };
const slow: PlannedCriterion = { name: 'p95', measure: 'p95', rollBackAbove: 800, consultAbove: null };

function order(criteria: PlannedCriterion[], more: Partial<SignalOrder> = {}): SignalOrder {
  return {
    criteria,
    baseline: null,
    watchMs: 60 * minute,
    everyMs: 1_000,
    falseAlarms: 0.01,
    minimumSamples: 20,
    ...more,
  };
}

/** One request a second; every alarm with the number of the request that raised it. */
function watch(planned: SignalOrder, samples: readonly Sample[], states: SignalStates = openSignals()) {
  const signals = signalsOf(planned);
  return samples.flatMap((sample, index) =>
    attend(signals, states, { atMs: index * planned.everyMs, sample }).map((judgement) => ({ judgement, index })),
  );
}

function times(n: number, sample: (index: number) => Sample): Sample[] {
  return Array.from({ length: n }, (_, index) => sample(index));
}

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
