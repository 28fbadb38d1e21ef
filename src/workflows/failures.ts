import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import type { CheckResult } from '../release/check.ts';
import { type FailureKind, type FailureView, failureKinds } from '../release/failure.ts';
import type { Cause } from '../release/policy.ts';
import { isMissed } from '../release/suite.ts';
import { type Judgement, type Verdict, worst } from '../release/verdict.ts';

/** A step that did not do what it should: how bad, and what people are told. */
export type Trouble = { cause: Cause; failure: FailureView };

/** What an activity's failure means; `boundary.ts` put the view into the first detail. */
export function viewOf(error: unknown): FailureView {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const detail: unknown = cause.details?.[0];
    if (isView(detail)) return detail;
    return { kind: kindOf(cause.type), message: cause.message };
  }
  if (cause instanceof TimeoutFailure) {
    // The worker's host was away longer than the patience: nobody can tell what happened meanwhile.
    return {
      kind: 'unknown',
      message: 'no worker finished it in time',
      remedy: 'see that a worker runs: savepoint worker',
    };
  }
  if (cause instanceof CancelledFailure) return { kind: 'cancelled', message: 'it was cancelled' };
  return { kind: 'bug', message: cause instanceof Error ? cause.message : String(cause) };
}

function isView(detail: unknown): detail is FailureView {
  return typeof detail === 'object' && detail !== null && 'kind' in detail && 'message' in detail;
}

function kindOf(type: string | null | undefined): FailureKind | 'bug' {
  return type !== null && type !== undefined && type in failureKinds ? (type as FailureKind) : 'bug';
}

/** A failed effect goes back by the rules; one that nobody can tell about asks. */
export function troubleOf(failure: FailureView): Trouble {
  return { cause: failure.kind === 'unknown' ? 'unknown' : 'failed', failure };
}

/** The worst finding of a list of checks, null when nothing acts: a WARN, and what a person attested, are recorded only. */
export function troubleInChecks(results: readonly CheckResult[]): Trouble | null {
  const bad = results.filter(isMissed);
  const worstOf =
    bad.find(({ status, critical }) => status === 'FAIL' && critical) ??
    bad.find(({ status, critical }) => status === 'PENDING' && critical) ??
    bad.find(({ status }) => status === 'FAIL');
  if (worstOf === undefined) return null;
  const { name, status, summary, evidence, remedy, critical } = worstOf;
  const failure: FailureView = {
    kind: status === 'PENDING' ? 'unknown' : 'failed',
    message: `${name}: ${summary}`,
    evidence,
    ...(remedy === undefined ? {} : { remedy }),
  };
  if (status === 'PENDING') return { cause: 'unknown', failure };
  return { cause: critical ? 'failed' : 'consult', failure };
}

/** The worst verdict of a list of judgements, null when all of them say proceed. */
export function troubleInJudgements(judgements: readonly Judgement[]): Trouble | null {
  const verdict = worst(judgements.map((judgement) => judgement.verdict));
  if (verdict === 'proceed') return null;
  const told = judgements.filter((judgement) => judgement.verdict === verdict);
  const message = told.map(({ criterion, explanation }) => `${criterion}: ${explanation}`).join('; ');
  const failure: FailureView = {
    kind: verdict === 'unknown' ? 'unknown' : 'failed',
    message,
    remedy: remedyOf(verdict, told),
  };
  const cause: Cause = verdict === 'roll back' ? 'failed' : verdict;
  return { cause, failure };
}

function remedyOf(verdict: Verdict, told: readonly Judgement[]): string {
  if (verdict === 'unknown') return 'see why too little was answered or measured, and let it be measured again';
  const records = [...new Set(told.flatMap(({ record }) => record ?? []))];
  const kept = records.length === 0 ? '' : `, sample by sample in the records: ${records.join(', ')}`;
  return `look at what was measured${kept}`;
}
