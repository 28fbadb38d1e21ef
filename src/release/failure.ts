/**
 * The closed list of ways in which a target, a check or a notice can fail. Finality belongs to the
 * kind: whoever talks to the outside world classifies once, `activities/boundary.ts` translates once.
 */
export const failureKinds = {
  /** What the user wrote cannot work. */
  'invalid-input': { final: true },
  /** Something that the plan names does not exist. */
  'not-found': { final: true },
  /** The target understood and will not do it: a precondition does not hold. */
  refused: { final: true },
  /** Credentials are missing, wrong or too weak. */
  permission: { final: true },
  /** A newer attempt of the same release has taken over. */
  'stale-fence': { final: true },
  /** Something is no longer what was approved or observed. */
  changed: { final: true },
  /** The effect was tried and did not succeed. */
  failed: { final: true },
  /** The effect did not finish within its patience. */
  'timed-out': { final: true },
  /** It cannot be told whether the effect happened; only a person can. */
  unknown: { final: true },
  /** Not reachable just now. */
  unreachable: { final: false },
  /** Somebody else is using what we need; waiting may help. */
  busy: { final: false },
} as const;

export type FailureKind = keyof typeof failureKinds;

/** What a failure says besides its message; all of it is shown to people, so none of it may hold a secret. */
export type FailureDetails = {
  /** What a person can do about it. */
  remedy?: string;
  /** Parts of the effect that did happen, when only half of it did. */
  done?: string[];
  /** Parts of the effect that did not happen. */
  notDone?: string[];
  /** The end of a log, an answer's body, a statement: at most a few lines. */
  evidence?: string;
};

/** An expected failure of the outside world. Anything else that is thrown is a bug and stays one. */
export class TargetFailure extends Error {
  readonly kind: FailureKind;
  readonly details: FailureDetails;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TargetFailure';
    this.kind = kind;
    this.details = details;
  }
}

/** A failure as it is stored in the release's status. `bug` stands for anything that is no `TargetFailure`. */
export type FailureView = { kind: FailureKind | 'bug' | 'cancelled'; message: string } & FailureDetails;
