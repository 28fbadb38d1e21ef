import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { isChanged } from '../release/compatibility.ts';
import { endings } from '../release/endings.ts';
import { outcomeAttribute } from '../release/search-attributes.ts';
import type { Outcome, ReleaseResult } from '../release/status.ts';
import { isBack } from './blocked.ts';
import { factsOf } from './facts.ts';
import { viewOf } from './failures.ts';
import { tell } from './notices.ts';
import { shortly } from './proxies.ts';
import type { Return } from './returning.ts';
import { enter, note, now, record, refresh, type Story } from './state.ts';

/** The environment is free for the next release soon, even when nobody can be told that this one ended. */
const lastNoticesMs = 20_000;

/** The ending that follows from what was restored, unless a person made it. `null`: the release went through. */
export function outcomeOf(story: Story, back: Return | null): Outcome {
  const { restored } = story.status;
  // Whoever decided here decided to stay although something failed: going back would not end here.
  if (back === null) return story.decidedBy === null ? 'released' : 'released-by-decision';
  if (back.outcome !== undefined) return back.outcome;
  if (back.do === 'stop') return 'stopped';
  if (back.do === 'unchanged') return 'rolled-back';
  if (back.do === 'stay') return isLive(story) ? 'released-by-decision' : 'partly-rolled-back';
  const skipped = restored.some(({ state }) => state === 'skipped' || state === 'failed' || state === 'waiting');
  return skipped || codeStays(story).length > 0 ? 'partly-rolled-back' : 'rolled-back';
}

/** Every target was changed to its end, so that what stays is the version and not a half of it. */
function isLive(story: Story): boolean {
  return story.status.steps.every(({ id, state }) => {
    const planned = story.input.plan.steps.find((step) => step.id === id);
    return planned?.phase !== 'change' || state === 'done';
  });
}

/** Code that still runs what this release brought. A backward schema that stays is named in the notes instead. */
function codeStays(story: Story): string[] {
  return stays(story).filter((name) => factsOf(story).some((fact) => fact.name === name && !fact.stores));
}

function stays(story: Story): string[] {
  const back = story.status.restored.filter(isBack).map(({ target }) => target);
  return factsOf(story)
    .filter((fact) => isChanged(fact) && !back.includes(fact.name))
    .map(({ name }) => name);
}

/** Writes the report, tells people and returns, or fails the workflow where the table says that a person is needed. */
export async function end(story: Story, outcome: Outcome): Promise<ReleaseResult> {
  const { status } = story;
  status.outcome = outcome;
  status.endedAt = now();
  status.waitingFor = null;
  for (const step of status.steps) if (step.state === 'waiting') step.state = 'skipped';
  if (outcome === 'rolled-back') noteSchema(story);
  enter(story, 'ended');
  upsertSearchAttributes([{ key: outcomeAttribute, value: outcome }]);
  record(story, `ended: ${outcome}`);
  tell(story, 'ended', {
    subject: `${status.application} ${status.version}: ${outcome}`,
    body: endings[outcome].means,
  });
  await report(story);
  await Promise.race([Promise.all(story.telling), sleep(lastNoticesMs, { summary: 'last notices' })]);
  await condition(allHandlersFinished);
  refresh(story);
  const result = resultOf(story, outcome);
  if (endings[outcome].workflow === 'completed') return result;
  throw ApplicationFailure.create({
    message: `${outcome}: ${endings[outcome].means}`,
    type: outcome,
    nonRetryable: true,
    details: [result],
  });
}

function noteSchema(story: Story): void {
  for (const name of stays(story)) {
    note(story, `${name} keeps what the migration brought: the plan declares that the previous code runs on it`);
  }
}

async function report(story: Story): Promise<void> {
  try {
    await shortly(story, 'write the report').report({ place: story.place, status: story.status });
  } catch (error) {
    note(story, `the report could not be written: ${viewOf(error).message}`);
  }
}

function resultOf(story: Story, outcome: Outcome): ReleaseResult {
  const { status } = story;
  const { application, environment, version, release, runId, workflowId, digest, failedStep, failure } = status;
  const back = status.restored.filter(isBack);
  const downtimes = back.flatMap(({ downtimeMs }) => downtimeMs ?? []);
  const endedAt = status.endedAt ?? now();
  return {
    schemaVersion: 1,
    outcome,
    application,
    environment,
    version,
    release,
    runId,
    workflowId,
    digest,
    failedStep,
    failure,
    restored: back.map(({ target, proved, kept, detail }) => ({ target, proved, kept, detail })),
    stays: outcome === 'released' ? [] : stays(story),
    rowsLost: status.rowsLost,
    downtimeMs: downtimes.length === 0 ? null : downtimes.reduce((sum, each) => sum + each, 0),
    startedAt: status.startedAt,
    endedAt,
    durationMs: Date.parse(endedAt) - Date.parse(status.startedAt),
    decidedBy: story.decidedBy,
    notes: status.notes,
    dirty: status.dirty,
    heldVersion: heldVersion(story, outcome),
  };
}

/** What went back is held until somebody releases it; a release that changed nothing leaves that as it was. */
function heldVersion({ status, input }: Story, outcome: Outcome): string | null {
  const before = status.heldVersion ?? null;
  if (input.drill !== undefined || status.changed.length === 0) return before;
  return outcome === 'rolled-back' || outcome === 'partly-rolled-back' ? status.version : null;
}
