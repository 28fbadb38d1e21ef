import { incompatiblePairs } from '../release/compatibility.ts';
import type { FailureView } from '../release/failure.ts';
import type { Stage } from '../release/procedure.ts';
import type { RestoredTarget } from '../release/status.ts';
import { factsOf, restorePatienceMs, savepointOf } from './facts.ts';
import { viewOf } from './failures.ts';
import { patiently } from './proxies.ts';
import { type Answered, askUninterrupted, choice } from './questions.ts';
import { callOf, findTarget, note, now, record, type Story } from './state.ts';

/** Thrown when a person gives up the way back; the workflow turns red and the environment is dirty. */
export class Abandoned extends Error {
  readonly answered: Answered;

  constructor(answered: Answered) {
    super(`${answered.by} abandoned the way back: ${answered.reason ?? 'no reason given'}`);
    this.name = 'Abandoned';
    this.answered = answered;
  }
}

/** A stage that failed, or that waits for one that did: then there is no failure of its own. */
export type Left = { stage: Stage; failure: FailureView | null };

export function isBack({ state }: RestoredTarget): boolean {
  return state === 'restored' || state === 'by-hand';
}

/** Asks what to do with what is left; returns the stages that still have to run. */
export async function unblock(story: Story, left: readonly Left[]): Promise<Stage[]> {
  const answered = await askBlocked(story, left);
  const stages = left.map(({ stage }) => stage);
  if (answered.choice === 'abandon') throw new Abandoned(answered);
  if (answered.choice === 'retry') return stages;
  story.decidedBy = { by: answered.by, choice: answered.choice, reason: answered.reason };
  if (answered.choice === 'skip') return skip(story, stages, answered);
  return await acceptByHand(story, stages);
}

async function askBlocked(story: Story, left: readonly Left[]): Promise<Answered> {
  const done = story.status.restored.filter(isBack).map(({ target }) => target);
  const names = [...new Set(left.map(({ stage }) => stage.target))];
  const reasons = left.map(
    ({ stage, failure }) =>
      `- ${stage.id}: ${failure ? failure.message : 'waits for the above'}${failure?.remedy ? ` (${failure.remedy})` : ''}`,
  );
  const choices = [
    choice('retry', 'Try what is left again'),
    choice('done-by-hand', 'Somebody did it; compare with the savepoint and go on when it agrees', true),
    ...(maySkip(story) ? [choice('skip', 'Leave these targets as they are and end', true)] : []),
    choice('on-it', 'I am on it: stop paging, keep waiting'),
    choice('abandon', 'Give up: the release ends red and the environment is dirty', true),
  ];
  story.status.phase = 'blocked';
  const answered = await askUninterrupted(story, {
    id: 'blocked',
    kind: 'blocked',
    text: `The way back is blocked at ${names.join(', ')}`,
    why: `Restored: ${done.join(', ') || 'nothing yet'}. Left:\n${reasons.join('\n')}`,
    choices,
    onSilence: null,
    rules: story.input.plan.questions,
  });
  story.status.phase = 'going back';
  return answered;
}

/** Skipping is refused when it would leave a pair running that the plan does not declare compatible. */
function maySkip(story: Story): boolean {
  const back = story.status.restored.filter(isBack).map(({ target }) => target);
  return incompatiblePairs(factsOf(story), back).length === 0;
}

function skip(story: Story, left: readonly Stage[], answered: Answered): Stage[] {
  for (const { target } of left.filter((stage) => stage.do === 'restore')) {
    const entry = story.status.restored.find((each) => each.target === target);
    if (entry !== undefined) entry.state = 'skipped';
    note(story, `${target} was not restored, decided by ${answered.by}: ${answered.reason ?? 'no reason given'}`);
  }
  const skipped = left.filter((stage) => stage.do === 'restore').map(({ id }) => id);
  return left
    .filter((stage) => stage.do === 'resume')
    .map((stage) => ({ ...stage, after: stage.after.filter((id) => !skipped.includes(id)) }));
}

/** "Done by hand" is believed when the target equals its savepoint now, and not before. */
async function acceptByHand(story: Story, left: readonly Stage[]): Promise<Stage[]> {
  const still: Stage[] = [];
  for (const stage of left) {
    if (stage.do !== 'restore' || !(await isRestoredByHand(story, stage.target))) still.push(stage);
  }
  // Nothing is held or measured any more for a restore that somebody did.
  const prepares: readonly Stage['do'][] = ['hold', 'agree', 'beside'];
  const needed = (id: string): boolean =>
    still.some((stage) => stage.after.includes(id) && (stage.do === 'restore' || needed(stage.id)));
  return still.filter((stage) => !prepares.includes(stage.do) || needed(stage.id));
}

async function isRestoredByHand(story: Story, name: string): Promise<boolean> {
  const target = findTarget(story, name);
  const entry = story.status.restored.find((each) => each.target === name);
  const hands = patiently(story, { summary: `prove ${name}`, patienceMs: restorePatienceMs, target });
  const call = callOf(story, target, 'prove');
  const input = { ...call, patienceMs: restorePatienceMs, savepoint: savepointOf(story, name) };
  try {
    const proof = await hands.proveByHand(input);
    const agrees = proof.level !== 'unproved';
    const differing = proof.differences.map(({ part }) => part).slice(0, 10);
    const message = `${name} does not equal its savepoint: ${differing.join(', ') || 'nothing could be compared'}`;
    if (agrees)
      Object.assign(entry ?? {}, { state: 'by-hand', proved: proof.level, proof, failure: null, endedAt: now() });
    else Object.assign(entry ?? {}, { proof, failure: { kind: 'refused', message } });
    record(story, agrees ? `${name} was restored by hand` : message);
    return agrees;
  } catch (error) {
    Object.assign(entry ?? {}, { failure: viewOf(error) });
    return false;
  }
}
