import type { Baseline } from '../release/baseline.ts';
import { judgeCriterion } from '../release/criteria.ts';
import type { PlannedCriterion } from '../release/plan.ts';
import { attend, concludeAll, openSignals, type Signal, type SignalStates, signalsOf } from '../release/signals.ts';
import type { Sample } from '../release/statistics.ts';
import type { Judgement, Measurement } from '../release/verdict.ts';

/** `wholeMs`: length of the whole watch. `falseAlarms`: expected in it. `signals`: as the stretch before left them. */
export type Watching = {
  wholeMs: number;
  falseAlarms: number;
  baseline: Baseline | null;
  signals: SignalStates | null;
};

/**
 * `lengthMs`: of what is sampled now. `watching`: left out where it stands for itself, and its value decides at the end;
 * `before`: what that is compared with.
 */
type Order = {
  criteria: readonly PlannedCriterion[];
  minimumSamples: number;
  everyMs: number;
  lengthMs: number;
  watching?: Watching;
  before?: Baseline | null;
};

/** JSON without secrets. `found`: alarms so far, what asks and what only is recorded. */
export type Judged = { signals: SignalStates; found: Judgement[] };

/** Of what stands for itself: one false alarm in a hundred such measurements. */
export const falseAlarmsAlone = 0.01;

/** Samples in which what asks may turn out to be what goes back: an outage passes the limit for asking on its way. */
const graceSamples = 20;

const worstFirst: readonly Judgement['verdict'][] = ['roll back', 'consult', 'unknown', 'proceed'];

/** Takes in sample after sample, and says when there is enough to act on. */
export class Judge {
  private readonly order: Order;
  private readonly signals: readonly Signal[];
  private readonly states: SignalStates;
  private readonly found: Judgement[];
  /** Samples left until what asks is enough; null while nothing asks. */
  private grace: number | null = null;

  /** `earlier`: what an attempt that died had found. */
  constructor(order: Order, earlier: Partial<Judged>) {
    const { criteria, minimumSamples, everyMs, lengthMs } = order;
    const { before: baseline = null } = order;
    const alone: Watching = { falseAlarms: falseAlarmsAlone, baseline, signals: null, wholeMs: lengthMs };
    const { wholeMs, signals, ...watching } = order.watching ?? alone;
    this.order = order;
    this.signals = signalsOf({ criteria, minimumSamples, everyMs, watchMs: wholeMs, ...watching });
    this.states = structuredClone(earlier.signals ?? signals ?? openSignals());
    this.found = [...(earlier.found ?? [])];
    if (this.found.some(({ verdict }) => verdict === 'consult')) this.grace = graceSamples;
  }

  /** Returns why to stop sampling, usually null. */
  take(atMs: number, sample: Sample): Judgement | null {
    const alarms = attend(this.signals, this.states, { atMs, sample });
    this.found.push(...alarms);
    if (this.grace !== null) this.grace -= 1;
    if (alarms.some(({ verdict }) => verdict === 'consult')) this.grace ??= graceSamples;
    const back = alarms.find(({ verdict }) => verdict === 'roll back');
    return back ?? (this.grace === 0 ? this.worst(({ verdict }) => verdict === 'consult') : null);
  }

  state(): Judged {
    return structuredClone({ signals: this.states, found: this.found });
  }

  /** One judgement for each criterion, after the samples were reduced to numbers. Called once, at the end. */
  verdicts(measured: Measurement): Judgement[] {
    this.found.push(...concludeAll(this.signals, this.states));
    const isWatch = this.order.watching !== undefined;
    return this.order.criteria.map((criterion) => {
      const found = this.worst(({ criterion: name }) => name === criterion.name);
      // What stands for itself is judged by its value; only what ended it early says more.
      const counts = found !== null && (isWatch || found.verdict === 'roll back');
      return counts ? found : this.withoutAlarm(criterion, measured);
    });
  }

  /** In a watch only what is beyond doubt acts: its points are many, and one of them always looks bad by chance. */
  private withoutAlarm(criterion: PlannedCriterion, measured: Measurement): Judgement {
    const { watching, before = null, minimumSamples } = this.order;
    const known = watching === undefined ? before : watching.baseline;
    const judgement = judgeCriterion(criterion, { measured, before: known }, minimumSamples);
    if (watching === undefined || judgement.verdict === 'unknown') return judgement;
    if (judgement.verdict === 'proceed' && judgement.withheld === undefined) return judgement;
    const { withheld: _withheld, advice: _advice, ...quiet } = judgement;
    const yet = criterion.forMs === undefined ? 'not beyond doubt yet' : `not for ${criterion.forMs / 1_000} s yet`;
    return { ...quiet, verdict: 'proceed', explanation: `${judgement.explanation}, ${yet}` };
  }

  private worst(counts: (judgement: Judgement) => boolean): Judgement | null {
    const found = this.found.filter(counts);
    return found.sort((a, b) => worstFirst.indexOf(a.verdict) - worstFirst.indexOf(b.verdict))[0] ?? null;
  }
}
