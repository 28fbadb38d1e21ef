import type { Baseline } from '../release/baseline.ts';
import type { Certificate, DrilledCase, Judged } from '../release/certificate.ts';
import type { CheckResult, PlannedCheck } from '../release/check.ts';
import type { DrillCase, Fault } from '../release/drill.ts';
import type { Seen } from '../release/drill-status.ts';
import type { Proof } from '../release/fingerprint.ts';
import type { Json } from '../release/json.ts';
import type { Carried, Carrying, Loss, LossRules } from '../release/loss.ts';
import type { Message } from '../release/notice.ts';
import type { PlannedMeasurement } from '../release/performance.ts';
import type {
  Plan,
  PlannedNotice,
  PlannedRehearsal,
  PlannedRequest,
  PlannedTarget,
  PlannedWatch,
  ReleaseWindow,
} from '../release/plan.ts';
import type { Rehearsal, RehearsedChange } from '../release/rehearsal.ts';
import type { SignalStates } from '../release/signals.ts';
import type { Dirty, MeasuredBaseline, ReleaseStatus, WatchPoint } from '../release/status.ts';
import type { Artefact, Beside, Confirmation, Restored, Savepoint, Standing, Survey } from '../release/target.ts';
import type { Judgement } from '../release/verdict.ts';

/**
 * What every activity knows of its release. `release` names the effects, so a resumed release keeps its first id.
 * `references`: names of everything secret in the whole plan, since a program of one step may print what is another's.
 */
export type Place = Pick<Plan, 'application' | 'environment' | 'version' | 'home' | 'records'> & {
  release: string;
  references: string[];
};

/** `fence`: base of this call; the attempt number is added by the activity. */
export type TargetInput = {
  place: Place;
  target: PlannedTarget;
  key: string;
  fence: number;
  pinned: Artefact | null;
  patienceMs: number;
  /** Of a drill: how this call is made to fail. Left out: not at all. */
  fault?: Fault;
};

export type ApplyInput = TargetInput & { change: string };
export type ResumeInput = TargetInput & { held: Json };
export type RestoreInput = TargetInput & { savepoint: Savepoint };
export type LossInput = RestoreInput & { rules: LossRules };
export type CarryInput = LossInput & { into: Carrying['into'] };
/** `pendingForMs`: how long a check that could not be asked is asked again before that is the answer. */
export type ChecksInput = { place: Place; checks: PlannedCheck[]; pendingForMs: number };
/** `changes`: of the database, in the order of the plan. `service`: whose versions are started on the copy. */
export type RehearseInput = RestoreInput & {
  rehearsal: PlannedRehearsal;
  changes: RehearsedChange[];
  service: { target: PlannedTarget; pinned: Artefact | null } | null;
};
/**
 * `measurements`: carried out after the requests. Both left out by releases that began before there were any.
 */
export type PerformanceInput = {
  place: Place;
  requests: PlannedRequest[];
  measurements?: PlannedMeasurement[];
  before?: Before;
};
/** What the version before was measured to be: requests by name, measurements by kind and name. */
export type Before = { requests: Record<string, Baseline>; measurements: Record<string, Json> };
/**
 * Epoch milliseconds. `wholeMs`: length of the whole watch. `baseline`: of the version that ran before. `signals`: as the
 * point before left them. Left out by releases that began before there were any.
 */
export type WatchInput = {
  place: Place;
  watch: PlannedWatch;
  fromMs: number;
  untilMs: number;
  wholeMs?: number;
  baseline?: Baseline | null;
  signals?: SignalStates | null;
  syntheticSignals?: SignalStates | null;
};
/** `lengthMs`: how long the running version is measured. `risk`: that the truth is above what it says. */
export type BaselineInput = { place: Place; watch: PlannedWatch; lengthMs: number; risk: number };
/** Both `signals`: for the next point. */
export type Watched = WatchPoint & { signals?: SignalStates; syntheticSignals?: SignalStates };
export type PinInput = {
  planDigest: string;
  place: Place;
  artefacts: { target: string; artefact: Artefact }[];
  plan: Plan;
};
export type WindowInput = { window: ReleaseWindow; nowMs: number };
/** Epoch milliseconds. From `closesAtMs` on what the release needs does not fit any more, and its approval is void. */
export type WindowAnswer = { opensAtMs: number; closesAtMs: number };
export type TellInput = { place: Place; notice: PlannedNotice; message: Message; key: string };
export type PreviousInput = { workflowId: string; runId: string; previousRunId: string | null };
export type ObserveInput = TargetInput & { withContent: boolean };
export type CaseInput = { planned: DrillCase; workflowId: string; runId: string };
/** `plan`: the one that was drilled, for its shape. */
export type CertifyInput = { place: Place; plan: Plan; certificate: Omit<Certificate, 'shape'> };
export type CertificatesInput = { place: Place; plan: Plan; withinMs: number; nowMs: number };
export type ReportInput = { place: Place; status: ReleaseStatus };

