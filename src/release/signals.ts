import { type Baseline, type Onsets, shareAbove } from './baseline.ts';
import { type BurstState, learn, lengthNeeded, openBursts } from './bursts.ts';
import { conclude, type Found, observe, openTest, type Seen, type Test, type TestState, testFor } from './detection.ts';
import { wilson } from './intervals.ts';
import { type CellState, type Grounds, gather, leastSpellMs, openCells } from './onsets.ts';
import type { PlannedCriterion } from './plan.ts';
import type { Sample } from './statistics.ts';
import { openSustained, type Sustained, type SustainedState, sustain } from './sustained.ts';
import { entrusted } from './trust.ts';
import type { Judgement, Verdict } from './verdict.ts';

/**
 * One limit of one criterion, watched without a pause. `slowerThanMs`: answers slower than it are bad and wrong ones do
 * not count; null: wrong answers are bad. `allowed`: share that may be bad. `onsets`: how often errors begin is watched too.
 */
export type Signal = {
  id: string;
  criterion: PlannedCriterion;
  band: Extract<Verdict, 'roll back' | 'consult'>;
  limit: number;
  slowerThanMs: number | null;
  allowed: number;
} & ({ test: Test | null; onsets?: OnsetTest } | { sustained: Sustained });

type OnsetTest = Grounds & { test: Test };

/**
 * JSON of some hundred bytes per signal; goes from attempt to attempt and from point to point. Changed in place. What a
 * worker of an older version wrote lacks `onsets` and `bursts`.
 */
export type SignalStates = {
  format: 1;
  tests: Record<string, TestState>;
  sustained: Record<string, SustainedState>;
  onsets?: Record<string, { cells: CellState; test: TestState }>;
  bursts?: BurstState;
};

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
    const { slowerThanMs, allowed, blockMs, independent, onsets } = bad;
    const { forMs, against } = one.criterion;
    if (forMs !== undefined) {
      const leastPerPart = Math.max(1, Math.min(Math.floor(forMs / (10 * order.everyMs)), order.minimumSamples));
      return [{ ...one, slowerThanMs, allowed, sustained: { allowed, forMs, leastPerPart } }];
    }
    const common = { watchMs: order.watchMs, everyMs: order.everyMs, leastSamples: order.minimumSamples };
    // Half of what is allowed is for the baseline, which may be worse than it looked; and half of that for each of two tests.
    const halves = (against === undefined ? 1 : 2) * (onsets === undefined ? 1 : 2);
    const falseAlarms = order.falseAlarms / tests / halves;
    const test = testFor({ ...common, allowed, falseAlarms, blockMs, independent });
    const begins = onsets === undefined ? null : onsetTestFor(onsets, { ...common, falseAlarms, blockMs });
    if (test === null && begins === null) return [];
    return [{ ...one, slowerThanMs, allowed, test, ...(begins === null ? {} : { onsets: begins }) }];
  });
}

type OnsetOrder = { watchMs: number; everyMs: number; leastSamples: number; falseAlarms: number; blockMs: number };

