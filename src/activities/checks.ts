import { Context } from '@temporalio/activity';
import { askUntil, type Repeated } from '../checks/ask.ts';
import type { Clock } from '../checks/clock.ts';
import type { CheckResult } from '../release/check.ts';
import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import type { ChecksInput, Place } from './inputs.ts';

/**
 * Asks every check in order and answers with all results; what bad results mean is decided in the workflow.
 * `progress`: what heartbeats carry meanwhile.
 */
export async function runChecks(
  { place, checks, pendingForMs }: ChecksInput,
  clock: Clock,
  progress: Json = null,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const planned of checks) {
    const ask = (discretion: Discretion) => askOne({ ...planned, pendingForMs }, { place, clock, discretion });
    results.push(await atBoundary(ask, progress));
  }
  return results;
}

/** `signal`: ends one question; left out, only a cancellation does. */
type Around = { place: Place; clock: Clock; discretion: Discretion; signal?: AbortSignal };

/** A reference without a value is no answer about the system: the check could not be asked. */
export async function askOne(planned: Repeated, around: Around): Promise<CheckResult> {
  const { place, clock, discretion, signal = Context.current().cancellationSignal } = around;
  try {
    const spec = await resolved(planned.spec, place, discretion);
    const { home, version, records } = place;
    const asking = { spec, home, version, records, signal, log: discreetLog(discretion) };
    const result = discretion.redact(await askUntil(planned, asking, clock));
    // An answer that came after the cancellation may be about the cancellation.
    signal.throwIfAborted();
    return result;
  } catch (error) {
    if (!(error instanceof TargetFailure) || signal.aborted) throw error;
    const { name, kind, critical } = planned;
    const remedy = error.details.remedy ?? planned.remedy ?? 'see the message';
    const answer = { status: 'PENDING' as const, summary: discretion.redact(error.message), evidence: '', remedy };
    return { ...answer, name, kind, critical, durationMs: 0, tries: 0 };
  }
}
