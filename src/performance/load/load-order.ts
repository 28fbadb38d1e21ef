import type { LoadRequest } from './load.schema.ts';

/** Open model: so many requests each second, whatever becomes of them. Closed: users who wait, then think. */
export type Pace = { perSecond: number } | { users: number; thinkMs: number };

/**
 * What the generator has to do; it travels over the channel between the processes, since it holds secrets. Times are
 * milliseconds. `lateAfterMs`: a request that is sent later than this after its time is the generator's fault.
 */
export type LoadOrder = {
  pace: Pace;
  warmUpMs: number;
  forMs: number;
  timeoutMs: number;
  maxInFlight: number;
  lateAfterMs: number;
  requests: LoadRequest[];
};

/**
 * Requests of one phase by what became of them. `due`: meant to be sent. `late`: sent after their time or never, because the
 * generator was busy. `held`: the same because `maxInFlight` others waited. `unsent`: those of both that never left.
 * `lost`: our side failed, by code. `kinds`: errors by what they were.
 */
export type Counts = {
  due: number;
  ok: number;
  errors: number;
  timeouts: number;
  late: number;
  held: number;
  unsent: number;
  lost: Record<string, number>;
  kinds: Record<string, number>;
};

/** Answers of a stretch of time; latencies are milliseconds, null where nothing was answered. */
export type Point = { n: number; errors: number; timeouts: number; p50: number | null; p99: number | null };

/**
 * `histogram`: microseconds of right answers and time-outs from the moment when each was due, compressed, base64.
 * `stalledMs`: how long the generator's own loop stood still. `cpuMs`: its processor time. `tookMs`: until the last answer.
 * All without the warm-up.
 * `connected`: connections that were established, also before.
 */
export type LoadResult = {
  warmUp: Counts;
  counts: Counts;
  histogram: string;
  everyMs: number;
  series: Point[];
  stalledMs: number;
  longestStallMs: number;
  cpuMs: number;
  tookMs: number;
  connected: number;
  longestInFlight: number;
};

export function noCounts(): Counts {
  return { due: 0, ok: 0, errors: 0, timeouts: 0, late: 0, held: 0, unsent: 0, lost: {}, kinds: {} };
}

/** What the generator says in the end. `failure`: why it could not do it. */
export type Told = { result: LoadResult } | { failure: string };
