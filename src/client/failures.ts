import type { ReleaseResult } from '../release/status.ts';

/**
 * What can go wrong between a person and a release. The command line maps each to an exit code.
 *
 * - `unreachable`: no Temporal at the address · `not-ready`: it answers, but the namespace is not set up
 * - `no-worker`: nobody would do the work · `not-answered`: a worker is there and did not answer in time
 * - `refused`: the release said no, and why · `held`: another release runs · `not-found`: there is no such release
 * - `no-result`: it ended from outside (terminated, timed out), so that nobody knows what it left
 */
export type ClientFailureKind =
  | 'unreachable'
  | 'not-ready'
  | 'no-worker'
  | 'not-answered'
  | 'refused'
  | 'held'
  | 'not-found'
  | 'no-result';

/** `remedy`: what to do or to type. */
export class ClientFailure extends Error {
  readonly kind: ClientFailureKind;
  readonly remedy: string | null;

  constructor(kind: ClientFailureKind, message: string, remedy: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClientFailure';
    this.kind = kind;
    this.remedy = remedy;
  }
}

/** A red ending carries its result in the failure's details; anything else there is no result. */
export function isReleaseResult(value: unknown): value is ReleaseResult {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schemaVersion' in value &&
    'outcome' in value &&
    'workflowId' in value &&
    'restored' in value
  );
}
