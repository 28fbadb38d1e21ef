import { ActivityFailure, patched } from '@temporalio/workflow';
import type { Previous } from '../activities/inputs.ts';
import { shortRelease } from '../release/naming.ts';
import type { PlannedStep } from '../release/plan.ts';
import type { Dirty, ReleaseStatus, StepState } from '../release/status.ts';
import type { Confirmation } from '../release/target.ts';
import { isBack } from './blocked.ts';
import { viewOf } from './failures.ts';
import { shortly } from './proxies.ts';
import { refuse } from './returning.ts';
import { findTarget, note, record, type Story } from './state.ts';
import { confirmStep } from './trying.ts';

/** The very first step: an environment that somebody left half way is not released to as if nothing had happened. */
export async function lookBack(story: Story): Promise<void> {
  const { continuation, previousRunId } = story.input;
  const { workflowId, runId } = story.status;
  const { readPrevious } = shortly(story, 'how did the previous release end');
  const previous = await readPrevious({ workflowId, runId, previousRunId });
  story.status.heldVersion = previous.heldVersion ?? null;
  if (continuation.as === 'fresh' || continuation.as === 'bring-back') {
    if (previous.dirty !== null) refuseDirty(story, previous.dirty);
    if (continuation.as === 'fresh') refuseHeld(story);
    return;
  }
  if (previous.dirty === null) {
    refuse(story, {
      kind: 'invalid-input',
      message: 'the previous release ended cleanly',
      remedy: 'start without that option',
    });
  }
  const { release } = previous.dirty;
  story.status.continues = { release, as: continuation.as, reason: continuation.reason };
  note(
    story,
    `${continuation.as} after release ${shortRelease(release)} (${previous.dirty.ended}): ${continuation.reason}`,
  );
  if (continuation.as === 'accept-dirty') return;
  takeOver(story, previous, continuation.as);
  if (continuation.as === 'resume' && previous.status !== null) await findAgain(story, previous.status);
}

/**
 * What the earlier release did must still be there; its own word for it is not enough. What cannot be asked is no reason
 * to go on. What cannot be told, or not be asked at all, is said: the release's own steps find their effects by its id.
 */
async function findAgain(story: Story, earlier: ReleaseStatus): Promise<void> {
  const back = earlier.restored.filter(isBack);
  // Histories of before looked at what the release did itself only.
  const told: readonly StepState[] = patched('find-by-hand-again') ? ['done', 'by-hand'] : ['done'];
  const isDone = (id: string): boolean => earlier.steps.some((step) => step.id === id && told.includes(step.state));
  const missing: string[] = [];
  for (const step of story.input.plan.steps) {
    if (step.change === null || step.target === null || !isDone(step.id)) continue;
    if (back.some(({ target }) => target === step.target)) continue;
    if (findTarget(story, step.target).traits.confirms !== true) {
      note(story, `${step.id} by the earlier release: ${step.target} cannot be asked whether it is still so`);
      continue;
    }
    const { state, detail } = await mustConfirm(story, step);
    if (state === 'unknown')
      note(story, `${step.id} by the earlier release: nobody can tell whether it is so; ${detail}`);
    else record(story, `${step.id} by the earlier release: ${state}; ${detail}`);
    if (state === 'not-done') missing.push(`${step.id} (${detail})`);
  }
  if (missing.length === 0) return;
  refuse(story, {
    kind: 'changed',
    message: `the earlier release had done what is not found any more: ${missing.join('; ')}`,
    remedy: 'bring it back with --restore <reason>, or look yourself and start with --accept-dirty <reason>',
  });
}

async function mustConfirm(story: Story, step: PlannedStep): Promise<Confirmation> {
  try {
    return await confirmStep(story, step);
  } catch (error) {
    if (story.status.halt !== null || !(error instanceof ActivityFailure)) throw error;
    const { kind, message } = viewOf(error);
    return refuse(story, {
      kind,
      message: `${step.target} could not be asked whether ${step.id} of the earlier release is still there: ${message}`,
      remedy: `see that ${step.target} answers, then start again with --resume <reason>`,
    });
  }
}

function refuseDirty(story: Story, dirty: Dirty): never {
  story.status.dirty = dirty;
  const what =
    dirty.changed === null ? 'what it changed cannot be told any more' : `it had changed ${list(dirty.changed)}`;
  refuse(story, {
    kind: 'refused',
    message: `release ${shortRelease(dirty.release)} of ${dirty.version ?? 'an unknown version'} ended ${dirty.ended} half way: ${what}`,
    remedy:
      'start with --resume <reason> to finish it, --restore <reason> to bring it back, or --accept-dirty <reason> after you looked yourself',
  });
}

/** What was rolled back does not come again by mistake: somebody says that the reason for it is gone. */
function refuseHeld(story: Story): void {
  const { again, drill } = story.input;
  const { version, heldVersion } = story.status;
  if (heldVersion !== version || drill !== undefined) return;
  if (again !== undefined) {
    note(story, `released again after it was rolled back, by ${again.by}: ${again.reason}`);
    return;
  }
  refuse(story, {
    kind: 'refused',
    message: `${version} was rolled back and is held`,
    remedy: `release another version, or this one with: savepoint start ${version} --again <reason>`,
  });
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing yet' : names.join(', ');
}

/** The effects of a release are found by its id; whoever continues it uses that id and its savepoints. */
function takeOver(story: Story, { status, dirty }: Previous, as: 'resume' | 'restore'): void {
  // Stays set until this run has finished or undone what the other one left.
  story.status.dirty = dirty;
  if (status === null) {
    refuse(story, {
      kind: 'not-found',
      message: 'what the earlier release did cannot be read any more',
      remedy: 'look yourself, then start with --accept-dirty <reason>',
    });
  }
  if (as === 'resume' && status.version !== story.status.version) {
    refuse(story, {
      kind: 'invalid-input',
      message: `the release to resume was of ${status.version}, not of ${story.status.version}`,
      remedy: `start ${status.version} with --resume <reason>, or bring it back with --restore <reason>`,
    });
  }
  story.place.release = status.release;
  story.status.release = status.release;
  story.status.savepoints.push(...status.savepoints);
  story.status.changed.push(...status.changed);
  Object.assign(story.status.held, status.held);
  // Whoever is not held now could write meanwhile, even if this run holds them again.
  const free = status.savepoints.map(({ target }) => target).filter((target) => !(target in status.held));
  story.status.writtenTo.push(...status.writtenTo, ...free);
}
