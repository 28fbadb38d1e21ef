import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { GivenAnswer } from '../release/status.ts';
import { give, mayApprove, mayDecide, mayReject, type Verdict } from './answers.ts';
import { halt, mayAbort, mayFinish, mayRollBack, maySupersede, mayTakeOver } from './halting.ts';
import { mayTakeHandsOff, takeHandsOff } from './hands-off.ts';
import {
  type Accepted,
  abortSignal,
  abortUpdate,
  approveSignal,
  approveUpdate,
  decideSignal,
  decideUpdate,
  finishSignal,
  finishUpdate,
  handsOffSignal,
  handsOffUpdate,
  pauseSignal,
  pauseUpdate,
  raiseSignal,
  raiseUpdate,
  rejectSignal,
  rejectUpdate,
  resumeSignal,
  resumeUpdate,
  rollbackSignal,
  rollbackUpdate,
  statusQuery,
  supersedeUpdate,
  takeOverUpdate,
} from './messages.ts';
import { mayPause, mayResume, pause, resume } from './pausing.ts';
import { mayRaise, raise } from './raising.ts';
import { now, refresh, type Story } from './state.ts';

/** One message: who may send it now, and what it does. `act` runs synchronously and says what was accepted. */
type Message<Body> = {
  update: UpdateDefinition<Accepted, [Body]>;
  signal: SignalDefinition<[Body]> | null;
  /** What it does and the body it takes; the Temporal UI shows it where people choose a message. */
  description: string;
  /** What came in is not known to be a `Body` before this said so. */
  may(story: Story, body: NoInfer<Body> | undefined): Verdict;
  act(story: Story, body: Body, how: GivenAnswer['how']): string;
};

/** Installs the query and every message, before the first await of the workflow. */
export function installHandlers(story: Story): void {
  setHandler(statusQuery, () => story.status, { description: 'Everything about this release, as JSON' });
  installAnswers(story);
  installHalts(story);
  installEarlyEnds(story);
  installWatching(story);
  install(story, {
    update: pauseUpdate,
    signal: pauseSignal,
    description: 'Waits before the next step, an hour unless told otherwise: {"by": "…", "forMs": 600000}',
    may: mayPause,
    act: (_, body) => pause(story, body),
  });
  install(story, {
    update: resumeUpdate,
    signal: resumeSignal,
    description: 'Ends a pause: {"by": "…"}',
    may: mayResume,
    act: (_, body) => resume(story, body),
  });
}

function installAnswers(story: Story): void {
  install(story, {
    update: approveUpdate,
    signal: approveSignal,
    description: 'Go, for exactly what waits here: {"by": "…", "digest": "…"}',
    may: mayApprove,
    act(_, { by, note, digest }, how) {
      give(story, { by, choice: 'approve', at: now(), note: note ?? null, how });
      return story.closing === null
        ? `approved by ${by}; more approvals are needed`
        : `approved ${digest.slice(0, 12)}`;
    },
  });
  install(story, {
    update: rejectUpdate,
    signal: rejectSignal,
    description: 'No-go; nothing is changed: {"by": "…", "reason": "…"}',
    may: mayReject,
    act(_, { by, reason }, how) {
      give(story, { by, choice: 'reject', at: now(), note: reason, how });
      return 'rejected; nothing was changed';
    },
  });
  install(story, {
    update: decideUpdate,
    signal: decideSignal,
    description: 'Answers the open question: {"by": "…", "question": "…", "choice": "…", "reason": "…"}',
    may: mayDecide,
    act(_, { by, choice, reason, upTo }, how) {
      give(story, { by, choice, at: now(), note: reason ?? null, how, ...(upTo === undefined ? {} : { upTo }) });
      return `${choice}, decided by ${by}`;
    },
  });
}

