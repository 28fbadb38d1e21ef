import { type CancellationScope, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Before, Place, TargetInput } from '../activities/inputs.ts';
import { currentDetails } from '../release/details.ts';
import { caseInWords, drillPrefix } from '../release/drill.ts';
import { attemptsPerCall } from '../release/fence.ts';
import type { PlannedStep, PlannedTarget } from '../release/plan.ts';
import { referencesOf } from '../release/references.ts';
import { phaseAttribute } from '../release/search-attributes.ts';
import type { SignalStates } from '../release/signals.ts';
import type { GivenAnswer, ReleaseStatus, StepStatus } from '../release/status.ts';
import type { Artefact } from '../release/target.ts';
import type { Judgement } from '../release/verdict.ts';
import type { Abort, ReleaseInput } from './messages.ts';

/** Everything that one run of the release workflow knows. Handlers and the story change it synchronously. */
export type Story = {
  readonly input: ReleaseInput;
  readonly place: Place;
  readonly status: ReleaseStatus;
  /** Forward steps run in it; halting cancels it. Null before the first step and once the way back has begun. */
  forward: CancellationScope | null;
  /** The watch runs in it, so that `finish` can end the watch alone. */
  watching: CancellationScope | null;
  /** The answer that closed the open question; null while it is open. */
  closing: GivenAnswer | null;
  /** What people raised and nobody has settled yet. */
  readonly raised: Judgement[];
  /** Checklists that people were reminded of. */
  readonly reminded: Set<string>;
  /** What the watch has seen so far, for its next point. */
  signals: SignalStates | null;
  syntheticSignals: SignalStates | null;
  /** What the performance of the version before was measured to be; null where it was not. */
  before: Before | null;
  abort: Abort | null;
  finish: GivenAnswer | null;
  /** The last decision of a person (or of silence) that shaped the ending. */
  decidedBy: { by: string; choice: string; reason: string | null } | null;
  readonly artefacts: Map<string, Artefact>;
  /** Target → what ran when people were asked. */
  readonly running: Map<string, string | null>;
  /** Databases whose migration had nothing to do. */
  readonly untouched: Set<string>;
  /** Step → how often the plan has tried it again. */
  readonly tries: Map<string, number>;
  /** Notices under way; the release waits for them before it ends. */
  readonly telling: Promise<void>[];
  /** People were told that users may be cut off, and not yet that it is over. */
  maintenance: boolean;
  /** Numbers the notices, so that each has a key of its own. */
  sequence: number;
  /** Fence of the newest call on a target. */
  fence: number;
};

const timelineLimit = 400;

export function openStory(input: ReleaseInput): Story {
  const { application, environment, version, home, records } = input.plan;
  const status = openStatus(input);
  const { release } = status;
  return {
    input,
    status,
    place: { application, environment, version, home, records, release, references: referencesOf(input.plan) },
    forward: null,
    watching: null,
    closing: null,
    raised: [],
    reminded: new Set(),
    signals: null,
    syntheticSignals: null,
    before: null,
    abort: null,
    finish: null,
    decidedBy: null,
    artefacts: new Map(),
    running: new Map(),
    untouched: new Set(),
    tries: new Map(),
    telling: [],
    maintenance: false,
    sequence: 0,
    fence: 0,
  };
}

function openStatus({ plan, requester, drill }: ReleaseInput): ReleaseStatus {
  const info = workflowInfo();
  const { application, environment, version } = plan;
  const release = info.firstExecutionRunId;
  const startedAt = new Date(info.startTime).toISOString();
  return {
    schemaVersion: 1,
    release,
    runId: info.runId,
    workflowId: info.workflowId,
    application,
    environment,
    version,
    digest: null,
    requester,
    phase: 'starting',
    startedAt,
    endedAt: null,
    outcome: null,
    steps: plan.steps.map(waitingStep),
    savepoints: [],
    changed: [],
    held: {},
    writtenTo: [],
    restored: [],
    failedStep: null,
    failure: null,
    question: null,
    answered: [],
    refusals: [],
    halt: null,
    pausedUntil: null,
    waitingFor: null,
    watch: null,
    rowsLost: null,
    notes: drill === undefined ? [] : [`${drillPrefix}this release is made to fail: ${caseInWords(drill)}`],
    timeline: [],
    continues: null,
    dirty: null,
    ...(drill === undefined ? {} : { drill: { ...drill, tidied: [] } }),
  };
}

function waitingStep(step: PlannedStep): StepStatus {
  const { id, target } = step;
  const empty = { startedAt: null, endedAt: null, detail: null, failure: null, checks: [], judgements: [] };
  return { id, target, state: 'waiting', ...empty };
}

/** A copy of the time as Temporal gives it to workflow code. */
export function now(): string {
  return new Date().toISOString();
}

/** Shows the present state in the Temporal UI; called after every change that people may want to see. */
export function refresh(story: Story): void {
  const { status } = story;
  status.heldSince = Object.keys(status.held).length === 0 ? null : (status.heldSince ?? now());
  setCurrentDetails(currentDetails(story.status));
}

export function enter(story: Story, phase: string): void {
  story.status.phase = phase;
  upsertSearchAttributes([{ key: phaseAttribute, value: phase }]);
  record(story, `phase: ${phase}`);
}

/** Adds a line to the timeline that reports show. */
export function record(story: Story, what: string): void {
  const { timeline } = story.status;
  timeline.push({ at: now(), what });
  if (timeline.length > timelineLimit) timeline.splice(1, 1);
  refresh(story);
}

export function note(story: Story, text: string): void {
  story.status.notes.push(text);
  record(story, text);
}

export function stepStatus(story: Story, step: { id: string }): StepStatus {
  const found = story.status.steps.find((status) => status.id === step.id);
  if (found === undefined) throw new TypeError(`no step ${step.id} in this plan`);
  return found;
}

export function findTarget(story: Story, name: string | null): PlannedTarget {
  const found = story.input.plan.targets.find((target) => target.name === name);
  if (found === undefined) throw new TypeError(`no target ${name} in this plan`);
  return found;
}

/**
 * The input of one call on a target. The key names the effect: a retry of the attempt has the same key, a repetition
 * that a person asked for (`round` above 1) has another.
 */
export function callOf(story: Story, target: PlannedTarget, verb: string, round = 1): Omit<TargetInput, 'patienceMs'> {
  const { release } = story.place;
  return {
    place: story.place,
    target,
    key: `${release}/${target.name}/${verb}${round > 1 ? `#${round}` : ''}`,
    fence: nextFence(story),
    pinned: story.artefacts.get(target.name) ?? null,
  };
}

/** The server's time orders the calls of different runs, counting up orders those of this run. */
export function nextFence(story: Story): number {
  story.fence = Math.max(story.fence + attemptsPerCall, Date.now() * attemptsPerCall);
  return story.fence;
}