function onsetTestFor({ cellMs, usual, atMost }: Onsets, order: OnsetOrder): OnsetTest | null {
  const { watchMs, falseAlarms, blockMs } = order;
  const leastSamples = Math.ceil(order.leastSamples / usual);
  const test = testFor({ allowed: atMost, falseAlarms, watchMs, everyMs: cellMs, blockMs: 0, leastSamples });
  return test === null ? null : { cellMs, usual, spellMs: Math.max(leastSpellMs, blockMs), test };
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

type Bad = Pick<Signal, 'slowerThanMs' | 'allowed'> & { blockMs: number; independent: boolean; onsets?: Onsets };

/** Which requests are bad, and how many may be. "p95 above 800 ms" is "more than 5 % of the answers take longer". */
function badOf({ criterion, limit }: Limited, baseline: Baseline | null): Bad | null {
  const { measure, against } = criterion;
  if (against === 'baseline' && baseline === null) return null;
  const normal = baseline?.[measure] ?? null;
  const { blockMs = 1_000, independent = false } = normal ?? {};
  if (measure === 'errors') {
    if (against === undefined) return { slowerThanMs: null, allowed: limit / 100, blockMs, independent };
    const { atMost = 0, onsets } = normal ?? {};
    const risen = { slowerThanMs: null, allowed: (atMost + limit) / 100, independent };
    if (onsets === undefined) return { ...risen, blockMs };
    // What may be added comes one by one, so each request of a quiet cell may begin a spell.
    const begin = { ...onsets, atMost: onsets.atMost + (limit / 100) * onsets.usual };
    return { ...risen, blockMs: Math.max(leastSpellMs, blockMs), onsets: begin };
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
  states.bursts ??= openBursts();
  learn(states.bursts, { atMs, isBad: sample === null });
  const alarms: Judgement[] = [];
  const burstMs = lengthNeeded(states.bursts);
  for (const signal of signals) {
    const { slowerThanMs } = signal;
    if (slowerThanMs !== null && sample === null) continue;
    const isBad = slowerThanMs === null ? sample === null : (sample ?? 0) > slowerThanMs;
    const seen = { atMs, n: 1, bad: isBad ? 1 : 0, burstMs: slowerThanMs === null ? burstMs : 0 };
    const found = take(signal, states, seen);
    if (found !== null) alarms.push(found);
  }
  return alarms;
}

/** At the end of a stretch: what its last requests add up to, with all before them. */
export function concludeAll(signals: readonly Signal[], states: SignalStates): Judgement[] {
  return signals.flatMap((signal): Judgement[] => {
    const state = states.tests[signal.id];
    if (!('test' in signal) || signal.test === null || state === undefined) return [];
    const found = conclude(signal.test, state);
    return found === null ? [] : [judgementOf(signal, found)];
  });
}

function take(signal: Signal, states: SignalStates, seen: Seen): Judgement | null {
  const { id } = signal;
  if ('sustained' in signal) {
    const state = states.sustained[id] ?? kept(states.sustained, id, openSustained());
    const found = sustain(signal.sustained, state, seen);
    return found === null ? null : judgementOf(signal, found);
  }
  const { test, onsets } = signal;
  const state = states.tests[id] ?? kept(states.tests, id, openTest());
  const found = test === null ? null : observe(test, state, seen);
  const begun = onsets === undefined ? null : takeOnset(onsets, { id, states, seen });
  if (found !== null) return judgementOf(signal, found);
  return begun === null || onsets === undefined ? null : judgementOf(signal, begun, onsets);
}

function kept<State>(states: Record<string, State>, id: string, state: State): State {
  states[id] = state;
  return state;
}

function takeOnset(onsets: OnsetTest, { id, states, seen }: { id: string; states: SignalStates; seen: Seen }) {
  states.onsets ??= {};
  const state = states.onsets[id] ?? kept(states.onsets, id, { cells: openCells(), test: openTest() });
  const cell = gather(onsets, state.cells, seen);
  return cell === null ? null : observe(onsets.test, state.test, cell);
}

/** Of slow answers and of onsets `value` and `limit` are shares too: of answers, and of the cells that bets were on. */
function judgementOf(signal: Signal, { sinceMs, n, bad: counted }: Found, onsets?: OnsetTest): Judgement {
  const { criterion, band, slowerThanMs } = signal;
  const bad = Math.round(counted);
  const { low, high } = wilson(bad, n);
  const since = new Date(sinceMs).toISOString();
  const allowed = onsets?.test.allowed ?? signal.allowed;
  return entrusted(
    {
      criterion: criterion.name,
      verdict: band,
      value: rounded((bad / n) * 100),
      unit: '%',
      n,
      limit: rounded(allowed * 100),
      explanation: explain(signal, { n, bad, since, allowed }, onsets),
      interval: { low: rounded(low * 100), high: rounded(high * 100) },
      since,
      ...(slowerThanMs === null ? {} : { slowerThanMs: rounded(slowerThanMs) }),
    },
    criterion,
  );
}

type Rest = { n: number; bad: number; since: string; allowed: number };

function explain({ criterion, band, slowerThanMs }: Signal, rest: Rest, onsets?: OnsetTest): string {
  const { n, bad, since, allowed } = rest;
  const { low, high } = wilson(bad, n);
  const did = slowerThanMs === null ? 'failed' : `took longer than ${rounded(slowerThanMs)} ms`;
  const what =
    onsets === undefined
      ? `${bad} of ${n} requests since ${since} ${did}`
      : `errors began in ${bad} of ${n} spans of ${onsets.cellMs / 1_000} s since ${since}`;
  const share = `${rounded((bad / n) * 100)} % (${rounded(low * 100)} to ${rounded(high * 100)})`;
  const sure = criterion.forMs === undefined ? 'beyond doubt' : `for ${criterion.forMs / 1000} s`;
  const limit = `${rounded(allowed * 100)} %${criterion.against === undefined ? '' : ', which is normal'}`;
  const means = band === 'consult' ? 'asking' : 'rolling back';
  return `${what}, ${share}: ${sure} more than ${limit}; the limit for ${means}`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
