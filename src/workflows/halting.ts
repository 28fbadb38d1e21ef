import type { CancellationScope } from '@temporalio/workflow';
import type { Halt } from '../release/status.ts';
import { isText, type Verdict } from './answers.ts';
import type { Abort, Finish, RollbackRequest, Supersede } from './messages.ts';
import { now, record, type Story } from './state.ts';

/** The first reason wins; the forward steps are cancelled and the way back begins. */
export function halt(story: Story, why: Omit<Halt, 'at'>): void {
  const { status } = story;
  if (status.halt !== null || status.outcome !== null) return;
  status.halt = { ...why, at: now() };
  record(story, `${why.kind} by ${why.by}: ${why.reason}`);
  story.forward?.cancel();
}

/** A cancel from the Temporal UI or CLI is an abort that asks to go back; nothing tells who pressed the button. */
export function haltOnCancel(story: Story, root: CancellationScope): void {
  root.cancelRequested.catch(() => {
    if (mayHalt(story) !== null) return record(story, 'cancel was requested; nothing can be cut off any more');
    story.abort ??= { by: 'somebody in the Temporal UI', reason: 'cancel was requested', goBack: true };
    halt(story, { kind: 'cancel', by: 'somebody in the Temporal UI', reason: 'cancel was requested' });
  });
}

export function mayAbort(story: Story, abort: Abort | undefined): Verdict {
  if (!isText(abort?.by)) return 'an abort names who aborts: {"by": "…", "reason": "…"}';
  if (!isText(abort.reason)) return 'an abort gives its reason';
  return mayHalt(story);
}

export function mayRollBack(story: Story, request: RollbackRequest | undefined): Verdict {
  if (!isText(request?.by)) return 'a rollback names who asks for it: {"by": "…", "reason": "…"}';
  if (!isText(request.reason)) return 'a rollback gives its reason';
  if (story.status.changed.length === 0) return 'nothing was changed yet, so there is nothing to roll back: use abort';
  return mayHalt(story);
}

export function maySupersede(story: Story, by: Supersede | undefined): Verdict {
  const invalid = needsPerson(by);
  if (invalid !== null) return invalid;
  const { question } = story.status;
  const atGate = question?.kind === 'go-no-go' && story.closing === null;
  if (!atGate)
    return `only a release that waits at its go/no-go can be superseded; this one is in ${story.status.phase}`;
  return mayHalt(story);
}

export function mayTakeOver(story: Story, by: Supersede | undefined): Verdict {
  const invalid = needsPerson(by);
  if (invalid !== null) return invalid;
  if (story.watching === null) return `only a watch can be taken over; this release is in ${story.status.phase}`;
  return story.finish === null ? mayHalt(story) : 'this watch is ending already';
}

export function mayFinish(story: Story, finish: Finish | undefined): Verdict {
  const invalid = needsPerson(finish);
  if (invalid !== null) return invalid;
  if (story.watching === null) return `only a watch can be finished early; this release is in ${story.status.phase}`;
  if (story.finish !== null) return `${story.finish.by} has finished the watch already`;
  return mayHalt(story);
}

function needsPerson(message: { by: string; reason: string } | undefined): Verdict {
  if (!isText(message?.by)) return 'this needs a named person: {"by": "…", "reason": "…"}';
  return isText(message.reason) ? null : 'this needs a reason';
}

function mayHalt(story: Story): Verdict {
  const { outcome, halt: halted, phase } = story.status;
  if (outcome !== null) return `this release has ended: ${outcome}`;
  if (halted !== null) return `this release was halted already by ${halted.by} (${halted.kind}): ${halted.reason}`;
  return story.forward === null ? `this release is in phase ${phase} and cannot be halted any more` : null;
}
