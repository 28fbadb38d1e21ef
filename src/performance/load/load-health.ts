import type { Measure } from '../../release/plan.ts';
import type { Counts, LoadResult, Pace } from './load-order.ts';

/** More than this share that our side spoiled, and the result says nothing. */
const mostSpoiled = 0.05;

/**
 * Share of the requests that our side may have spoiled before a measure is void: at most half of what lies beyond the
 * percentile, or it would tell how busy the generator was.
 */
const spoiledAtMost: Record<Measure, number> = { errors: mostSpoiled, p50: mostSpoiled, p95: 0.025, p99: 0.005 };

/** Shares of the requests, 0 to 1. `stalled`: of the time. */
export type Health = {
  late: number;
  held: number;
  lost: number;
  stalled: number;
  longestStallMs: number;
};

export function healthOf({ counts, stalledMs, longestStallMs, tookMs }: LoadResult): Health {
  const share = (part: number): number => (counts.due === 0 ? 0 : part / counts.due);
  return {
    late: share(counts.late),
    held: share(counts.held),
    lost: share(lostOf(counts)),
    stalled: tookMs === 0 ? 0 : Math.min(1, stalledMs / tookMs),
    longestStallMs,
  };
}

function lostOf({ lost }: Counts): number {
  return Object.values(lost).reduce((sum, each) => sum + each, 0);
}

/** Why a measure says nothing about the service, with a remedy; null when it does. */
export function voidReason(measure: Measure, result: LoadResult, pace: Pace): string | null {
  const { counts, connected } = result;
  if (connected === 0 && counts.ok + counts.errors === 0) return unreachable(counts);
  const health = healthOf(result);
  const most = spoiledAtMost[measure];
  if (health.lost > most) return lost(health.lost, counts);
  if (health.held > most) return held(health.held, counts);
  const busy = Math.max(health.late, health.stalled);
  if (busy <= most) return null;
  const asked = 'perSecond' in pace ? `, of the ${counts.due} that the rate asked for` : '';
  const what =
    health.late >= health.stalled
      ? `${percent(health.late)} of the requests left late or not at all${asked}`
      : `the generator stood still for ${percent(health.stalled)} of the time, once for ${health.longestStallMs} ms`;
  return `${what}, at most ${percent(most)} may: give the worker more processor time, or ask for less`;
}

function unreachable(counts: Counts): string {
  const codes = Object.keys(counts.lost).join(', ');
  const why = codes === '' ? 'nobody took a connection' : codes;
  return `nothing could be reached from here (${why}): check the address and the network of the worker`;
}

function lost(share: number, counts: Counts): string {
  const codes = Object.entries(counts.lost).map(([code, n]) => `${n} × ${code}`);
  return `${percent(share)} of the requests could not leave our side (${codes.join(', ')}): raise the limit of open files and ports of the worker, check its network, or ask for less`;
}

function held(share: number, { due }: Counts): string {
  return `${percent(share)} of ${due} requests had to wait because maxInFlight others did: raise maxInFlight, or lower timeout or rate`;
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
