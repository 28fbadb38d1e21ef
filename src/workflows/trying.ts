import { sleep } from '@temporalio/workflow';
import type { FailureRule, PlannedStep } from '../release/plan.ts';
import { type Situation, safeChoices } from '../release/policy.ts';
import type { Choice } from '../release/status.ts';
import type { Confirmation } from '../release/target.ts';
import { viewOf } from './failures.ts';
import { patiently } from './proxies.ts';
import { type Answered, ask, choice, type Draft } from './questions.ts';
import { callOf, findTarget, record, type Story } from './state.ts';

type Tried = Pick<PlannedStep, 'id' | 'target'> & { onFailure?: FailureRule[]; change?: string | null };
type AskRule = Extract<FailureRule, { do: 'ask' }>;

export function askRuleOf(step: Tried): AskRule | null {
  return step.onFailure?.find((rule) => rule.do === 'ask') ?? null;
}

/** Waits and says yes while the plan lets a failed step be tried again, and trying again is safe. */
export async function triesAgain(story: Story, step: Tried, situation: Situation): Promise<boolean> {
  const rule = step.onFailure?.find((each) => each.do === 'retry');
  const tried = story.tries.get(step.id) ?? 0;
  if (rule === undefined || tried >= rule.times || !safeChoices(situation).includes('retry')) return false;
  story.tries.set(step.id, tried + 1);
  record(story, `${step.id}: the plan tries it again in ${rule.everyMs} ms, ${tried + 1} of ${rule.times}`);
  await sleep(rule.everyMs, { summary: `before ${step.id} is tried again` });
  return true;
}

/** Offered where the world can be asked afterwards; nobody's word alone makes a step done. */
export function byHandChoices(story: Story, step: Tried): Choice[] {
  if (step.change == null || step.target === null) return [];
  if (findTarget(story, step.target).traits.confirms !== true) return [];
  return [choice('done-by-hand', 'Somebody did it by hand; look whether it is so and go on', true)];
}

/** Asks again as long as somebody says that a step was done by hand and the target does not agree. */
export async function askUntilDone(story: Story, step: Tried, draft: Draft): Promise<Answered> {
  let { why } = draft;
  for (;;) {
    const answered = await ask(story, { ...draft, why });
    if (answered.choice !== 'done-by-hand') return answered;
    const doubt = await doubtOf(story, step);
    if (doubt === null) return answered;
    why = `${answered.by} said that it is done, but ${doubt}\n\n${draft.why}`;
  }
}

/** Null when the target shows that the change has taken effect. */
async function doubtOf(story: Story, step: Tried): Promise<string | null> {
  try {
    const { state, detail } = await confirmStep(story, step);
    record(story, `${step.id}: ${state}; ${detail}`);
    return state === 'done' ? null : `${step.target} says: ${detail}`;
  } catch (error) {
    return `${step.target} could not be asked: ${viewOf(error).message}`;
  }
}

/** Asks the target whether the change of a step has taken effect. */
export async function confirmStep(story: Story, step: Tried): Promise<Confirmation> {
  const target = findTarget(story, step.target);
  const patienceMs = 5 * 60_000;
  const { confirm } = patiently(story, { summary: `is ${step.id} done`, patienceMs, target });
  const input = { ...callOf(story, target, 'confirm'), patienceMs, change: step.change ?? '' };
  return await confirm(input);
}
