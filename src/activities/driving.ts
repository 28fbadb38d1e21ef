import { Context } from '@temporalio/activity';
import { TargetFailure } from '../release/failure.ts';
import type { Step } from '../release/target.ts';
import type { Driven } from './inputs.ts';

/** Bounds for what targets ask for: no busy loop, and no sleep that outlasts what it waits for. A cancellation ends a sleep. */
const shortestLookMs = 20;
const longestLookMs = 10 * 60_000;

/**
 * Calls a verb again and again until it is done. Patience counts from when the workflow first scheduled the activity,
 * so that a retry after a crash has no more time than was left.
 *
 * @throws TargetFailure `timed-out` when patience is used up; the effect may still be under way
 */
export async function drive<T>(patienceMs: number, verb: () => Promise<Step<T>>): Promise<Driven<T>> {
  const { info, cancellationSignal, cancelled } = Context.current();
  const deadline = info.scheduledTimestampMs + patienceMs;
  for (;;) {
    const step = await verb();
    if (step.state !== 'working') return step;
    if (cancellationSignal.aborted) return await cancelled;
    if (Date.now() >= deadline) {
      throw new TargetFailure('timed-out', `not finished within ${Math.round(patienceMs / 1000)} s: ${step.detail}`, {
        remedy: 'give the step a longer timeout in the plan if this is normal',
      });
    }
    const pauseMs = Math.min(Math.max(step.lookAgainMs, shortestLookMs), longestLookMs, deadline - Date.now());
    await Promise.race([Context.current().sleep(Math.max(1, pauseMs)), cancelled]);
  }
}
