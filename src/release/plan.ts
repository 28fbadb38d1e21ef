import type { PlannedCheck } from './check.ts';
import type { Json } from './json.ts';
import type { Mark } from './loss.ts';
import type { PlannedMeasurement } from './performance.ts';
import type { KindTraits } from './target.ts';

/** `backward`: the previous code runs on the new schema. `forward`: the new code runs on the old schema. Neither: breaking. */
export type Compatibility = { backward: boolean; forward: boolean };

export type Person = { name: string; contact: string | null };

/** Who may answer, how many are needed, and what happens when nobody does. Times are milliseconds. */
export type AskingRules = {
  deciders: string[];
  needs: number;
  /** The person who started the release may not answer. */
  notRequester: boolean;
  deadlineMs: number;
  remindEveryMs: number | null;
  escalate: { afterMs: number; to: string }[];
};

/**
 * `days`: 1 Monday … 7 Sunday. `from` and `to`: "HH:MM" in `timezone`; a `to` before `from` ends on the next day.
 * `neededMs`: expected duration and longest restore together; a release starts only where that still fits.
 */
export type ReleaseWindow = { days: number[]; from: string; to: string; timezone: string; neededMs?: number };

/** What a restore that loses rows needs: a person, never, or at most these bounds. */
export type DataLossRule = 'ask' | 'refuse' | { rows: number; withinMs: number };

export type PlannedTarget = {
  name: string;
  kind: string;
  traits: KindTraits;
  /** Of this release's migration; null for a target that holds no data. */
  compatibility: Compatibility | null;
  /** Targets that write to this one; they are held with it. */
  writers: string[];
  /** `self`: a failure of this target restores this target only. */
  scope: 'all' | 'self';
  /** Targets that this one stands on: it is changed after them and goes back before them. Left out: all before it. */
  needs?: string[];
  /** Opaque here: references are still references. */
  spec: Json;
};

/** What a failed step tries before its failure counts, in order. Times are milliseconds. */
export type FailureRule =
  | { do: 'retry'; times: number; everyMs: number }
  /** `silence`: `roll-back` only where the rules would do so by themselves; null: it waits and pages. */
  | { do: 'ask'; deadlineMs: number; silence: 'roll-back' | 'stay' | null };

/** A trial of the migration on a copy of the savepoint. Opaque parts are the specs of checks and of services. */
export type PlannedRehearsal = {
  /** Code target whose previous and new version are started on the copy; null: only the migration is tried. */
  service: string | null;
  /** Environment variable in which that service finds its database. */
  variable: string;
  /** Asked of the previous version on the migrated copy, before and after the new version wrote. */
  checks: PlannedCheck[];
  /** Asked of the new version on the copy; they write. */
  writes: PlannedCheck[];
};

export type Phase = 'prepare' | 'preflight' | 'baseline' | 'change' | 'evidence';

/** The names that the Temporal UI shows; each is a registered activity. */
export type StepActivity =
  | 'prepare'
  | 'survey'
  | 'preflight'
  | 'hold'
  | 'snapshot'
  | 'rehearse'
  | 'migrate'
  | 'verify'
  | 'seed'
  | 'resume'
  | 'deploy'
  | 'logs'
  | 'invalidate'
  | 'smoke'
  | 'performance'
  | 'monitoring';

/** One line of the runbook. `id` is unique in the plan, e.g. `migrate database`. */
export type PlannedStep = {
  id: string;
  activity: StepActivity;
  phase: Phase;
  target: string | null;
  /** Passed to `apply`; null where the step applies no change. */
  change: string | null;
  checks: PlannedCheck[];
  requests: PlannedRequest[];
  /** Rollback point that a failure of this step goes back to: the number of targets touched so far, 0 while nothing is. */
  point: number;
  /** The whole step, with every retry, may take this long. */
  patienceMs: number;
  /** Left out: a failure counts at once. */
  onFailure?: FailureRule[];
  /** Of a `rehearse` step. */
  rehearsal?: PlannedRehearsal;
  /** Of the performance step, carried out after its requests, one after the other. Left out: none. */
  measurements?: PlannedMeasurement[];
};

/** One endpoint of the performance step. `spec` is an `http` check's spec, asked `samples` times. */
export type PlannedRequest = {
  name: string;
  spec: Json;
  samples: number;
  everyMs: number;
  criteria: PlannedCriterion[];
  /** It has criteria against the version before, which is measured the same way before anything is changed. */
  compares?: true;
};

/** What is measured over a set of samples: `errors` in per cent, percentiles in milliseconds. */
export type Measure = 'errors' | 'p50' | 'p95' | 'p99';

/** How far a criterion is trusted: `observe` only records, `ask` asks at most, `auto` does what its band says. */
export type Trust = 'observe' | 'ask' | 'auto';

