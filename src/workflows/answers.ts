import { undoesRows } from '../release/answering.ts';
import type { GivenAnswer, Question } from '../release/status.ts';
import type { Approval, Decision, Rejection } from './messages.ts';
import type { Story } from './state.ts';

/** Why a message cannot be accepted, in words for its sender; null when it can. */
export type Verdict = string | null;

/** Reads the state, changes nothing: used by validators and once more by handlers and signals. */
export function mayApprove(story: Story, approval: Approval | undefined): Verdict {
  const open = openGate(story);
  if (typeof open === 'string') return open;
  if (!isText(approval?.by)) return 'an approval names who approves: {"by": "…", "digest": "…"}';
  if (!isText(approval.digest)) return `an approval names the digest of what was read: ${open.digest ?? 'none yet'}`;
  if (approval.digest !== open.digest) {
    return `digest ${approval.digest} is not what waits here; it is ${open.digest}: read the plan again and approve that`;
  }
  return mayAnswer(open, approval.by);
}

export function mayReject(story: Story, rejection: Rejection | undefined): Verdict {
  const open = openGate(story);
  if (typeof open === 'string') return open;
  if (!isText(rejection?.by)) return 'a rejection names who rejects: {"by": "…", "reason": "…"}';
  if (!isText(rejection.reason)) return 'a rejection gives its reason, so that the next attempt can be better';
  return open.deciders.includes(rejection.by) ? null : notADecider(open, rejection.by);
}

export function mayDecide(story: Story, decision: Decision | undefined): Verdict {
  const { question } = story.status;
  if (question === null || story.closing !== null) return 'nothing is asked at the moment';
  if (!isText(decision?.by) || !isText(decision.choice) || !isText(decision.question)) {
    return 'a decision names who, which question and which choice: {"by": "…", "question": "…", "choice": "…"}';
  }
  if (decision.question !== question.id) return `the open question is "${question.id}", not "${decision.question}"`;
  if (question.kind === 'go-no-go') return 'this is a go/no-go: answer it with approve or reject';
  const chosen = question.choices.find(({ id }) => id === decision.choice);
  if (chosen === undefined) {
    return `"${decision.choice}" is not offered; it is one of ${question.choices.map(({ id }) => id).join(', ')}`;
  }
  const bound = mayLose(decision.upTo, chosen.id);
  if (bound !== null) return bound;
  if (chosen.needsReason && !isText(decision.reason)) return `"${chosen.id}" needs a reason`;
  return mayAnswer(question, decision.by);
}

function mayLose(upTo: unknown, chosen: string): Verdict {
  if (upTo === undefined) return null;
  if (!undoesRows(chosen)) return `"${chosen}" undoes no rows; leave upTo out`;
  const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
  const byTable = typeof upTo === 'object' && upTo !== null && Object.values(upTo).every(isCount);
  return isCount(upTo) || byTable ? null : 'upTo is a number of rows, or one for each table: {"upTo": {"orders": 40}}';
}

function openGate(story: Story): Question | string {
  const { question, halt, outcome } = story.status;
  if (outcome !== null) return `this release has ended: ${outcome}`;
  if (halt !== null) return `this release was halted by ${halt.by} (${halt.kind}): ${halt.reason}`;
  if (question?.kind === 'go-no-go' && story.closing === null) return question;
  const answered = story.closing ?? story.status.answered.find(({ kind }) => kind === 'go-no-go')?.answers.at(-1);
  if (answered) return `this go/no-go is closed: ${answered.by} said ${answered.choice}; to stop the release, abort it`;
  return `no go/no-go is open; the release is in phase ${story.status.phase}`;
}

function mayAnswer(question: Question, by: string): Verdict {
  if (!question.deciders.includes(by)) return notADecider(question, by);
  if (question.barred === by) return `${by} asked for this release and may not approve it`;
  if (question.answers.some((answer) => answer.by === by && answer.choice !== 'on-it'))
    return `${by} has answered already`;
  return null;
}

function notADecider(question: Question, by: string): string {
  return `${by} may not answer this; it is for ${question.deciders.join(', ')}`;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/** Records an accepted answer and closes the question when it decides. Synchronous: nothing can slip in between. */
export function give(story: Story, answer: GivenAnswer): void {
  const { question } = story.status;
  if (question === null) return;
  question.answers.push(answer);
  if (answer.choice === 'on-it') {
    question.owner = answer.by;
    return;
  }
  const same = question.answers.filter((each) => each.choice === answer.choice).length;
  if (answer.choice !== 'approve' || same >= question.needs) story.closing = answer;
}
