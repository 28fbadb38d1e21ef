import type { Baseline } from './baseline.ts';
import type { CheckResult } from './check.ts';
import type { Drill } from './drill.ts';
import type { FailureView } from './failure.ts';
import type { Level, Proof } from './fingerprint.ts';
import type { Json } from './json.ts';
import type { Bound, Carried, Loss } from './loss.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { Savepoint } from './target.ts';
import type { Judgement } from './verdict.ts';

/** How a release can end. One table in `endings.ts` maps each to a workflow status and an exit code. */
export type Outcome =
  | 'stopped'
  | 'rejected'
  | 'expired'
  | 'superseded'
  | 'aborted'
  | 'released'
  | 'released-by-decision'
  | 'rolled-back'
  | 'partly-rolled-back'
  | 'abandoned';

export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped' | 'kept' | 'by-hand';

/** Times are ISO 8601. `kept`: it failed and a person decided to stay. */
export type StepStatus = {
  id: string;
  target: string | null;
  state: StepState;
  startedAt: string | null;
  endedAt: string | null;
  /** What it waits for or what came out of it, one line. */
  detail: string | null;
  failure: FailureView | null;
  checks: CheckResult[];
  judgements: Judgement[];
  /** Of a `rehearse` step. */
  rehearsal?: Rehearsal;
};

/** Why a restore was run, what it brought back and how sure that is. */
export type RestoredTarget = {
  target: string;
  state: 'waiting' | 'running' | 'restored' | 'unchanged' | 'failed' | 'skipped' | 'by-hand';
  /** `unproved` until a proof says otherwise. */
  proved: Level | 'unproved';
  proof: Proof | null;
  /** The replaced thing that was kept, e.g. a database's new name. */
  kept: string | null;
  downtimeMs: number | null;
  startedAt: string | null;
  endedAt: string | null;
  detail: string | null;
  failure: FailureView | null;
  /** What it undoes, measured with writers held; left out where nobody had to measure. */
  loss?: Loss;
  carried?: Carried;
};

/** `pages`: people are told again until somebody answers or owns it. */
export type Choice = { id: string; label: string; needsReason: boolean };

/** `upTo`: how many rows may be lost, for a choice that may lose some. */
export type GivenAnswer = {
  by: string;
  choice: string;
  at: string;
  note: string | null;
  how: 'update' | 'signal';
  upTo?: Bound;
};

/** Something that waits for people. Exactly one is open at a time; `id` is unique in the release. */
export type Question = {
  id: string;
  kind: 'go-no-go' | 'failure' | 'abort' | 'blocked' | 'by-hand';
  text: string;
  /** Evidence, at most a few lines of Markdown. */
  why: string;
  choices: Choice[];
  deciders: string[];
  needs: number;
  /** Person who may not answer, null when everybody named may. */
  barred: string | null;
  /** An answer must name this digest; null where the answer does not approve what will run. */
  digest: string | null;
  askedAt: string;
  deadline: string | null;
  /** The choice that silence makes; null: it waits for ever and pages. */
  onSilence: string | null;
  answers: GivenAnswer[];
  /** Who said "I am on it"; pages stop. */
  owner: string | null;
  /** What going back would undo, where that was measured. */
  losses?: { target: string; loss: Loss }[];
  /** How to reach whoever may answer, where the plan says so: person → contact. */
  contacts?: Record<string, string>;
};

export type Refusal = { at: string; message: string; by: string; reason: string };

export type Halt = {
  kind: 'abort' | 'cancel' | 'rollback' | 'supersede' | 'take-over';
  by: string;
  reason: string;
  at: string;
};

export type TimelineEntry = { at: string; what: string };

