import { type Baseline, shareAbove } from './baseline.ts';
import { conclude, type Found, observe, openTest, type Test, type TestState, testFor } from './detection.ts';
import { wilson } from './intervals.ts';
import type { PlannedCriterion } from './plan.ts';
import type { Sample } from './statistics.ts';
import { openSustained, type Sustained, type SustainedState, sustain } from './sustained.ts';
import { entrusted } from './trust.ts';
import type { Judgement, Verdict } from './verdict.ts';

/**
 * One limit of one criterion, watched without a pause. `slowerThanMs`: answers slower than it are bad and wrong ones do
 * not count; null: wrong answers are bad. `allowed`: share that may be bad.
 */
export type Signal = {
  id: string;
  criterion: PlannedCriterion;
  band: Extract<Verdict, 'roll back' | 'consult'>;
  limit: number;
  slowerThanMs: number | null;
  allowed: number;
} & ({ test: Test } | { sustained: Sustained });

/** JSON of some hundred bytes per signal; goes from attempt to attempt and from point to point. Changed in place. */
export type SignalStates = { format: 1; tests: Record<string, TestState>; sustained: Record<string, SustainedState> };

/** `falseAlarms`: expected in one healthy watch, over all criteria. `watchMs`: the whole watch. */
export type SignalOrder = {
  criteria: readonly PlannedCriterion[];
  baseline: Baseline | null;
  watchMs: number;
  everyMs: number;
  falseAlarms: number;
  minimumSamples: number;
};

type Limited = Pick<Signal, 'id' | 'criterion' | 'band' | 'limit'>;

/** What is watched for. A criterion against a baseline that nobody measured is left out. */
export function signalsOf(order: SignalOrder): Signal[] {
  const limited = order.criteria.flatMap(limitsOf);
  const tests = limited.filter(({ criterion }) => criterion.forMs === undefined).length;
  return limited.flatMap((one): Signal[] => {
    const bad = badOf(one, order.baseline);
    if (bad === null) return [];
    const { slowerThanMs, allowed, blockMs, independent } = bad;
    const { forMs, against } = one.criterion;
    if (forMs !== undefined) {
      const leastPerPart = Math.max(1, Math.min(Math.floor(forMs / (10 * order.everyMs)), order.minimumSamples));
      return [{ ...one, slowerThanMs, allowed, sustained: { allowed, forMs, leastPerPart } }];
    }
    // Half of what is allowed is for the baseline, which may be worse than it looked.
    const falseAlarms = order.falseAlarms / tests / (against === undefined ? 1 : 2);
    const { watchMs, everyMs, minimumSamples: leastSamples } = order;
    const test = testFor({ allowed, falseAlarms, watchMs, everyMs, blockMs, independent, leastSamples });
    return test === null ? [] : [{ ...one, slowerThanMs, allowed, test }];
  });
}

/** The risk with which a baseline must know what is normal, so that a watch of these criteria keeps its promise. */
export function baselineRisk(criteria: readonly PlannedCriterion[], falseAlarms: number): number {
  const tests = criteria.flatMap(limitsOf).filter(({ criterion }) => criterion.forMs === undefined).length;
  return Math.min(0.5, falseAlarms / Math.max(1, tests) / 2);
}

function limitsOf(criterion: PlannedCriterion): Limited[] {
  const limited = (band: Signal['band'], limit: number | null): Limited[] =>
    limit === null ? [] : [{ id: `${criterion.name}/${band}`, criterion, band, limit }];
  return [...limited('roll back', criterion.rollBackAbove), ...limited('consult', criterion.consultAbove)];
}

type Bad = Pick<Signal, 'slowerThanMs' | 'allowed'> & { blockMs: number; independent: boolean };

