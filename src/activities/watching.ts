import { Context } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import type { CheckResult } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import type { WatchPoint } from '../release/status.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import { runChecks } from './checks.ts';
import type { WatchInput } from './inputs.ts';
import { explained, httpProbe } from './measure.ts';
import { type Collected, collect, type Sampling } from './sampling.ts';

/**
 * Watches from one reported point to the next: samples without a pause, asks the checks at the end, and returns early
 * when the newest samples call for going back. After a crash it goes on from its last heartbeat.
 */
export async function watchPoint(input: WatchInput, clock: Clock): Promise<WatchPoint> {
  const { watch, untilMs, fromMs } = input;
  let sampled: Json = null;
  const collected = await atBoundary(async (discretion) => {
    const found = await sample(input, clock, discretion);
    sampled = discretion.progress;
    return found;
  });
  const alarmed = collected?.alarm != null;
  const checks = alarmed || watch.checks.length === 0 ? [] : await askAtTheEnd(input, clock, sampled);
  return {
    at: new Date(alarmed ? clock.now() : untilMs).toISOString(),
    samples: collected?.samples ?? 0,
    // Without a probe the checks are all that is watched; a stretch without any answer was not watched.
    unwatchedMs: collected?.unwatchedMs ?? (checks.some(({ status }) => status !== 'PENDING') ? 0 : untilMs - fromMs),
    judgements: collected?.judgements ?? [],
    checks,
  };
}

/** Beats with what was sampled, so that an attempt that dies here loses none of it. */
async function askAtTheEnd({ place, watch, untilMs }: WatchInput, clock: Clock, sampled: Json): Promise<CheckResult[]> {
  const leftMs = untilMs - clock.now();
  if (leftMs > 0) await atBoundary(() => clock.sleep(leftMs, Context.current().cancellationSignal), sampled);
  return await runChecks({ place, checks: watch.checks, pendingForMs: 0 }, clock, sampled);
}

async function sample(
  { place, watch, fromMs, untilMs }: WatchInput,
  clock: Clock,
  discretion: Discretion,
): Promise<Collected | null> {
  if (watch.probe === null) return null;
  const { info, cancellationSignal: signal } = Context.current();
  const { home, version, records } = place;
  const spec = await resolved(watch.probe.spec, place, discretion);
  const probe = await httpProbe({ spec, home, version, records, signal, log: discreetLog(discretion) });
  const found = await collect({
    probe,
    everyMs: watch.probe.everyMs,
    fromMs,
    untilMs,
    criteria: watch.criteria,
    minimumSamples: watch.minimumSamples,
    clock,
    signal,
    resume: isSampling(info.heartbeatDetails) ? info.heartbeatDetails : null,
    onHeartbeat: (sampling) => {
      discretion.progress = sampling;
    },
  });
  return { ...found, judgements: discretion.redact(explained(found)) };
}

function isSampling(details: unknown): details is Sampling {
  return typeof details === 'object' && details !== null && 'format' in details && details.format === 1;
}
