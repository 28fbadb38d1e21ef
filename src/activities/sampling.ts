import { setMaxListeners } from 'node:events';
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Clock } from '../checks/clock.ts';
import type { Baseline, Timed } from '../release/baseline.ts';
import type { Answer } from '../release/check.ts';
import type { PlannedCriterion } from '../release/plan.ts';
import type { SignalStates } from '../release/signals.ts';
import { errorRate, percentilesOf, type Sample } from '../release/statistics.ts';
import type { Judgement, Measurement } from '../release/verdict.ts';
import { Judge, type Judged, type Watching } from './judging.ts';

/** Asks once. FAIL is an error, PENDING is no measurement; the signal's reason may be thrown. */
export type Probe = (signal: AbortSignal) => Promise<Answer>;

/**
 * Times are epoch milliseconds. One request is meant for each `everyMs` from `fromMs` on, up to but not including
 * `untilMs`. `resume`: what an attempt that died last reported. `onHeartbeat`: gets the same, about once a second.
 * `watching`: what is sampled is one stretch of a longer watch; left out: it stands for itself, and its value decides.
 */
export type Collecting = {
  probe: Probe;
  everyMs: number;
  fromMs: number;
  untilMs: number;
  criteria: readonly PlannedCriterion[];
  minimumSamples: number;
  watching?: Watching;
  /** What stands for itself is compared with it where a criterion says so. */
  before?: Baseline | null;
  clock: Clock;
  signal: AbortSignal;
  /** Ends it early and well: somebody else found something. */
  ends?: AbortSignal;
  resume?: Sampling | null;
  onHeartbeat?: (sampling: Sampling) => void;
  /** `said`: what a wrong answer said; redact it before it is kept. */
  onSample?: (timed: Timed, said: string | null) => void;
  /** Real milliseconds between two heartbeats. */
  beatEveryMs?: number;
  /** Requests that may wait for their answers at the same time. */
  maxInFlight?: number;
};

/** All that a later attempt needs to go on; JSON, a few kilobytes, no secret. */
export type Sampling = Partial<Judged> & {
  format: 1;
  /** Number of the next request, counted from `fromMs`. */
  next: number;
  errors: number;
  /** Latencies in tenths of a millisecond. */
  histogram: string;
};

/**
 * `alarm`: why it stopped before `untilMs`, already among `judgements`. `unwatchedMs`: time without a measurement.
 * `signals`: for the next stretch.
 */
export type Collected = {
  measurement: Measurement;
  judgements: Judgement[];
  samples: number;
  unwatchedMs: number;
  alarm: Judgement | null;
  signals: SignalStates;
  /** What the last wrong answer said; null without one in this attempt. Redact it before it is kept. */
  lastFailure: string | null;
};

/**
 * Samples in an open model: a slow answer never delays the next request, and where a service is so slow that
 * `maxInFlight` requests wait, the time that the next one lost counts as its latency. Time that this process lost
 * itself (a crash, a suspended machine) counts as unwatched and never against the service. Ends early when the samples
 * call for going back beyond doubt, and a little after they call for asking: an outage passes that limit on its way.
 *
 * @throws the signal's reason when cancelled; whatever the probe throws otherwise
 */
export async function collect(order: Collecting): Promise<Collected> {
  order.signal.throwIfAborted();
  const sampler = new Sampler(order);
  try {
    await sampler.run();
    return sampler.result();
  } finally {
    order.onHeartbeat?.(sampler.state());
  }
}

type Flight = { spoiled: boolean; done: Promise<void> };

class Sampler {
  private readonly order: Collecting;
  private readonly total: number;
  /** Own lateness up to this is made up for; beyond it, what was missed is unwatched. */
  private readonly toleranceMs: number;
  private readonly histogram: Histogram;
  private readonly stop = new AbortController();
  private readonly signal: AbortSignal;
  private readonly inFlight = new Set<Flight>();
  private next: number;
  private errors: number;
  private readonly judge: Judge;
  /** The service holds requests back, so lateness is its own. */
  private heldBack = false;
  private alarm: Judgement | null = null;
  private lastFailure: string | null = null;
  /** Requests that the alarm ended; that is no unwatched time. */
  private cutOff = 0;
  private bug: { error: unknown } | null = null;
  private lastBeat = performance.now();

  constructor(order: Collecting) {
    const { resume, everyMs, fromMs, untilMs, signal, ends } = order;
    this.order = order;
    this.total = Math.max(0, Math.ceil((untilMs - fromMs) / everyMs));
    this.toleranceMs = Math.max(everyMs, 1_000);
    this.histogram = build();
    // A decoded histogram does not grow, so it is only added.
    if (resume) this.histogram.add(decodeFromCompressedBase64(resume.histogram));
    this.signal = AbortSignal.any([signal, this.stop.signal, ...(ends === undefined ? [] : [ends])]);
    // Every request that waits listens to it.
    setMaxListeners(0, this.signal);
    this.next = resume?.next ?? 0;
    this.errors = resume?.errors ?? 0;
    this.judge = new Judge({ ...order, lengthMs: untilMs - fromMs }, resume ?? {});
  }

