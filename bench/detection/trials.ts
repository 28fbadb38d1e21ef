import { actsAt, type FixedRule, fixedRules, type Limits, limitsFrom, peaksOf, Windows, windowMs } from './fixed.ts';
import { prepared, Watcher, watchMs } from './ours.ts';
import { type Failure, Stream, type Traffic } from './streams.ts';

/** Of all that tried: what half of them and nine in ten needed, null where they did not find it in time. */
export type Delay = { seconds: number | null; slow: number | null; requests: number | null };

export type Row = { traffic: Traffic; failure: Failure; ours: Delay; peers: { rule: FixedRule; delay: Delay }[] };

/** `falseAlarms`: healthy watches in which Savepoint raised one. */
export type Health = { traffic: Traffic; watches: number; falseAlarms: number; limits: Limits[] };

/** What healthy watches showed: the highest that each of the fixed rules saw in each of them. */
export type Watched = { falseAlarms: number; peaks: Limits[][] };

/** Sends healthy watches of 48 hours through both, and finds the limits of the fixed rules. */
export function measureHealth(traffic: Traffic, watches: number): Health {
  return healthOf(traffic, [watchHealthy(traffic, { from: 1, to: watches })]);
}

/** `from`, `to`: seeds, both included. */
export function watchHealthy(traffic: Traffic, { from, to }: { from: number; to: number }): Watched {
  const peaks: Limits[][] = fixedRules.map(() => []);
  let falseAlarms = 0;
  for (let seed = from; seed <= to; seed += 1) {
    const watcher = new Watcher(prepared(traffic, seed));
    const stream = new Stream(traffic, seed * 2);
    const windows = new Windows();
    let alarmed = false;
    while (stream.atMs < watchMs) {
      const sample = stream.next();
      windows.add(stream.atMs, sample);
      if (!alarmed) alarmed = watcher.sees(stream.atMs, sample);
    }
    if (alarmed) falseAlarms += 1;
    for (const [index, rule] of fixedRules.entries()) peaks[index]?.push(peaksOf(windows.seen, rule));
  }
  return { falseAlarms, peaks };
}

export function healthOf(traffic: Traffic, parts: readonly Watched[]): Health {
  const peaks = fixedRules.map((_, index) => parts.flatMap((part) => part.peaks[index] ?? []));
  const falseAlarms = parts.reduce((sum, part) => sum + part.falseAlarms, 0);
  return { traffic, watches: peaks[0]?.length ?? 0, falseAlarms, limits: peaks.map(limitsFrom) };
}

const givenUpMs = 4 * 3_600_000;
const leadMs = 10 * 60_000;

/** Lets a healthy service turn bad, and measures how long each takes to say so. */
export function measureDelays(health: Health, failures: readonly Failure[], trials: number): Row[] {
  const { traffic } = health;
  const found = failures.map(() => ({ ours: [] as Found[], peers: fixedRules.map(() => [] as Found[]) }));
  for (let seed = 1; seed <= trials; seed += 1) {
    const signals = prepared(traffic, 50_000 + seed);
    for (const [index, failure] of failures.entries()) {
      const times = tryOnce({ health, failure, watcher: new Watcher(signals), seed: 100_000 + seed });
      found[index]?.ours.push(times.ours);
      for (const [rule, time] of times.peers.entries()) found[index]?.peers[rule]?.push(time);
    }
  }
  return failures.map((failure, index) => ({
    traffic,
    failure,
    ours: delayOf(found[index]?.ours ?? []),
    peers: fixedRules.map((rule, at) => ({ rule, delay: delayOf(found[index]?.peers[at] ?? []) })),
  }));
}

type Found = { ms: number; requests: number } | null;
type Trial = { health: Health; failure: Failure; watcher: Watcher; seed: number };

/** The failure begins anywhere within a window, as failures do. */
function tryOnce({ health, failure, watcher, seed }: Trial): { ours: Found; peers: Found[] } {
  const stream = new Stream(health.traffic, seed);
  const windows = new Windows(windowMs * ((seed % 97) / 97 + 0.01));
  const ends = endsOf(windows);
  const startMs = leadMs;
  let ours: Found = null;
  let requests = 0;
  let peers: Found[] = fixedRules.map(() => null);
  let looked = 0;
  while (stream.atMs < startMs + givenUpMs && (ours === null || peers.includes(null))) {
    const sample = stream.next();
    if (stream.atMs >= startMs) {
      stream.failure = failure;
      requests += 1;
    }
    windows.add(stream.atMs, sample);
    if (ours === null && watcher.sees(stream.atMs, sample) && requests > 0) {
      ours = { ms: stream.atMs - startMs, requests };
    }
    if (windows.seen.length === looked) continue;
    looked = windows.seen.length;
    peers = peers.map((known, index) => known ?? lookAt(health, index, { windows, ends, startMs, requests }));
  }
  return { ours, peers };
}

type Look = { windows: Windows; ends: (index: number) => number; startMs: number; requests: number };

function lookAt(health: Health, index: number, { windows, ends, startMs, requests }: Look): Found {
  const rule = fixedRules[index];
  const limits = health.limits[index];
  if (rule === undefined || limits === undefined) return null;
  const at = actsAt(windows.seen, rule, limits);
  return at === null || ends(at) <= startMs ? null : { ms: ends(at) - startMs, requests };
}

function endsOf(windows: Windows): (index: number) => number {
  const { firstEndMs } = windows;
  return (index) => firstEndMs + index * windowMs;
}

function delayOf(found: readonly Found[]): Delay {
  const sorted = [...found].sort((a, b) => (a?.ms ?? Number.POSITIVE_INFINITY) - (b?.ms ?? Number.POSITIVE_INFINITY));
  const at = (share: number): Found => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  const [half, most] = [at(0.5), at(0.9)];
  return {
    seconds: half === null ? null : half.ms / 1_000,
    slow: most === null ? null : most.ms / 1_000,
    requests: half === null ? null : half.requests,
  };
}
