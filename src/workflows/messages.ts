import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Drill, DrillCase } from '../release/drill.ts';
import type { DrillStatus } from '../release/drill-status.ts';
import type { Bound } from '../release/loss.ts';
import type { Plan } from '../release/plan.ts';
import type { ReleaseStatus } from '../release/status.ts';

/** The type name under which the workflow is registered. */
export const releaseWorkflowType = 'release';

/** The lock: one release per application and environment, held by the server itself. */
export function releaseWorkflowId(application: string, environment: string): string {
  return `release/${application}/${environment}`;
}

/** Task queue of targets that live on one host. */
export function localTaskQueue(host: string): string {
  return `savepoint/${host}`;
}

export const defaultTaskQueue = 'savepoint';

/** How a start treats what an earlier run left behind. */
export type Continuation =
  | { as: 'fresh' }
  | { as: 'resume'; reason: string }
  | { as: 'restore'; reason: string }
  | { as: 'accept-dirty'; reason: string }
  /** Nothing is released: these targets, or all that the release of run `from` changed, go back to its savepoints. */
  | { as: 'bring-back'; reason: string; from: string; targets: string[] };

export type ReleaseInput = {
  plan: Plan;
  /** SHA-256 of the normalised plan, computed by the starter. */
  planDigest: string;
  requester: string;
  /** Says yes to the gate and to nothing else. */
  preApproved: { by: string; reason: string } | null;
  /** Starts outside the window; needs a person and a reason. */
  windowOverride: { by: string; reason: string } | null;
  continuation: Continuation;
  /** Lets a version be released again that was rolled back. */
  again?: { by: string; reason: string };
  /** Run that the starter saw last under this workflow id, null when it saw none. */
  previousRunId: string | null;
  /** Set where a drill started it: which failure is planted. Left out: none. */
  drill?: Drill;
};

export const drillWorkflowType = 'drill';

/** One drill per application and environment; each release that it starts takes the lock of the environment. */
export function drillWorkflowId(application: string, environment: string): string {
  return `drill/${application}/${environment}`;
}

/** `plan`: the user's own. `cases` are run one after the other; `previousRunId` as for a release. */
export type DrillInput = {
  plan: Plan;
  planDigest: string;
  requester: string;
  cases: DrillCase[];
  previousRunId: string | null;
};

/** Every message names who sends it. Signals carry the same bodies; Temporal does not prove who `by` is. */
export type Approval = { by: string; digest: string; note?: string };
export type Rejection = { by: string; reason: string };
/** `question`: its id, so that an answer meant for one question never answers another. */
export type Decision = { by: string; question: string; choice: string; reason?: string; upTo?: Bound };
/** `goBack`: true goes back at once where no data is lost, false asks to stop here; left out, a person is asked. */
export type Abort = { by: string; reason: string; goBack?: boolean };
export type RollbackRequest = { by: string; reason: string };
export type Pause = { by?: string; reason?: string; forMs?: number };
export type Resume = { by?: string };
/** During the watch: nothing goes back by itself for a while, because somebody is looking. */
export type HandsOff = { by: string; reason: string; forMs?: number };
/** `criterion`: one that the plan lets people raise. */
export type Raise = { by: string; criterion: string; note: string };
export type Supersede = { by: string; reason: string; version: string };
export type Finish = { by: string; reason: string };

/** What a sender is told when a message was accepted. */
export type Accepted = { accepted: string };

export const approveUpdate = defineUpdate<Accepted, [Approval]>('approve');
export const rejectUpdate = defineUpdate<Accepted, [Rejection]>('reject');
export const decideUpdate = defineUpdate<Accepted, [Decision]>('decide');
export const abortUpdate = defineUpdate<Accepted, [Abort]>('abort');
export const rollbackUpdate = defineUpdate<Accepted, [RollbackRequest]>('rollback');
export const pauseUpdate = defineUpdate<Accepted, [Pause]>('pause');
export const resumeUpdate = defineUpdate<Accepted, [Resume]>('resume');
export const supersedeUpdate = defineUpdate<Accepted, [Supersede]>('supersede');
export const takeOverUpdate = defineUpdate<Accepted, [Supersede]>('take-over');
export const handsOffUpdate = defineUpdate<Accepted, [HandsOff]>('hands-off');
export const raiseUpdate = defineUpdate<Accepted, [Raise]>('raise');
export const finishUpdate = defineUpdate<Accepted, [Finish]>('finish');

export const approveSignal = defineSignal<[Approval]>('approve');
export const rejectSignal = defineSignal<[Rejection]>('reject');
export const decideSignal = defineSignal<[Decision]>('decide');
export const abortSignal = defineSignal<[Abort]>('abort');
export const rollbackSignal = defineSignal<[RollbackRequest]>('rollback');
export const pauseSignal = defineSignal<[Pause]>('pause');
export const resumeSignal = defineSignal<[Resume]>('resume');
export const handsOffSignal = defineSignal<[HandsOff]>('hands-off');
export const raiseSignal = defineSignal<[Raise]>('raise');
export const finishSignal = defineSignal<[Finish]>('finish');

export const statusQuery = defineQuery<ReleaseStatus>('status');
export const drillQuery = defineQuery<DrillStatus>('drill');
