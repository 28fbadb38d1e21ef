import type { Answer } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import { pending } from '../answer.ts';

/** How long AWS may take, and what ends the question before. */
type Patience = { signal: AbortSignal; timeoutMs: number };

/**
 * Asks AWS. What it refuses, or does not answer in time, was not measured: PENDING, never FAIL. A bug stays a bug.
 * `work` gets the signal that ends with the patience.
 *
 * @throws the signal's reason when cancelled
 */
export async function answeredByAws(
  { signal, timeoutMs }: Patience,
  work: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  const patience = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any([signal, patience]));
  } catch (error) {
    signal.throwIfAborted();
    if (patience.aborted) return tooSlow(timeoutMs);
    if (!(error instanceof TargetFailure)) throw error;
    return pending(error.message, error.details.evidence ?? '', error.details.remedy ?? remedies[error.kind] ?? later);
  }
}

const later = 'try again; see the health of AWS in this region';

const remedies: Readonly<Record<string, string>> = {
  busy: 'AWS throttles this account: try again later, or ask less often',
  'invalid-input': 'correct what the plan asks for',
  'not-found': 'correct the name in the plan, or the region',
};

function tooSlow(timeoutMs: number): Answer {
  return pending(`AWS did not answer within ${Math.round(timeoutMs / 1000)} s`, '', `${later}, or give it more time`);
}

/** To the second: what AWS says is not more exact. */
export function moment(at: Date | number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
