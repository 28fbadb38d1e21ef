import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { type FailureView, failureKinds, TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';

/** How often a running activity says that it lives; its heartbeat times out after 5 s. */
const beatEveryMs = 1000;

/** Replaces the values of secrets in a string or in JSON. */
type Redact = <T>(value: T) => T;

/**
 * `redact` learns which values are secret while an activity resolves them; whatever people are told goes through it.
 * `protect` covers only what is certainly secret, in what later steps use again. `progress` travels with every
 * heartbeat and is what the next attempt finds after a crash; never a secret.
 */
export type Discretion = { redact: Redact; protect: Redact; progress: Json };

/**
 * The one place where failures become Temporal's. Runs `work` with a heartbeat that does not depend on progress, and
 * turns what it throws into an `ApplicationFailure` whose type is the kind and whose first detail is a `FailureView`.
 * Whatever is thrown after a cancellation is that cancellation. `progress`: what heartbeats carry until `work` changes it.
 */
export async function atBoundary<T>(work: (discretion: Discretion) => Promise<T>, progress: Json = null): Promise<T> {
  const context = Context.current();
  const discretion: Discretion = { redact: (value) => value, protect: (value) => value, progress };
  const beat = setInterval(() => context.heartbeat(discretion.progress), beatEveryMs);
  try {
    return await work(discretion);
  } catch (error) {
    if (!context.cancellationSignal.aborted) throw asFailure(error, discretion.redact);
    if (error instanceof CancelledFailure) throw error;
    // A worker that stops is no finding about the world: the attempt counts as cut off, and the next worker goes on.
    context.log.warn('cut off by its cancellation', { said: discretion.redact(viewOf(error).message) });
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
}

/** A kind says whether a retry can help. A bug is not retried: nobody knows what a repetition would do. */
function asFailure(error: unknown, redact: Redact): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const view = redact(viewOf(error));
  const failure = ApplicationFailure.create({
    message: view.message,
    type: view.kind,
    nonRetryable: view.kind === 'bug' || view.kind === 'cancelled' || failureKinds[view.kind].final,
    details: [view],
  });
  // The stack of an expected failure tells people nothing, and a stack may quote what must not be stored.
  failure.stack = view.kind === 'bug' && error instanceof Error ? redact(error.stack ?? '') : '';
  return failure;
}

function viewOf(error: unknown): FailureView {
  if (error instanceof TargetFailure) return { kind: error.kind, message: error.message, ...error.details };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'bug', message: `unexpected: ${message}`, remedy: 'this is a defect; see the log of the worker' };
}
