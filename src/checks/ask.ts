import type { Answer, Asking, Check, CheckResult, PlannedCheck } from '../release/check.ts';
import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import { pending } from './answer.ts';
import { withAttestation } from './attest/attested.ts';
import type { Clock } from './clock.ts';
import { loadCheck } from './kinds.ts';
import { newRun, withRun } from './run-value.ts';

/** A check with the patience for what could not be measured, which may be longer than for a bad answer. */
export type Repeated = PlannedCheck & { pendingForMs?: number };

/**
 * Asks until PASS or WARN, for at most `planned.withinMs`, and for at most `pendingForMs` while it cannot be asked;
 * the last answer counts. `asking.spec` is `planned.spec` with
 * its references resolved. A try that has begun is let finish, so it may take longer by the check's own patience.
 *
 * @throws TargetFailure `invalid-input` for an unknown kind; the signal's reason when cancelled
 */
export async function askUntil(planned: Repeated, asking: Asking<Json>, clock: Clock): Promise<CheckResult> {
  const check = await loadCheck(planned.kind);
  const started = clock.now();
  const pauseMs = Math.max(1, planned.everyMs);
  for (let tries = 1; ; tries += 1) {
    const answer = await askOnce(check, asking);
    const good = answer.status === 'PASS' || answer.status === 'WARN';
    const patienceMs = answer.status === 'PENDING' ? (planned.pendingForMs ?? 0) : 0;
    const endsAt = started + Math.max(planned.withinMs, patienceMs);
    if (good || clock.now() + pauseMs > endsAt)
      return resultOf(planned, answer, { durationMs: clock.now() - started, tries });
    await clock.sleep(pauseMs, asking.signal);
  }
}

/**
 * What a planned check gets besides its spec. `resolve`: the spec with values in place of references. `redact`: covers
 * what is secret in whatever is told, asked for after `resolve`.
 */
export type Around = Omit<Asking<Json>, 'spec'> & {
  resolve(spec: Json): Promise<Json>;
  redact<T>(value: T): T;
};

/**
 * Asks one check of a plan. A reference without a value is no answer about the system: the check could not be asked.
 * What could not be asked, a named person may have attested.
 *
 * @throws the signal's reason when cancelled, and bugs
 */
export async function askPlanned(
  planned: Repeated,
  { resolve, redact, ...around }: Around,
  clock: Clock,
): Promise<CheckResult> {
  try {
    // What is asked alone has a run of its own.
    const spec = await resolve(withRun(planned.spec, newRun()));
    const result = redact(await askUntil(planned, { ...around, spec }, clock));
    // An answer that came after the cancellation may be about the cancellation.
    around.signal.throwIfAborted();
    return await withAttestation(result, planned, around);
  } catch (error) {
    if (!(error instanceof TargetFailure) || around.signal.aborted) throw error;
    const answer = pending(redact(error.message), '', error.details.remedy ?? planned.remedy ?? 'see the message');
    const { name, kind, critical } = planned;
    const unasked = { ...answer, name, kind, critical, durationMs: 0, tries: 0, ...alarmOf(planned) };
    return await withAttestation(unasked, planned, around);
  }
}

/** A check answers; where it has to throw an expected failure, the question was not answered. A bug stays a bug. */
export async function askOnce(check: Check<Json>, asking: Asking<Json>): Promise<Answer> {
  try {
    return await check.ask(asking);
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    return pending(error.message, error.details.evidence ?? '', error.details.remedy ?? 'see the log of the worker');
  }
}

function resultOf(planned: PlannedCheck, answer: Answer, took: { durationMs: number; tries: number }): CheckResult {
  const { name, kind, critical, remedy } = planned;
  const good = answer.status === 'PASS' || answer.status === 'WARN';
  const advised = remedy === null || good ? answer : { ...answer, remedy };
  const result = { ...advised, name, kind, critical, durationMs: Math.round(took.durationMs), tries: took.tries };
  return good ? result : { ...result, ...alarmOf(planned) };
}

/** What the plan says about a failure of this check. */
function alarmOf({ priority, incident }: PlannedCheck): Pick<CheckResult, 'priority' | 'incident'> {
  return { ...(priority === undefined ? {} : { priority }), ...(incident === undefined ? {} : { incident }) };
}
