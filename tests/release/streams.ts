import { type Baseline, baselineOf, type Timed } from '../../src/release/baseline.ts';
import { type Found, observe, type Test, type TestState, testFor } from '../../src/release/detection.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { attend, openSignals, type SignalOrder, type SignalStates, signalsOf } from '../../src/release/signals.ts';
import type { Sample } from '../../src/release/statistics.ts';

const minute = 60_000;

/** Goes back where requests are half as slow again as before, and asks where they are slower at all. */
export const slower: PlannedCriterion = {
  name: 'p95',
  measure: 'p95',
  rollBackAbove: 50,
  consultAbove: 0,
  against: 'baseline',
};

export const errors: PlannedCriterion = { name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 5 };

/** Asks where there are more errors than before. */
export const risen: PlannedCriterion = {
  ...errors,
  name: 'risen',
  rollBackAbove: null,
  consultAbove: 0,
  against: 'baseline',
};

/** Of a watch of an hour with one request a second, unless it says otherwise. */
export function order(criteria: PlannedCriterion[], more: Partial<SignalOrder> = {}): SignalOrder {
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
export function watch(planned: SignalOrder, samples: readonly Sample[], states: SignalStates = openSignals()) {
  const signals = signalsOf(planned);
  return samples.flatMap((sample, index) =>
    attend(signals, states, { atMs: index * planned.everyMs, sample }).map((judgement) => ({ judgement, index })),
  );
}

export function times(n: number, sample: (index: number) => Sample): Sample[] {
  return Array.from({ length: n }, (_, index) => sample(index));
}

/** An hour of ten requests a second. */
export function hour(failsAt: (second: number) => boolean, time: () => number = () => 100): Timed[] {
  return Array.from({ length: 36_000 }, (_, index) => ({
    atMs: index * 100,
    sample: failsAt(index / 10) ? null : time(),
  }));
}

/** Half of the requests of spells of two seconds fail; a spell begins every quarter of an hour. */
export function bursty(random: () => number, single = 0): () => Sample {
  let left = 0;
  return () => {
    if (left <= 0 && random() < 0.05 / 900) left = -Math.log(1 - random()) * 40;
    left -= 1;
    const fails = (left > 0 && random() < 0.5) || random() < single;
    return fails ? null : 100;
  };
}

/** Of a watch of 48 hours with one request a second, unless it says otherwise. */
export function mustTest(order: Partial<Parameters<typeof testFor>[0]> & { allowed: number }): Test {
  const made = testFor({ falseAlarms: 0.01, watchMs: 48 * 60 * minute, everyMs: 1_000, blockMs: 1_000, ...order });
  if (made === null) throw new Error('no such test');
  return made;
}

/** Sends `n` requests, one each `everyMs`; returns the number of the request that raised the first alarm, or null. */
export function run(
  one: Test,
  state: TestState,
  { n, everyMs, isBad }: { n: number; everyMs: number; isBad: () => boolean },
) {
  let first: { request: number; found: Found } | null = null;
  for (let request = 1; request <= n && first === null; request += 1) {
    const found = observe(one, state, { atMs: request * everyMs, n: 1, bad: isBad() ? 1 : 0 });
    if (found !== null) first = { request, found };
  }
  return first;
}

/** Ten a second. */
export function timed(samples: readonly Sample[]): Timed[] {
  return samples.map((sample, index) => ({ atMs: index * 100, sample }));
}

export function baseline(samples: readonly Sample[]): Baseline {
  return baselineOf(timed(samples), { risk: 0.01, everyMs: 100 });
}

/** What an hour of twenty requests a second without a burst shows. */
export function calmHour(): Baseline {
  const samples = times(72_000, () => 100).map((sample, index) => ({ atMs: index * 50, sample }));
  return baselineOf(samples, { risk: 0.001, everyMs: 50 });
}