  async run(): Promise<void> {
    while (this.next < this.total && (await this.inTime())) {
      await this.room();
      if (this.signal.aborted) break;
      this.send();
      this.next += 1;
      this.beat();
    }
    await Promise.all([...this.inFlight].map(({ done }) => done));
    this.order.signal.throwIfAborted();
    if (this.bug !== null) throw this.bug.error;
  }

  /** Waits for the next request's time and skips those that were missed; false when there is none left. */
  private async inTime(): Promise<boolean> {
    const { clock, fromMs, untilMs, everyMs } = this.order;
    for (;;) {
      const due = this.due();
      const waitMs = due - clock.now();
      if (waitMs > 0) {
        this.heldBack = false;
        await this.sleep(waitMs);
      }
      if (this.signal.aborted) return false;
      const now = clock.now();
      if (now - due <= this.toleranceMs || (this.heldBack && now < untilMs)) return true;
      // This process stood still: answers that arrived meanwhile were read too late to say anything.
      for (const flight of this.inFlight) flight.spoiled = true;
      this.heldBack = false;
      this.next = Math.min(this.total, Math.ceil((now - fromMs) / everyMs));
      if (this.next >= this.total) return false;
    }
  }

  private due(): number {
    return this.order.fromMs + this.next * this.order.everyMs;
  }

  private stopwatch(): number {
    const { clock } = this.order;
    return clock.stopwatch?.() ?? clock.now();
  }

  private async sleep(ms: number): Promise<void> {
    try {
      await this.order.clock.sleep(ms, this.signal);
    } catch (error) {
      if (!this.signal.aborted) throw error;
    }
  }

  /** Waits until fewer than `maxInFlight` requests wait for their answers. */
  private async room(): Promise<void> {
    const most = this.order.maxInFlight ?? 100;
    while (this.inFlight.size >= most) {
      this.heldBack = true;
      await Promise.race([...this.inFlight].map(({ done }) => done));
    }
  }

  private send(): void {
    const lost = this.heldBack ? Math.max(0, this.order.clock.now() - this.due()) : 0;
    const since = this.stopwatch() - lost;
    const flight: Flight = { spoiled: false, done: Promise.resolve() };
    this.inFlight.add(flight);
    flight.done = this.ask(flight, since).finally(() => this.inFlight.delete(flight));
  }

  private async ask(flight: Flight, since: number): Promise<void> {
    try {
      const answer = await this.order.probe(this.signal);
      if (this.signal.aborted) this.cutOff += 1;
      if (answer.status === 'PENDING' || flight.spoiled || this.signal.aborted) return;
      if (answer.status === 'FAIL') this.lastFailure = answer.summary;
      this.add(answer.status === 'FAIL' ? null : Math.max(0, this.stopwatch() - since));
    } catch (error) {
      if (this.signal.aborted) {
        this.cutOff += 1;
        return;
      }
      this.bug = { error };
      this.stop.abort();
    }
  }

  private add(sample: Sample): void {
    if (sample === null) this.errors += 1;
    else this.histogram.recordValue(Math.round(sample * 10));
    const atMs = this.order.clock.now();
    this.order.onSample?.({ atMs, sample }, sample === null ? this.lastFailure : null);
    this.alarm ??= this.judge.take(atMs, sample);
    if (this.alarm !== null) this.stop.abort();
  }

  private beat(): void {
    const { onHeartbeat, beatEveryMs = 1_000 } = this.order;
    if (onHeartbeat === undefined || performance.now() - this.lastBeat < beatEveryMs) return;
    this.lastBeat = performance.now();
    onHeartbeat(this.state());
  }

  state(): Sampling {
    const { next, errors } = this;
    return { format: 1, next, errors, histogram: encodeIntoCompressedBase64(this.histogram), ...this.judge.state() };
  }

  result(): Collected {
    const { everyMs, fromMs, untilMs } = this.order;
    const { alarm, lastFailure } = this;
    const measurement = this.measurement();
    const missed = Math.max(0, this.next - this.cutOff - measurement.n);
    const unwatchedMs = Math.min(untilMs - fromMs, missed * everyMs);
    const judgements = this.judge.verdicts(measurement);
    const { signals } = this.judge.state();
    return { measurement, judgements, samples: measurement.n, unwatchedMs, alarm, signals, lastFailure };
  }

  private measurement(): Measurement {
    const { totalCount: answered } = this.histogram;
    const n = answered + this.errors;
    const at = (percent: number) => this.histogram.getValueAtPercentile(percent) / 10;
    return { n, errors: errorRate(this.errors, n), ...percentilesOf(answered, at) };
  }
}