/** How urgent it is, which says who is told. */
export type Priority = 'P1' | 'P2' | 'P3';

/** What an alarm does besides its band. Left out: it is trusted, has no priority and no checklist. */
export type Handling = {
  trust?: Trust;
  priority?: Priority;
  /** Name of the plan's checklist that is shown with it. */
  incident?: string;
};

/**
 * Limits in the measure's unit; a value above `rollBackAbove` rolls back, one above `consultAbove` asks. With `against`
 * they are how much worse than the baseline it may be: per cent of the time, or percentage points of errors.
 */
export type PlannedCriterion = Handling & {
  name: string;
  measure: Measure;
  rollBackAbove: number | null;
  consultAbove: number | null;
  against?: 'baseline';
  /** It has to be above the limit for so long without a break. */
  forMs?: number;
  /** It never acts; people are given this advice. */
  advise?: string;
};

/** What only people see, and what it leads to when they raise it. */
export type Raisable = Handling & { name: string; verdict: 'consult' | 'roll back' };

/** What people look at; they are reminded of it so long after the watch began. */
export type Checklist = { name: string; afterMs: number; items: string[] };

export type PlannedWatch = {
  /** Reported points: every `everyMs` for `forMs`, one stretch after the other. */
  stretches: { everyMs: number; forMs: number }[];
  /** Asked continuously between the reported points; an `http` check's spec. Null: only `checks` are asked. */
  probe: { name: string; spec: Json; everyMs: number } | null;
  criteria: PlannedCriterion[];
  /** Asked once at each reported point. */
  checks: PlannedCheck[];
  /** Asked every `everyMs` between the points; a FAIL ends the stretch at once. Left out: none. */
  throughout?: { everyMs: number; checks: PlannedCheck[] };
  /** Smoke checks that are asked every `everyMs` as traffic of our own; their answers are samples of errors. Left out: none. */
  synthetic?: { everyMs: number; checks: PlannedCheck[] };
  minimumSamples: number;
  /** False alarms that a healthy release may raise in one watch, as a probability. Left out: 0.01. */
  falseAlarms?: number;
  /** The running version is measured for so long before anything is changed. Left out: not at all. */
  baselineMs?: number;
  /** What people may raise. Left out: nothing. */
  raised?: Raisable[];
  /** Who is told of what is how urgent. */
  priorities?: Record<Priority, string[]>;
  checklists?: Checklist[];
  /** Time that may go unmeasured at the beginning before the end is no longer automatic. Left out: any. */
  early?: { maxMs: number; withinMs: number };
  /** Share of the watch, 0 to 1, that may go unmeasured before the end is no longer automatic. */
  maxUnwatched: number;
  /** People are reminded of the review this long after the release; null: no reminder. */
  reviewAfterMs: number | null;
};

/** `on`: which events it tells; `spec` is opaque, references are still references. */
export type PlannedNotice = { name: string; kind: string; on: NoticeEvent[]; spec: Json };
/** `maintenance`: users may be cut off from now on; `recovered`: everything serves again. */
export type NoticeEvent =
  | 'question'
  | 'reminder'
  | 'escalation'
  | 'blocked'
  | 'failed'
  | 'ended'
  | 'watch'
  | 'maintenance'
  | 'recovered';

/** The plan as the workflow gets it: flat, complete, no defaults left to guess, no secret in it. */
export type Plan = {
  format: 1;
  application: string;
  environment: string;
  version: string;
  /** Absolute directory of the plan file on the host whose task queue runs local targets. */
  home: string;
  /** Absolute folder for evidence. */
  records: string;
  window: ReleaseWindow | null;
  people: Record<string, Person>;
  /** Null: nobody is asked before the release. */
  gate: AskingRules | null;
  /** Who answers when something fails. */
  questions: AskingRules;
  targets: PlannedTarget[];
  steps: PlannedStep[];
  /** Asked after every rollback before users are let in: the smoke checks marked `repeatable`. */
  afterRollback: PlannedCheck[];
  watch: PlannedWatch | null;
  /** `ignore`: tables that are shown in a loss and do not count. */
  rollback: { holdMs: number; dataLoss?: DataLossRule; ignore?: string[]; marks?: Mark[] };
  /** The gate opens only with a certificate of a drill of this plan's shape that is younger. Left out: none is needed. */
  drillWithinMs?: number;
  notify: PlannedNotice[];
  /** Checklists by name, shown with a failure that names one. Left out: none. */
  incidents?: Record<string, string[]>;
  /** What rows cannot show: mails, payments, webhooks. Printed beside every loss. */
  outside: string[];
  /** Task queue of the workflow and of everything that is not local. */
  taskQueue: string;
  /** Task queue of targets that live on one host. */
  localTaskQueue: string;
};
