import { Context } from '@temporalio/activity';
import { askUntil, type Repeated } from '../checks/ask.ts';
import type { Clock } from '../checks/clock.ts';
import type { CheckResult } from '../release/check.ts';
import { TargetFailure } from '../release/failure.ts';
import { atBoundary } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import type { ChecksInput, Place } from './inputs.ts';

/** Asks every check in order and answers with all results; what bad results mean is decided in the workflow. */
export async function runChecks({ place, checks, pendingForMs }: ChecksInput, clock: Clock): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const planned of checks) results.push(await runCheck({ ...planned, pendingForMs }, place, clock));
  return results;
}

/** A reference without a value is no answer about the system: the check could not be asked. */
async function runCheck(planned: Repeated, place: Place, clock: Clock): Promise<CheckResult> {
  return await atBoundary(async (discretion) => {
    try {
      const spec = await resolved(planned.spec, place, discretion);
      const { cancellationSignal: signal } = Context.current();
      const { home, version, records } = place;
      const asking = { spec, home, version, records, signal, log: discreetLog(discretion) };
      return discretion.redact(await askUntil(planned, asking, clock));
    } catch (error) {
      if (!(error instanceof TargetFailure)) throw error;
      const { name, kind, critical } = planned;
      const remedy = error.details.remedy ?? planned.remedy ?? 'see the message';
      const answer = { status: 'PENDING' as const, summary: discretion.redact(error.message), evidence: '', remedy };
      return { ...answer, name, kind, critical, durationMs: 0, tries: 0 };
    }
  });
}
