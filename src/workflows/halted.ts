import { undoesRows } from '../release/answering.ts';
import { decide, hangsOnLoss, type Situation, safeChoices } from '../release/policy.ts';
import { labels } from './choices.ts';
import { estimate, measurable, whileMeasuring, withLoss } from './losses.ts';
import { askUninterrupted, choice } from './questions.ts';
import { chosenReturn, type Return, returnOf } from './returning.ts';
import { situationOf } from './situation.ts';
import type { Story } from './state.ts';

/** What follows a halt: nothing where nothing was changed, else the way back, by itself only where nothing is lost. */
export async function afterHalt(story: Story): Promise<Return> {
  const { halt, changed } = story.status;
  if (halt === null) throw new TypeError('nothing was halted');
  const because = `${halt.kind} by ${halt.by}: ${halt.reason}`;
  story.decidedBy = { by: halt.by, choice: halt.kind, reason: halt.reason };
  if (halt.kind === 'supersede') return { do: 'stop', targets: [], because, outcome: 'superseded' };
  if (halt.kind === 'take-over') return { do: 'stay', targets: [], because, outcome: 'superseded' };
  const aborted = halt.kind === 'rollback' ? {} : { outcome: 'aborted' as const };
  if (changed.length === 0) return { do: 'stop', targets: [], because, ...aborted };
  const goesBack = halt.kind === 'rollback' || story.abort?.goBack === true;
  const known = await haltedSituation(story);
  const first = goesBack && hangsOnLoss(known) ? await estimate(story, measurable(story)) : null;
  const situation = withLoss(known, first);
  const decision = decide(situation);
  if (goesBack && decision.do !== 'ask') return { ...returnOf(decision, situation), because, ...aborted };
  if (story.abort?.goBack === false && safeChoices(situation).includes('stay')) {
    return { do: 'stay', targets: [], because, ...aborted };
  }
  return { ...(await askWayBack(story, situation)), ...aborted };
}

const changing: readonly string[] = ['migrate', 'verify', 'seed', 'deploy', 'invalidate'];

/** Judged as if the step that was cut off had failed; between two steps, as if the last change had. */
async function haltedSituation(story: Story): Promise<Situation> {
  const { changed, steps } = story.status;
  const { plan } = story.input;
  const cutOff = steps.findLast(({ failure }) => failure?.kind === 'cancelled')?.id;
  const planned = plan.steps.find(({ id, activity }) => id === cutOff && changing.includes(activity));
  if (planned !== undefined) return await situationOf(story, planned, 'failed');
  const stores = (name: string): boolean => plan.targets.some((target) => target.name === name && target.traits.stores);
  const database = changed.filter(stores).at(-1) ?? null;
  const step = changed.every(stores)
    ? ({ id: 'halt', activity: 'migrate', target: database } as const)
    : ({ id: 'halt', activity: 'watch', target: null } as const);
  return await situationOf(story, step, 'failed');
}

async function askWayBack(story: Story, situation: Situation): Promise<Return> {
  const { halt } = story.status;
  const decision = decide(situation);
  const offered = safeChoices(situation).filter((id) => id !== 'retry');
  const byItself = decision.do === 'ask' ? [] : [choice('go-back', 'Go back as the rules say; nothing is lost')];
  const names = offered.some((id) => undoesRows(id)) ? measurable(story) : [];
  const answered = await whileMeasuring(story, names, {
    ask: () =>
      askUninterrupted(story, {
        id: 'where to',
        kind: 'abort',
        text: 'Halted. Stop here, or go back?',
        why: `${halt?.kind} by ${halt?.by}: ${halt?.reason}. Changed so far: ${story.status.changed.join(', ')}.`,
        choices: [...byItself, ...offered.map((id) => labels[id])],
        // Silence after an abort goes back where nothing is lost; it never loses data.
        onSilence: decision.do === 'ask' ? (offered.includes('stay') ? 'stay' : null) : 'go-back',
        rules: story.input.plan.questions,
      }),
    needsCopy: ({ choice: id }) => undoesRows(id) || id === 'go-back',
  });
  const { by, reason } = answered;
  story.decidedBy = { by, choice: answered.choice, reason };
  const because = `${by} decided: ${reason ?? answered.choice}`;
  if (answered.choice === 'stay') return { do: 'stay', targets: [], because };
  if (answered.choice === 'go-back' && decision.do !== 'ask') return { ...returnOf(decision, situation), because };
  return chosenReturn(answered, situation);
}
