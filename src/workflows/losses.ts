import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { isChanged } from '../release/compatibility.ts';
import { type Loss, type LossRules, lossInWords } from '../release/loss.ts';
import type { Situation } from '../release/policy.ts';
import type { Question } from '../release/status.ts';
import { drive } from './drive.ts';
import { factsOf, isHeldSinceSavepoint, restorePatienceMs, savepointOf } from './facts.ts';
import { viewOf } from './failures.ts';
import { patiently } from './proxies.ts';
import { callOf, findTarget, record, refresh, type Story } from './state.ts';

export type Measured = { target: string; loss: Loss };

/** Databases that changed, could lose rows, and can tell how many. */
export function measurable(story: Story): string[] {
  if (isHeldSinceSavepoint(story)) return [];
  return factsOf(story)
    .filter((facts) => facts.stores && isChanged(facts) && findTarget(story, facts.name).traits.measures === true)
    .map(({ name }) => name);
}

export function rulesOf(story: Story): LossRules {
  const { ignore = [], marks = [] } = story.input.plan.rollback;
  return { ignore, marks };
}

/** The copy that a restore exchanges. It is built and proved while everybody works on. */
export async function buildBeside(story: Story, name: string): Promise<void> {
  const target = findTarget(story, name);
  const patienceMs = restorePatienceMs;
  const { restoreBeside } = patiently(story, { summary: `restore ${name} beside`, patienceMs, target });
  const input = { ...callOf(story, target, 'restore'), patienceMs, savepoint: savepointOf(story, name) };
  const { detail } = await drive(story, `restore ${name} beside`, (fence) => restoreBeside({ ...input, fence }));
  record(story, `${name} restored beside: ${detail}`);
}

/** What going back would undo now: exact while writers are held, else an estimate. */
export async function measureLoss(story: Story, name: string): Promise<Loss> {
  const target = findTarget(story, name);
  const patienceMs = restorePatienceMs;
  const hands = patiently(story, { summary: `what would ${name} lose`, patienceMs, target });
  const savepoint = savepointOf(story, name);
  const input = { ...callOf(story, target, 'restore'), patienceMs, savepoint, rules: rulesOf(story) };
  const loss = await drive(story, `loss of ${name}`, (fence) => hands.measureLoss({ ...input, fence }));
  record(story, `${name} would lose ${loss.held ? '' : 'about '}${loss.rows} rows: ${lossInWords(loss)}`);
  return loss;
}

/**
 * Measures while users work, to decide whether people have to be asked. Null where it could not be measured, which is
 * never treated as nothing.
 */
export async function estimate(story: Story, names: readonly string[]): Promise<Measured[] | null> {
  try {
    return await Promise.all(
      names.map(async (target) => {
        await buildBeside(story, target);
        return { target, loss: await measureLoss(story, target) };
      }),
    );
  } catch (error) {
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
    record(story, `what going back would undo could not be measured: ${viewOf(error).message}`);
    return null;
  }
}

/** The situation with what was measured. Where not everything could be compared, or not every database can tell, nobody knows the loss. */
export function withLoss(situation: Situation, losses: readonly Measured[] | null): Situation {
  if (losses === null) return situation;
  const databases = situation.targets.filter((target) => target.stores && isChanged(target));
  const complete =
    losses.every(({ loss }) => loss.notCompared.length === 0) &&
    databases.every(({ name }) => losses.some(({ target }) => target === name));
  return { ...situation, loss: complete ? losses.reduce((sum, { loss }) => sum + loss.rows, 0) : null };
}

/**
 * Measures while a question waits, and shows the numbers in it. Ends with the answer: whoever goes back needs the copy
 * and waits for it, everybody else does not.
 */
export async function whileMeasuring<T extends { choice: string }>(
  story: Story,
  names: readonly string[],
  asking: { ask: () => Promise<T>; needsCopy: (answered: T) => boolean },
): Promise<T> {
  if (names.length === 0) return await asking.ask();
  const scope = new CancellationScope();
  const pending = asking.ask();
  const { question } = story.status;
  const measuring = scope
    .run(() => estimate(story, names))
    .then((losses) => show(story, question, losses))
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  try {
    const answered = await pending;
    if (!asking.needsCopy(answered)) scope.cancel();
    return answered;
  } catch (error) {
    scope.cancel();
    throw error;
  } finally {
    await measuring;
  }
}

function show(story: Story, question: Question | null, losses: Measured[] | null): void {
  if (question === null || losses === null) return;
  question.losses = losses;
  refresh(story);
}

/** Lines for people: what going back would undo, table by table. */
export function lossLines(losses: readonly Measured[]): string[] {
  return losses.flatMap(({ target, loss }) => [
    `${target}: ${loss.held ? '' : 'at the moment about '}${loss.rows} rows written since the savepoint: ${lossInWords(loss)}`,
    ...loss.notCompared.map((each) => `${target}: not compared: ${each}`),
  ]);
}

/** What rows cannot show, as the plan lists it; empty where it lists nothing. */
export function outsideLines({ input }: Story): string {
  const listed = input.plan.outside.map((each) => `- ${each}`).join('\n');
  return listed && `Rows cannot show:\n${listed}`;
}
