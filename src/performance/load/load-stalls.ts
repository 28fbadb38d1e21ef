import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 10;

/** How long the loop of this process stood still, in milliseconds, in pieces longer than `overMs`. */
export class Stalls {
  stalledMs = 0;
  longestMs = 0;
  private readonly overMs: number;
  private readonly delays: IntervalHistogram;

  constructor(overMs: number) {
    this.overMs = overMs;
    this.delays = monitorEventLoopDelay({ resolution: resolutionMs });
    this.delays.enable();
  }

  /** Forgets what was. */
  begin(): void {
    this.delays.reset();
    this.stalledMs = 0;
    this.longestMs = 0;
  }

  /** Takes in what happened since the last look; called a few times each second. */
  look(): void {
    if (this.delays.count === 0) return;
    // What is recorded is the time between two ticks, which is the resolution where nothing delays them.
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs);
    const longest = late(this.delays.max);
    this.longestMs = Math.max(this.longestMs, longest);
    if (late(this.delays.mean) > this.overMs) this.stalledMs += (this.delays.mean * this.delays.count) / 1e6;
    else if (longest > this.overMs) this.stalledMs += longest;
    this.delays.reset();
  }

  end(): void {
    this.delays.disable();
  }
}
