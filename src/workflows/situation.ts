import { CancellationScope, patched } from '@temporalio/workflow';
import type { TargetFacts } from '../release/compatibility.ts';
import type { PlannedStep } from '../release/plan.ts';
import type { Situation } from '../release/policy.ts';
import type { Standing } from '../release/target.ts';
import { factsOf, isHeldSinceSavepoint } from './facts.ts';
import { viewOf } from './failures.ts';
import { patiently } from './proxies.ts';
import { callOf, findTarget, record, type Story } from './state.ts';

/** The step that failed, as the rules see it. */
export type Failed = Pick<PlannedStep, 'id' | 'target'> &
  Partial<Pick<PlannedStep, 'change' | 'onFailure'>> & { activity: Situation['step']['activity'] };

const databaseSteps: readonly string[] = ['migrate', 'verify', 'seed'];

export async function situationOf(story: Story, step: Failed, cause: Situation['cause']): Promise<Situation> {
  const facts = factsOf(story);
  const failed = facts.find(({ name }) => name === step.target);
  if (failed?.stores && failed.changed && databaseSteps.includes(step.activity)) {
    failed.standing = (await standingOf(story, failed.name)).state;
    if (failed.standing === 'equal') story.untouched.add(failed.name);
    else story.untouched.delete(failed.name);
  }
  return {
    ...situationNow(story, facts),
    step: { activity: step.activity, target: step.target },
    cause,
    ...agesOf(story, step),
  };
}

/** Everything that changed has to go back, and no step is to blame. */
export function situationNow(story: Story, targets: readonly TargetFacts[] = factsOf(story)): Situation {
  return {
    step: { activity: 'watch', target: null },
    cause: 'failed',
    targets,
    heldSinceSavepoint: isHeldSinceSavepoint(story),
    loss: null,
    dataLoss: story.input.plan.rollback.dataLoss ?? 'ask',
    carries: targets.every(({ name, stores, changed }) => !stores || !changed || canCarry(story, name)),
  };
}

/** Where there was no database before, there is no copy that rows could be carried into. */
function canCarry(story: Story, name: string): boolean {
  if (story.untouched.has(name)) return true;
  const absent = story.status.savepoints.some((savepoint) => savepoint.target === name && savepoint.absent);
  return !absent && findTarget(story, name).traits.measures === true;
}

/** Ages in milliseconds: of the oldest savepoint of a changed database, and of the last change once nothing changes any more. */
function agesOf(story: Story, step: Failed): Pick<Situation, 'sinceSavepointMs' | 'sinceChangeMs' | 'proved'> {
  const { changed, savepoints, steps } = story.status;
  const databases = savepoints.filter(
    ({ target }) => changed.includes(target) && findTarget(story, target).traits.stores,
  );
  const takenAt = databases.map((savepoint) => Date.parse(savepoint.takenAt));
  const ages = takenAt.length === 0 ? {} : { sinceSavepointMs: Date.now() - Math.min(...takenAt) };
  if (step.activity !== 'watch' || !patched('claims-expire')) return ages;
  const inChange = story.input.plan.steps.filter(({ phase }) => phase === 'change').map(({ id }) => id);
  const ends = steps.filter(({ id }) => inChange.includes(id)).map(({ endedAt }) => Date.parse(endedAt ?? '') || 0);
  return { ...ages, sinceChangeMs: Date.now() - Math.max(0, ...ends), proved: story.status.proved === true };
}

/** A comparison that fails means that nobody knows, which is never treated as equal. */
async function standingOf(story: Story, name: string): Promise<Standing> {
  const target = findTarget(story, name);
  const savepoint = story.status.savepoints.find((each) => each.target === name);
  const unknown: Standing = { state: 'unknown', proof: { level: 'unproved', parts: [], differences: [] }, detail: '' };
  if (savepoint === undefined) return unknown;
  const patienceMs = 10 * 60_000;
  const { compare } = patiently(story, { summary: `compare ${name} with its savepoint`, patienceMs, target });
  try {
    const standing = await compare({ ...callOf(story, target, 'compare'), patienceMs, savepoint });
    record(story, `${name} compared with its savepoint: ${standing.state}; ${standing.detail}`);
    if (standing.state === 'equal') rememberUnchanged(story, name, standing);
    return standing;
  } catch (error) {
    // Cut off by a halt; while the way back is decided nothing is cut off, and not to know is an answer.
    if (CancellationScope.current().consideredCancelled) throw error;
    return { ...unknown, detail: viewOf(error).message };
  }
}

function rememberUnchanged(story: Story, name: string, { proof, detail }: Standing): void {
  const { restored } = story.status;
  if (restored.some(({ target }) => target === name)) return;
  const none = { kept: null, downtimeMs: null, startedAt: null, endedAt: null, failure: null };
  restored.push({ target: name, state: 'unchanged', proved: proof.level, proof, detail, ...none });
}
