import { CancellationScope, condition } from '@temporalio/workflow';
import type { Bound } from '../release/loss.ts';
import type { AskingRules } from '../release/plan.ts';
import type { Choice, GivenAnswer, Question } from '../release/status.ts';
import { answerInDrill } from './drilling.ts';
import { tell } from './notices.ts';
import { record, refresh, type Story } from './state.ts';

export type Draft = Pick<Question, 'id' | 'kind' | 'text' | 'why' | 'choices' | 'onSilence'> & {
  rules: AskingRules;
  digest?: string | null;
  losses?: Question['losses'];
};

/** How a question ended. `by` is `silence` when the deadline passed. `losses`: what it showed at the end. */
export type Answered = {
  choice: string;
  by: string;
  reason: string | null;
  upTo?: Bound | undefined;
  losses?: Question['losses'];
};

/**
 * Opens a question and waits until it is answered or silence decides. Reminds and escalates as the plan says; whoever
 * it goes up to may answer from then on. A question without an answer for silence waits for ever and pages at every
 * deadline.
 */
export async function ask(story: Story, draft: Draft): Promise<Answered> {
  // Stages of the way back run side by side; what they ask is asked one after the other.
  while (story.status.question !== null) await condition(() => story.status.question === null);
  const question = openQuestion(story, draft);
  answerInDrill(story, question);
  tell(story, question.kind === 'blocked' ? 'blocked' : 'question', newsOf(question, draft.rules.deciders));
  try {
    await untilClosed(story, question, draft.rules);
  } finally {
    story.status.question = null;
    story.status.waitingFor = null;
    story.status.answered.push(question);
    refresh(story);
  }
  const given = takeClosing(story);
  if (given !== null) {
    record(story, `${given.by} answered ${given.choice} to: ${question.text}`);
    return { choice: given.choice, by: given.by, reason: given.note, upTo: given.upTo, losses: question.losses };
  }
  record(story, `nobody answered in time: ${question.text}`);
  return { choice: question.onSilence ?? 'silence', by: 'silence', reason: 'nobody answered in time' };
}

function openQuestion(story: Story, draft: Draft): Question {
  const { rules } = draft;
  const question: Question = {
    id: uniqueId(story, draft.id),
    kind: draft.kind,
    text: draft.text,
    why: draft.why,
    choices: draft.choices,
    deciders: [...rules.deciders],
    needs: draft.kind === 'go-no-go' ? rules.needs : 1,
    barred: rules.notRequester && draft.kind === 'go-no-go' ? story.status.requester : null,
    digest: draft.digest ?? null,
    askedAt: new Date().toISOString(),
    deadline: new Date(Date.now() + rules.deadlineMs).toISOString(),
    onSilence: draft.onSilence,
    answers: [],
    owner: null,
    ...(draft.losses === undefined ? {} : { losses: draft.losses }),
    ...contactsOf(story, rules),
  };
  story.closing = null;
  story.status.question = question;
  story.status.waitingFor = question.text;
  record(story, `asked ${question.deciders.join(', ')}: ${question.text}`);
  return question;
}

/** Of everybody who may answer, also of those to whom the question may go up. */
function contactsOf(story: Story, { deciders, escalate }: AskingRules): Pick<Question, 'contacts'> {
  const { people } = story.input.plan;
  const known = [...deciders, ...escalate.map(({ to }) => to)].flatMap((name) => {
    const contact = people[name]?.contact ?? null;
    return contact === null ? [] : [[name, contact] as const];
  });
  return known.length === 0 ? {} : { contacts: Object.fromEntries(known) };
}

/** An answer names its question, so that one meant for the first is never taken for the second. */
function uniqueId(story: Story, id: string): string {
  const asked = story.status.answered.filter((each) => each.id === id || each.id.startsWith(`${id} #`)).length;
  return asked === 0 ? id : `${id} #${asked + 1}`;
}

async function untilClosed(story: Story, question: Question, rules: AskingRules): Promise<void> {
  const askedAt = Date.now();
  const escalations = rules.escalate.map(({ afterMs, to }) => ({ at: askedAt + afterMs, to }));
  let remindAt = rules.remindEveryMs === null ? Number.POSITIVE_INFINITY : askedAt + rules.remindEveryMs;
  let deadline = askedAt + rules.deadlineMs;
  while (story.closing === null) {
    const next = Math.min(deadline, remindAt, ...escalations.map(({ at }) => at));
    const waitMs = Math.max(0, next - Date.now());
    if (await condition(() => story.closing !== null, waitMs, { summary: `waits for ${question.id}` })) return;
    const time = Date.now();
    for (const due of escalations.filter(({ at }) => at <= time)) {
      escalations.splice(escalations.indexOf(due), 1);
      if (!question.deciders.includes(due.to)) question.deciders.push(due.to);
      if (question.owner === null) tell(story, 'escalation', newsOf(question, [due.to]));
    }
    if (remindAt <= time) {
      remindAt = time + (rules.remindEveryMs ?? rules.deadlineMs);
      if (question.owner === null) tell(story, 'reminder', newsOf(question, rules.deciders));
    }
    if (deadline > time) continue;
    if (question.onSilence !== null) return;
    deadline = time + rules.deadlineMs;
    if (question.owner === null)
      tell(
        story,
        'escalation',
        newsOf(
          question,
          rules.escalate.map(({ to }) => to),
        ),
      );
  }
}

function takeClosing(story: Story): GivenAnswer | null {
  const given = story.closing;
  story.closing = null;
  return given;
}

function newsOf(question: Question, to: string[]): { subject: string; body: string; to: string[] } {
  const choices = question.choices.map(({ id, label }) => `- ${id}: ${label}`).join('\n');
  return { subject: question.text, body: `${question.why}\n\n${choices}`, to };
}

/** Questions on the way back are not cut short by whatever halted the release. */
export async function askUninterrupted(story: Story, draft: Draft): Promise<Answered> {
  return await CancellationScope.nonCancellable(() => ask(story, draft));
}

export function choice(id: string, label: string, needsReason = false): Choice {
  return { id, label, needsReason };
}
