import { CancellationScope } from '@temporalio/workflow';
import { type Carried, countedRows, isNothing, isWithin } from '../release/loss.ts';
import { type ChoiceId, decide, type Situation, safeChoices } from '../release/policy.ts';
import type { Stage } from '../release/procedure.ts';
import { labels } from './choices.ts';
import { drive } from './drive.ts';
import { restorePatienceMs, savepointOf } from './facts.ts';
import { lossLines, type Measured, measureLoss, outsideLines, rulesOf, withLoss } from './losses.ts';
import { patiently } from './proxies.ts';
import { type Answered, askUninterrupted } from './questions.ts';
import { chosenReturn, type Return, type Terms, termsOf } from './returning.ts';
import { situationNow } from './situation.ts';
import { callOf, findTarget, record, refresh, type Story } from './state.ts';
import { holdTarget, noteWritten } from './steps.ts';

/** Thrown when people decided anew on the way back, because it would undo more than was allowed. */
export class Rerouted extends Error {
  readonly plan: Return;

  constructor(plan: Return) {
    super(plan.because);
    this.name = 'Rerouted';
    this.plan = plan;
  }
}

/** `lost`: rows by table that nothing would keep in the database. `because`: why the restore is off for now. */
type Outcome = { agreed: boolean; losses: Measured[]; lost: { table: string; rows: number }[]; because: string };

/**
 * Holds the writers, counts what the restore would undo, saves what is to be saved, and comes back with the writers
 * held when that is allowed. Otherwise the writers are let in again and people are asked with the new numbers.
 * `round`: of the way back, so that another try has keys of its own.
 */
export async function agree(
  story: Story,
  stage: Stage,
  { back, round }: { back: Return; round: number },
): Promise<void> {
  let terms: Terms = back.terms ?? { bound: 0, save: null, seen: false };
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await whileHeld(story, stage, { round: `${round}.${attempt}`, terms });
    if (outcome.agreed) return keep(story, outcome);
    const answered = await askAgain(story, stage, { outcome, situation: back.situation });
    const { by, choice, reason, losses } = answered;
    story.decidedBy = { by, choice, reason };
    if (choice === 'stay')
      throw new Rerouted({ do: 'stay', targets: [], because: `${by} decided: ${reason ?? choice}` });
    if (choice === 'restore-code') throw new Rerouted(chosenReturn(answered, back.situation ?? situationNow(story)));
    terms = termsOf(answered, losses);
  }
}

type Attempt = { round: string; terms: Terms };

/** Writers are held no longer than the plan allows; whatever goes wrong lets them in again. */
async function whileHeld(story: Story, stage: Stage, attempt: Attempt): Promise<Outcome> {
  const before = Object.keys(story.status.held).filter((name) => !stage.holds?.includes(name));
  const limitMs = story.input.plan.rollback.holdMs;
  const limit = new CancellationScope({ cancellable: true, timeout: limitMs });
  let agreed = false;
  try {
    const outcome = await limit.run(async () => {
      await holdAll(story, stage, attempt.round);
      return await judge(story, stage, attempt.terms);
    });
    agreed = outcome.agreed;
    return outcome;
  } catch (error) {
    if (!limit.consideredCancelled) throw error;
    const because = `the writers had been held for ${limitMs / 1000} s, which is all that the plan allows`;
    return { agreed: false, losses: [], lost: [], because };
  } finally {
    if (!agreed) await letIn(story, before, attempt.round);
  }
}

async function holdAll(story: Story, { holds = [] }: Stage, round: string): Promise<void> {
  for (const name of holds) {
    const target = findTarget(story, name);
    const patienceMs = restorePatienceMs;
    const { hold } = patiently(story, { summary: `hold ${name} for the way back`, patienceMs, target });
    const input = { ...callOf(story, target, `hold for the way back ${round}`), patienceMs };
    record(story, `hold ${name}`);
    noteWritten(story, target);
    await holdTarget(story, target, () => drive(story, `hold ${name}`, (fence) => hold({ ...input, fence })));
  }
}

/** Starts again what was held only to measure. */
async function letIn(story: Story, before: readonly string[], round: string): Promise<void> {
  const { held } = story.status;
  for (const name of Object.keys(held)
    .filter((each) => !before.includes(each))
    .reverse()) {
    const target = findTarget(story, name);
    const patienceMs = restorePatienceMs;
    const { resume } = patiently(story, { summary: `let writers of ${name} in again`, patienceMs, target });
    const input = {
      ...callOf(story, target, `resume for the way back ${round}`),
      patienceMs,
      held: held[name] ?? null,
    };
    await drive(story, `resume ${name}`, (fence) => resume({ ...input, fence }));
    delete held[name];
    record(story, `let writers of ${name} in again`);
  }
}

