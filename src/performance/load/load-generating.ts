import { arrivals, turns } from './load-arrivals.ts';
import { Counting, type Leaving, type Outcome } from './load-counting.ts';
import type { LoadOrder, LoadResult } from './load-order.ts';
import { closedPace, openPace } from './load-pace.ts';
import { renewEveryMs, type Shot, shotOf } from './load-request.ts';
import { Sending, type Ticket } from './load-sending.ts';
import { Stalls } from './load-stalls.ts';

const lookEveryMs = 250;
const sweepEveryMs = 50;

/** Puts the load on and counts, in this process. @throws TargetFailure where a request cannot be made */
export async function generate(order: LoadOrder): Promise<LoadResult> {
  const generator = new Generator(order, await Promise.all(order.requests.map(shotOf)));
  const renewMs = renewEveryMs(order.requests);
  if (renewMs !== null) generator.repeat(renewMs, () => void generator.renew());
  try {
    await generator.run();
    return generator.result();
  } finally {
    await generator.close();
  }
}

class Generator {
  private readonly order: LoadOrder;
  private readonly shots: Shot[];
  private readonly turn: () => number;
  private readonly counting: Counting;
  private readonly sending: Sending;
  private readonly stalls: Stalls;
  private readonly intervals: NodeJS.Timeout[] = [];
  private startedAt = 0;
  private cpuBefore = process.cpuUsage();
  private tookMs = 0;

  constructor(order: LoadOrder, shots: Shot[]) {
    this.order = order;
    this.shots = shots;
    this.turn = turns(order.requests.map(({ weight }) => weight));
    this.counting = new Counting(order);
    this.sending = new Sending(order.timeoutMs, this.ended);
    this.stalls = new Stalls(order.lateAfterMs);
  }

  async run(): Promise<void> {
    const { pace, warmUpMs, forMs, timeoutMs, lateAfterMs } = this.order;
    const endMs = warmUpMs + forMs;
    this.startedAt = performance.now();
    // What happens before is thrown away.
    const warming = setTimeout(() => this.begin(), warmUpMs);
    this.repeat(Math.min(sweepEveryMs, timeoutMs / 10), () => this.sending.sweep(performance.now()));
    this.repeat(lookEveryMs, () => this.stalls.look());
    this.repeat(this.counting.everyMs, () => this.counting.closePoint());
    const bounds = { endMs, timeoutMs, lateAfterMs };
    if ('users' in pace) await closedPace(this, pace, bounds);
    else await openPace(this, arrivals(pace.perSecond, endMs), bounds);
    clearTimeout(warming);
    this.tookMs = this.now() - warmUpMs;
    this.stalls.look();
    this.counting.closePoint();
  }

  private begin(): void {
    this.cpuBefore = process.cpuUsage();
    this.stalls.begin();
  }

  repeat(everyMs: number, work: () => void): void {
    this.intervals.push(setInterval(work, Math.max(1, everyMs)));
  }

  /** Proofs of who sends expire. */
  async renew(): Promise<void> {
    for (const [index, request] of this.order.requests.entries()) this.shots[index] = await shotOf(request);
  }

  now(): number {
    return performance.now() - this.startedAt;
  }

  room(): boolean {
    return this.sending.inFlight < this.order.maxInFlight;
  }

  fire(dueMs: number, leaving: Leaving, ended: (outcome: Outcome) => void): void {
    const shot = this.shots[this.turn()];
    if (shot === undefined) throw new RangeError('there is no request to send');
    this.counting.left(dueMs, leaving);
    this.sending.send(shot, this.startedAt + dueMs + this.order.timeoutMs, { dueMs, ended });
  }

  private readonly ended = ({ dueMs, ended }: Ticket, outcome: Outcome, at: number): void => {
    const latencyMs = outcome.as === 'timeout' ? this.order.timeoutMs : at - this.startedAt - dueMs;
    this.counting.ended(dueMs, latencyMs, outcome);
    ended(outcome);
  };

  miss(dueMs: number, why: 'late' | 'held'): void {
    this.counting.missed(dueMs, why);
  }

  result(): LoadResult {
    const { user, system } = process.cpuUsage(this.cpuBefore);
    const { warmUp, counts, everyMs, series } = this.counting;
    return {
      warmUp,
      counts,
      histogram: this.counting.histogram(),
      everyMs,
      series,
      stalledMs: Math.round(this.stalls.stalledMs),
      longestStallMs: Math.round(this.stalls.longestMs),
      cpuMs: Math.round((user + system) / 1000),
      tookMs: Math.round(this.tookMs),
      connected: this.sending.connected,
      longestInFlight: this.sending.longestInFlight,
    };
  }

  async close(): Promise<void> {
    for (const interval of this.intervals) clearInterval(interval);
    this.stalls.end();
    await this.sending.close();
  }
}