/** Which requests are bad, and how many may be. "p95 above 800 ms" is "more than 5 % of the answers take longer". */
function badOf({ criterion, limit }: Limited, baseline: Baseline | null): Bad | null {
  const { measure, against } = criterion;
  if (against === 'baseline' && baseline === null) return null;
  const normal = baseline?.[measure] ?? null;
  const { blockMs = 1_000, independent = false } = normal ?? {};
  if (measure === 'errors') {
    const normally = against === undefined ? 0 : (normal?.atMost ?? 0);
    return { slowerThanMs: null, allowed: (normally + limit) / 100, blockMs, independent };
  }
  const shape = { allowed: shareAbove[measure], blockMs, independent };
  if (against === undefined) return { slowerThanMs: limit, ...shape };
  if (normal === null) return null;
  return { slowerThanMs: normal.atMost * (1 + limit / 100), ...shape };
}

export function openSignals(): SignalStates {
  return { format: 1, tests: {}, sustained: {} };
}

/** Takes in requests of one moment, changes `states`, and returns what is beyond doubt now; usually nothing. */
export function attend(
  signals: readonly Signal[],
  states: SignalStates,
  { atMs, sample }: { atMs: number; sample: Sample },
): Judgement[] {
  const alarms: Judgement[] = [];
  const good = { atMs, n: 1, bad: 0 };
  const bad = { atMs, n: 1, bad: 1 };
  for (const signal of signals) {
    const { slowerThanMs } = signal;
    if (slowerThanMs !== null && sample === null) continue;
    const isBad = slowerThanMs === null ? sample === null : (sample ?? 0) > slowerThanMs;
    const found = take(signal, states, isBad ? bad : good);
    if (found !== null) alarms.push(judgementOf(signal, found));
  }
  return alarms;
}

/** At the end of a stretch: what its last requests add up to, with all before them. */
export function concludeAll(signals: readonly Signal[], states: SignalStates): Judgement[] {
  return signals.flatMap((signal): Judgement[] => {
    const state = states.tests[signal.id];
    const found = 'test' in signal && state !== undefined ? conclude(signal.test, state) : null;
    return found === null ? [] : [judgementOf(signal, found)];
  });
}

function take(signal: Signal, states: SignalStates, seen: { atMs: number; n: number; bad: number }): Found | null {
  const { id } = signal;
  if ('test' in signal) {
    states.tests[id] ??= openTest();
    return observe(signal.test, states.tests[id], seen);
  }
  states.sustained[id] ??= openSustained();
  return sustain(signal.sustained, states.sustained[id], seen);
}

/** Of slow answers `value` and `limit` are the share of answers that took longer than `slowerThanMs`. */
function judgementOf(signal: Signal, { sinceMs, n, bad }: Found): Judgement {
  const { criterion, band, slowerThanMs, allowed } = signal;
  const { low, high } = wilson(bad, n);
  const since = new Date(sinceMs).toISOString();
  return entrusted(
    {
      criterion: criterion.name,
      verdict: band,
      value: rounded((bad / n) * 100),
      unit: '%',
      n,
      limit: rounded(allowed * 100),
      explanation: explain(signal, { n, bad, since }),
      interval: { low: rounded(low * 100), high: rounded(high * 100) },
      since,
      ...(slowerThanMs === null ? {} : { slowerThanMs: rounded(slowerThanMs) }),
    },
    criterion,
  );
}

function explain(signal: Signal, { n, bad, since }: { n: number; bad: number; since: string }): string {
  const { criterion, band, slowerThanMs, allowed } = signal;
  const { low, high } = wilson(bad, n);
  const what = slowerThanMs === null ? 'failed' : `took longer than ${rounded(slowerThanMs)} ms`;
  const share = `${rounded((bad / n) * 100)} % (${rounded(low * 100)} to ${rounded(high * 100)})`;
  const sure = criterion.forMs === undefined ? 'beyond doubt' : `for ${criterion.forMs / 1000} s`;
  const limit = `${rounded(allowed * 100)} %${criterion.against === undefined ? '' : ', which is normal'}`;
  const means = band === 'consult' ? 'asking' : 'rolling back';
  return `${bad} of ${n} requests since ${since} ${what}, ${share}: ${sure} more than ${limit}; the limit for ${means}`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
