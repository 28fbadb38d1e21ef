import { undoesRows } from '../release/answering.ts';
import { type ChoiceId, type Decision, decide, hangsOnLoss, type Situation, safeChoices } from '../release/policy.ts';
import { silenceAfter } from '../release/silence.ts';
import { labels } from './choices.ts';
import type { Trouble } from './failures.ts';
import { estimate, type Measured, measurable, outsideLines, whileMeasuring, withLoss } from './losses.ts';
import { tell } from './notices.ts';
import { type Answered, choice } from './questions.ts';
import { chosenReturn, GoBack, returnOf } from './returning.ts';
import { type Failed, situationOf } from './situation.ts';
import { findTarget, note, record, type Story } from './state.ts';
import { askRuleOf, askUntilDone, byHandChoices, triesAgain } from './trying.ts';

/** Times that code changed after a person's decision to go on although the step failed. */
const goesOnAfterStay: readonly string[] = ['logs', 'smoke', 'performance', 'monitoring', 'watch', 'invalidate'];

/**
 * Decides what a failed step means: throws `GoBack`, or returns `retry` or `stay`.
 * The failure names the release's failed step; where people try again, what was said before counts.
 */
export async function settle(story: Story, step: Failed, trouble: Trouble): Promise<'retry' | 'stay' | 'by-hand'> {
  const { status } = story;
  const before = { failedStep: status.failedStep, failure: status.failure };
  status.failedStep = step.id;
  status.failure = trouble.failure;
  const situation = await situationOf(story, step, trouble.cause);
  if (await triesAgain(story, step, situation)) {
    Object.assign(status, before);
    return 'retry';
  }
  const losses = hangsOnLoss(situation) ? await measureFirst(story, step, trouble) : null;
  const judged = withLoss(situation, losses);
  const decision = decide(judged);
  record(story, `${step.id}: ${decision.because}`);
  const asking = askRuleOf(step);
  if (decision.do !== 'ask' && (asking === null || decision.do === 'stop'))
    throw new GoBack(returnOf(decision, judged));
  const answered = await askAbout(story, step, { trouble, decision, situation: judged, losses });
  if (answered.choice === 'retry' || answered.choice === 'done-by-hand') {
    Object.assign(status, before);
    return answered.choice === 'retry' ? 'retry' : 'by-hand';
  }
  return applyChoice(story, step, { answered, decision, situation: judged });
}

/** A loss of nothing is restored without asking, so the copy that a restore needs is built before anybody is asked. */
async function measureFirst(story: Story, step: Failed, { failure }: Trouble): Promise<Measured[] | null> {
  const names = measurable(story);
  if (names.length === 0) return null;
  tell(story, 'failed', {
    subject: `${step.id} failed`,
    body: `${failure.message}\nMeasuring what going back would undo.`,
  });
  return await estimate(story, names);
}

/** `losses`: null where nobody has measured yet. */
type Asked = { trouble: Trouble; decision: Decision; situation: Situation; losses: Measured[] | null };

async function askAbout(story: Story, step: Failed, asked: Asked): Promise<Answered> {
  const { trouble, decision, situation, losses } = asked;
  const { failure } = trouble;
  tell(story, 'failed', { subject: `${step.id} failed`, body: failure.message });
  const rule = askRuleOf(step);
  const ids = decision.do === 'ask' ? decision.choices : safeChoices(situation);
  const back = decision.do === 'ask' ? [] : [choice('go-back', 'Go back as the rules say; nothing is lost')];
  const rules = story.input.plan.questions;
  const draft = {
    id: `after ${step.id}`,
    kind: 'failure' as const,
    text: `${step.id} failed. What now?`,
    why: whyAsked(story, { failure, decision, ids, losses }),
    choices: [...back, ...ids.map((id) => labels[id]), ...byHandChoices(story, step)],
    onSilence: silenceAfter(decision, rule, ids),
    rules: rule === null ? rules : { ...rules, deadlineMs: rule.deadlineMs },
    ...(losses === null ? {} : { losses }),
  };
  const names = losses === null && ids.some((id) => undoesRows(id)) ? measurable(story) : [];
  return await whileMeasuring(story, names, {
    ask: () => askUntilDone(story, step, draft),
    needsCopy: (answered) => undoesRows(answered.choice) || answered.choice === 'go-back',
  });
}

type Reasons = { failure: Trouble['failure']; decision: Decision; ids: readonly ChoiceId[]; losses: Measured[] | null };

function whyAsked(story: Story, { failure, decision, ids, losses }: Reasons): string {
  const undoes = ids.some((id) => undoesRows(id));
  const measuring = measurable(story).length > 0 ? 'is being measured' : 'was not measured';
  const lines = [
    failure.message,
    failure.evidence ?? '',
    `Nothing was done yet, because ${decision.because}.`,
    undoes && losses === null ? `How many rows a restore of the database would undo ${measuring}.` : '',
    undoes ? outsideLines(story) : '',
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}

type Chosen = { answered: Answered; decision: Decision; situation: Situation };

function applyChoice(story: Story, step: Failed, { answered, decision, situation }: Chosen): 'stay' {
  const { by, reason } = answered;
  story.decidedBy = { by, choice: answered.choice, reason };
  if (answered.choice === 'stay') return stay(story, step, { by, cause: situation.cause });
  if (answered.choice === 'go-back' && decision.do !== 'ask') throw new GoBack(returnOf(decision, situation));
  throw new GoBack(chosenReturn(answered, situation));
}

type Staying = { by: string; cause: Situation['cause'] };

/** Staying after a failed change ends the release where it is; staying after evidence that only asks goes on. */
function stay(story: Story, step: Failed, { by, cause }: Staying): 'stay' {
  note(story, `${step.id} failed and stays, decided by ${by}`);
  const status = story.status.steps.find(({ id }) => id === step.id);
  if (status !== undefined) status.state = 'kept';
  const subject = `${step.id} failed and nobody answered`;
  if (by === 'silence') tell(story, 'escalation', { subject, body: 'It stays.' });
  const onlyAsks = step.activity === 'verify' && (cause !== 'failed' || !isDatabase(story, step.target));
  if (onlyAsks || goesOnAfterStay.includes(step.activity)) return 'stay';
  throw new GoBack({ do: 'stay', targets: [], because: `${by} decided to leave everything as it is` });
}

function isDatabase(story: Story, name: string | null): boolean {
  return name !== null && findTarget(story, name).traits.stores;
}
