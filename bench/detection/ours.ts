import { baselineOf, type Timed } from '../../src/release/baseline.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import {
  attend,
  baselineRisk,
  openSignals,
  type Signal,
  type SignalStates,
  signalsOf,
} from '../../src/release/signals.ts';
import { Stream, type Traffic } from './streams.ts';

export const watchMs = 48 * 3_600_000;
const baselineMs = 3_600_000;
const falseAlarms = 0.01;

/** What a plan would watch: limits of the runbooks, and any change against the version before. */
export function criteriaOf({ margin }: Traffic): PlannedCriterion[] {
  return [
    { name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 5 },
    { name: 'errors risen', measure: 'errors', rollBackAbove: null, consultAbove: 0, against: 'baseline' },
    { name: 'p95 degraded', measure: 'p95', rollBackAbove: null, consultAbove: margin, against: 'baseline' },
  ];
}

/** Measures an hour of the running version, and says what is watched after the release. */
export function prepared(traffic: Traffic, seed: number): Signal[] {
  const criteria = criteriaOf(traffic);
  const everyMs = 1_000 / traffic.perSecond;
  const before = new Stream(traffic, seed * 2 + 1);
  const samples: Timed[] = [];
  while (before.atMs < baselineMs) {
    const sample = before.next();
    samples.push({ atMs: before.atMs, sample });
  }
  const baseline = baselineOf(samples, { risk: baselineRisk(criteria, falseAlarms), everyMs });
  return signalsOf({ criteria, baseline, watchMs, everyMs, falseAlarms, minimumSamples: 20 });
}

/** The watch of Savepoint: the functions that its sampler calls for every sample. */
export class Watcher {
  readonly states: SignalStates;
  private readonly signals: readonly Signal[];

  constructor(signals: readonly Signal[], states: SignalStates = openSignals()) {
    this.signals = signals;
    this.states = structuredClone(states);
  }

  /** Returns whether the next request of the stream raised an alarm. */
  sees(atMs: number, sample: number | null): boolean {
    return attend(this.signals, this.states, { atMs, sample }).length > 0;
  }

  branch(): Watcher {
    return new Watcher(this.signals, this.states);
  }
}