/** The answer to the `status` query, and the material of every report. Holds no secret. */
export type ReleaseStatus = {
  schemaVersion: 1;
  release: string;
  runId: string;
  workflowId: string;
  application: string;
  environment: string;
  version: string;
  digest: string | null;
  requester: string;
  phase: string;
  startedAt: string;
  endedAt: string | null;
  outcome: Outcome | null;
  steps: StepStatus[];
  /** In the order in which they were taken. */
  savepoints: Savepoint[];
  /** Targets whose change may have begun, in order. */
  changed: string[];
  /** Target → what `hold` returned, null while it does not tell yet; still held, as far as anybody knows. */
  held: Record<string, Json>;
  /** Since when something is held; users may be cut off since then. */
  heldSince?: string | null;
  /** Targets that were let go after their savepoint was taken: users may have written to them since. */
  writtenTo: string[];
  restored: RestoredTarget[];
  failedStep: string | null;
  failure: FailureView | null;
  question: Question | null;
  answered: Question[];
  refusals: Refusal[];
  halt: Halt | null;
  pausedUntil: string | null;
  /** Somebody looks at the release, and until then nothing goes back by itself. */
  handsOff?: { by: string; reason: string; until: string } | null;
  /** How the version before this one did, where the plan has it measured. */
  baseline?: MeasuredBaseline | null;
  /** What the release waits for, one line; null while it works. */
  waitingFor: string | null;
  watch: WatchStatus | null;
  /** A rehearsal or a drill has seen the previous code run on the new schema. */
  proved?: boolean;
  /** Rows that a restore lost; null where nobody measured. */
  rowsLost: number | null;
  notes: string[];
  timeline: TimelineEntry[];
  /** The release whose savepoints this one took over, and how. */
  continues: { release: string; as: 'resume' | 'restore' | 'accept-dirty' | 'bring-back'; reason: string } | null;
  /** Version that was rolled back last, and is released again only when a person says so. */
  heldVersion?: string | null;
  /** Set when this release was refused because an earlier one was left unfinished; the next start sees it through this. */
  dirty: Dirty | null;
  /** Of a release that a drill started. `tidied`: what the rules let stay and the drill brought back as well. */
  drill?: Drill & { tidied: string[] };
};

/** What is left of a run that ended without cleaning up. */
export type Dirty = {
  release: string;
  runId: string;
  version: string | null;
  /** How it ended, e.g. `terminated`. */
  ended: string;
  /** Targets whose change may have begun, null when it cannot be told any more. */
  changed: string[] | null;
};

/** With where its samples are kept, as of a `WatchPoint`. */
export type MeasuredBaseline = Baseline & { record?: string; notKept?: string };

/**
 * `synthetic`: samples of our own traffic, besides `samples` of the probe. `record`: where all its samples and answers are kept, relative to the records folder; `notKept`: why they are not.
 * Both left out by releases that kept none.
 */
export type WatchPoint = {
  at: string;
  samples: number;
  unwatchedMs: number;
  judgements: Judgement[];
  checks: CheckResult[];
  synthetic?: number;
  record?: string;
  notKept?: string;
};

/** `unwatchedEarlyMs`: within the first hours that the plan names. */
export type WatchStatus = {
  until: string;
  points: WatchPoint[];
  unwatchedMs: number;
  watchedMs: number;
  unwatchedEarlyMs?: number;
};

/** What the workflow returns, and what `start --json` prints. Red endings carry the same in the failure's details. */
export type ReleaseResult = {
  schemaVersion: 1;
  outcome: Outcome;
  application: string;
  environment: string;
  version: string;
  release: string;
  runId: string;
  workflowId: string;
  digest: string | null;
  failedStep: string | null;
  failure: FailureView | null;
  restored: { target: string; proved: Level | 'unproved'; kept: string | null; detail: string | null }[];
  /** Targets that still run what this release brought, named when it was only partly rolled back. */
  stays: string[];
  rowsLost: number | null;
  downtimeMs: number | null;
  startedAt: string;
  endedAt: string;
  durationMs: number;
  /** Who decided what and why, for endings that a person made. */
  decidedBy: { by: string; choice: string; reason: string | null } | null;
  notes: string[];
  dirty: Dirty | null;
  /** Version that was rolled back last: a start of it is refused until a person releases it. */
  heldVersion?: string | null;
};
