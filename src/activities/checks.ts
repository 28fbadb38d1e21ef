import { Context } from '@temporalio/activity';
import { askPlanned, type Repeated } from '../checks/ask.ts';
import type { Clock } from '../checks/clock.ts';
import { askAll } from '../checks/suite.ts';
import type { CheckResult } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import { knownForms } from '../secrets/known.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import type { ChecksInput, Place } from './inputs.ts';

/**
 * Asks every check, in order or where the plan allows it at the same time, and answers with all results; what bad
 * results mean is decided in the workflow. What cleans up is asked also after a cancellation.
 * `progress`: what heartbeats carry meanwhile.
 */
export async function runChecks(
  { place, checks, pendingForMs }: ChecksInput,
  clock: Clock,
  progress: Json = null,
): Promise<CheckResult[]> {
  return await askAll(checks, {
    signal: Context.current().cancellationSignal,
    ask: async (planned, signal) =>
      await atBoundary(
        (discretion) => askOne({ ...planned, pendingForMs }, { place, clock, discretion, signal }),
        progress,
      ),
  });
}

/** `signal`: ends one question; left out, only a cancellation does. */
type Around = { place: Place; clock: Clock; discretion: Discretion; signal?: AbortSignal };

/** Asks one check with the references of its place resolved. */
export async function askOne(planned: Repeated, around: Around): Promise<CheckResult> {
  const { place, clock, discretion, signal = Context.current().cancellationSignal } = around;
  const { home, version, records, references } = place;
  const asking = {
    home,
    version,
    records,
    signal,
    log: discreetLog(discretion),
    secrets: () => knownForms(references, { env: process.env, home }),
    resolve: (spec: Json) => resolved(spec, place, discretion),
    redact: <T>(value: T) => discretion.redact(value),
  };
  return await askPlanned(planned, asking, clock);
}