/** How the environment was left. `status`: the last status of the run that a continuation takes over. */
export type Previous = { dirty: Dirty | null; status: ReleaseStatus | null; heldVersion?: string | null };
export type ReadReleaseInput = { workflowId: string; runId: string };

/** The end of a drive: done, or a question that only a person can answer; the verb is called again afterwards. */
export type Driven<T> = { state: 'done'; value: T } | { state: 'ask'; question: string };

/**
 * The activities by the names that the Temporal UI shows. They throw `ApplicationFailure`s whose type is a
 * `FailureKind` and whose first detail is a `FailureView`.
 */
export interface Activities {
  readPrevious(input: PreviousInput): Promise<Previous>;
  /** The status of a release that has ended. */
  readRelease(input: ReadReleaseInput): Promise<ReleaseStatus>;
  prepare(input: TargetInput): Promise<Driven<Artefact>>;
  pin(input: PinInput): Promise<{ digest: string }>;
  survey(input: TargetInput): Promise<Survey>;
  preflight(input: ChecksInput): Promise<CheckResult[]>;
  openWindow(input: WindowInput): Promise<WindowAnswer>;
  hold(input: TargetInput): Promise<Driven<Json>>;
  resume(input: ResumeInput): Promise<Driven<null>>;
  snapshot(input: TargetInput): Promise<Driven<Savepoint>>;
  rehearse(input: RehearseInput): Promise<Rehearsal>;
  migrate(input: ApplyInput): Promise<Driven<Json>>;
  seed(input: ApplyInput): Promise<Driven<Json>>;
  deploy(input: ApplyInput): Promise<Driven<Json>>;
  invalidate(input: ApplyInput): Promise<Driven<Json>>;
  verify(input: ChecksInput): Promise<CheckResult[]>;
  logs(input: ChecksInput): Promise<CheckResult[]>;
  smoke(input: ChecksInput): Promise<CheckResult[]>;
  monitoring(input: ChecksInput): Promise<CheckResult[]>;
  performance(input: PerformanceInput): Promise<Judgement[]>;
  /** The version that runs before anything is changed, measured in the same way; nothing is judged. */
  performanceBefore(input: PerformanceInput): Promise<Before>;
  baseline(input: BaselineInput): Promise<MeasuredBaseline>;
  watch(input: WatchInput): Promise<Watched>;
  compare(input: RestoreInput): Promise<Standing>;
  restoreBeside(input: RestoreInput): Promise<Driven<Beside>>;
  measureLoss(input: LossInput): Promise<Driven<Loss>>;
  carryOver(input: CarryInput): Promise<Driven<Carried>>;
  exportRows(input: CarryInput): Promise<Driven<Carried>>;
  /** Has the change taken effect, whoever made it? */
  confirm(input: ApplyInput): Promise<Confirmation>;
  restore(input: RestoreInput): Promise<Driven<Restored>>;
  /** Does the target equal its savepoint now? Used after a person restored it by hand. */
  proveByHand(input: RestoreInput): Promise<Proof>;
  tell(input: TellInput): Promise<void>;
  /** What runs of a target, and what it is like, before and after a drill. */
  observe(input: ObserveInput): Promise<Seen>;
  readCase(input: CaseInput): Promise<DrilledCase>;
  certify(input: CertifyInput): Promise<{ certificate: Certificate; files: string[] }>;
  readCertificates(input: CertificatesInput): Promise<Judged>;
  report(input: ReportInput): Promise<{ files: string[] }>;
}