function installHalts(story: Story): void {
  install(story, {
    update: abortUpdate,
    signal: abortSignal,
    description: 'Stops the release and asks where to go; goBack: true goes back at once: {"by": "…", "reason": "…"}',
    may: mayAbort,
    act(_, body) {
      story.abort = body;
      halt(story, { kind: 'abort', by: body.by, reason: body.reason });
      return 'aborting';
    },
  });
  install(story, {
    update: rollbackUpdate,
    signal: rollbackSignal,
    description: 'Brings back what this release changed: {"by": "…", "reason": "…"}',
    may: mayRollBack,
    act(_, { by, reason }) {
      halt(story, { kind: 'rollback', by, reason });
      return 'rolling back';
    },
  });
}

/** What people tell a watch that goes on. */
function installWatching(story: Story): void {
  install(story, {
    update: handsOffUpdate,
    signal: handsOffSignal,
    description: 'Nothing goes back by itself for 30 min: {"by": "…", "reason": "I am looking", "forMs": 1800000}',
    may: mayTakeHandsOff,
    act: takeHandsOff,
  });
  install(story, {
    update: raiseUpdate,
    signal: raiseSignal,
    description: 'Raises what only people see: {"by": "…", "criterion": "…", "note": "…"}',
    may: mayRaise,
    act: raise,
  });
}

/** Who ends a release although nothing is wrong with it: a newer one, or somebody who has seen enough of the watch. */
function installEarlyEnds(story: Story): void {
  install(story, {
    update: supersedeUpdate,
    signal: null,
    description: 'Makes room for another release at the gate: {"by": "…", "reason": "…", "version": "…"}',
    may: maySupersede,
    act(_, { by, reason, version }) {
      halt(story, { kind: 'supersede', by, reason: `${version}: ${reason}` });
      return 'superseded';
    },
  });
  install(story, {
    update: takeOverUpdate,
    signal: null,
    description: 'Makes room for another release during the watch: {"by": "…", "reason": "…", "version": "…"}',
    may: mayTakeOver,
    act(_, { by, reason, version }) {
      halt(story, { kind: 'take-over', by, reason: `${version}: ${reason}` });
      return 'superseded';
    },
  });
  install(story, {
    update: finishUpdate,
    signal: finishSignal,
    description: 'Ends the watch early as released: {"by": "…", "reason": "…"}',
    may: mayFinish,
    act(_, { by, reason }, how) {
      story.finish = { by, choice: 'finish', at: now(), note: reason, how };
      story.watching?.cancel();
      return 'the watch ends here';
    },
  });
}

/**
 * An update's sender learns why it was refused. A signal has no answer: its refusal changes nothing and is shown in
 * the current details. The handler asks again, because another message may have come between validator and handler.
 */
function install<Body>(story: Story, message: Message<Body>): void {
  const { update, signal, description, may, act } = message;
  const handle = (body: Body): Accepted => {
    const refused = may(story, body);
    if (refused !== null) throw refusal(refused);
    const accepted = act(story, body, 'update');
    refresh(story);
    return { accepted };
  };
  const validator = (body: Body): void => {
    const refused = may(story, body);
    if (refused !== null) throw refusal(refused);
  };
  setHandler(update, handle, { validator, description });
  if (signal === null) return;
  const receive = (body: Body): void => {
    const refused = may(story, body);
    if (refused === null) act(story, body, 'signal');
    else noteRefusal(story, signal.name, body, refused);
    refresh(story);
  };
  setHandler(signal, receive, { description });
}

/** The Temporal UI shows a stack to whoever was refused, who cannot do anything with it. */
function refusal(reason: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(reason, 'refused');
  failure.stack = '';
  return failure;
}

const shownRefusals = 10;

function noteRefusal(story: Story, message: string, body: unknown, reason: string): void {
  const by = typeof body === 'object' && body !== null && 'by' in body ? String(body.by).slice(0, 80) : 'nobody named';
  const { refusals } = story.status;
  refusals.push({ at: now(), message, by, reason });
  if (refusals.length > shownRefusals) refusals.shift();
}
