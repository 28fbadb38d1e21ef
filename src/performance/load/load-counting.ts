import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { type Counts, noCounts, type Point } from './load-order.ts';

/** What became of one request. `lost`: our side could not send it, with the code that says why. */
export type Outcome = { as: 'ok' } | { as: 'error'; kind: string } | { as: 'timeout' } | { as: 'lost'; code: string };

/** How a request left: in time, late by our own fault, or late because too many others waited. */
export type Leaving = 'in time' | 'late' | 'held';

/** Errors that are told apart; what an answer says is without limit. */
const mostKinds = 20;
const mostPoints = 120;

/** Counts requests: those of the warm-up apart from those that are measured. */
export class Counting {
  readonly warmUp = noCounts();
  readonly counts = noCounts();
  readonly everyMs: number;
  readonly series: Point[] = [];
  private readonly warmUpMs: number;
  private readonly whole = newHistogram();
  private readonly stretch = newHistogram();
  private point = { n: 0, errors: 0, timeouts: 0 };

  constructor({ warmUpMs, forMs }: { warmUpMs: number; forMs: number }) {
    this.warmUpMs = warmUpMs;
    this.everyMs = Math.max(1_000, Math.ceil(forMs / mostPoints));
  }

  /** `dueMs`: when it should leave, from the start. */
  left(dueMs: number, how: Leaving): void {
    const counts = this.of(dueMs);
    counts.due += 1;
    if (how !== 'in time') counts[how] += 1;
  }

  /** It never left. */
  missed(dueMs: number, why: Exclude<Leaving, 'in time'>): void {
    this.left(dueMs, why);
    this.of(dueMs).unsent += 1;
  }

  /** `latencyMs`: from when it was due to the end of its answer, or of our patience. */
  ended(dueMs: number, latencyMs: number, outcome: Outcome): void {
    const counts = this.of(dueMs);
    if (outcome.as === 'lost') {
      add(counts.lost, outcome.code);
      return;
    }
    const isError = outcome.as === 'error';
    if (isError) add(counts.kinds, outcome.kind);
    counts[isError ? 'errors' : outcome.as === 'ok' ? 'ok' : 'timeouts'] += 1;
    if (counts === this.warmUp) return;
    this.point.n += 1;
    if (isError) this.point.errors += 1;
    if (outcome.as === 'timeout') this.point.timeouts += 1;
    // An error is no answer, however fast it was; a time-out is a slow one, or a service that stands still looks fast.
    if (isError) return;
    this.stretch.recordValue(Math.max(1, Math.round(latencyMs * 1000)));
  }

  /** Ends a stretch of the series; called every `everyMs`, and at the end. */
  closePoint(): void {
    if (this.point.n === 0 && this.series.length === 0) return;
    this.series.push({ ...this.point, p50: at(this.stretch, 50), p99: at(this.stretch, 99) });
    this.point = { n: 0, errors: 0, timeouts: 0 };
    this.whole.add(this.stretch);
    this.stretch.reset();
  }

  histogram(): string {
    return encodeIntoCompressedBase64(this.whole);
  }

  private of(dueMs: number): Counts {
    return dueMs < this.warmUpMs ? this.warmUp : this.counts;
  }
}

function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: 3,
    autoResize: true,
  });
}

function at(histogram: Histogram, percent: number): number | null {
  return histogram.totalCount === 0 ? null : Math.round(histogram.getValueAtPercentile(percent)) / 1000;
}

function add(into: Record<string, number>, what: string): void {
  const known = Object.hasOwn(into, what) || Object.keys(into).length < mostKinds;
  const key = known ? what : 'other';
  into[key] = (into[key] ?? 0) + 1;
}