async function judge(story: Story, { measures = [] }: Stage, terms: Terms): Promise<Outcome> {
  const losses: Measured[] = [];
  for (const target of measures) losses.push({ target, loss: await measureLoss(story, target) });
  const hidden = losses.filter(({ loss }) => loss.notCompared.length > 0);
  const outcome = { agreed: false, losses, lost: losses.flatMap(({ loss }) => countedRows(loss)) };
  if (hidden.length > 0 && !terms.seen) return { ...outcome, because: 'not everything could be compared' };
  if (losses.every(({ loss }) => isNothing(loss))) return { ...outcome, agreed: true, because: 'nothing is lost' };
  const tooMany = 'going back would undo more rows than was agreed to';
  if (terms.save !== 'copy' && !isWithin(outcome.lost, terms.bound)) return { ...outcome, because: tooMany };
  if (terms.save === null) return { ...outcome, agreed: true, because: 'within what was agreed to' };
  const saved = await saveRows(story, measures, terms.save);
  if (terms.save === 'files') return { ...outcome, agreed: true, because: 'the rows are kept as files' };
  const lost = saved.flatMap(({ tables }) => tables.map(({ table, left }) => ({ table, rows: left })));
  const agreed = isWithin(lost, terms.bound);
  return { ...outcome, lost, agreed, because: agreed ? 'the rows were carried over' : leftInWords(saved) };
}

function leftInWords(saved: readonly Carried[]): string {
  const left = saved.flatMap(({ tables }) => tables).filter((each) => each.left > 0);
  return `rows do not fit the restored database: ${left.map((each) => `${each.table} ${each.left} (${each.why.join('; ')})`).join(', ')}`;
}

async function saveRows(story: Story, names: readonly string[], into: 'copy' | 'files'): Promise<Carried[]> {
  const saved: Carried[] = [];
  for (const name of names) {
    const target = findTarget(story, name);
    const patienceMs = restorePatienceMs;
    const verb = into === 'copy' ? 'carryOver' : 'exportRows';
    const summary = into === 'copy' ? `carry rows of ${name} over` : `export rows of ${name}`;
    const hands = patiently(story, { summary, patienceMs, target });
    const savepoint = savepointOf(story, name);
    const input = { ...callOf(story, target, 'restore'), patienceMs, savepoint, rules: rulesOf(story), into };
    const carried = await drive(story, summary, (fence) => hands[verb]({ ...input, fence }));
    record(story, `${summary}: ${carried.carried} rows, ${carried.left} do not fit`);
    saved.push(carried);
    const entry = story.status.restored.find((each) => each.target === name);
    if (entry !== undefined) entry.carried = carried;
  }
  return saved;
}

/** What will be undone is told before it is. */
function keep(story: Story, { losses, lost }: Outcome): void {
  for (const { target, loss } of losses) {
    const entry = story.status.restored.find((each) => each.target === target);
    if (entry !== undefined) entry.loss = loss;
  }
  story.status.rowsLost = (story.status.rowsLost ?? 0) + lost.reduce((sum, { rows }) => sum + rows, 0);
  refresh(story);
}

type Again = { outcome: Outcome; situation: Situation | undefined };

async function askAgain(story: Story, stage: Stage, { outcome, situation }: Again): Promise<Answered> {
  const measured = outcome.losses.length === 0 ? null : outcome.losses;
  const known = withLoss({ ...(situation ?? situationNow(story)), loss: null }, measured);
  const decision = decide(known);
  const offered = safeChoices(known).filter((id): id is ChoiceId => id !== 'retry');
  return await askUninterrupted(story, {
    id: `loss of ${(stage.measures ?? []).join(', ')}`,
    kind: 'failure',
    text: 'The restore is off for now. What now?',
    why: [`Writers work again: ${outcome.because}.`, ...lossLines(outcome.losses), outsideLines(story)]
      .filter((line) => line !== '')
      .join('\n\n'),
    choices: offered.map((id) => labels[id]),
    onSilence: decision.do === 'ask' ? decision.silence : null,
    rules: story.input.plan.questions,
    ...(measured === null ? {} : { losses: measured }),
  });
}
