import { patched } from '@temporalio/workflow';
import type { FailureView } from '../release/failure.ts';
import { type Restorable, type Stage, stagesOf } from '../release/procedure.ts';
import type { RestoredTarget } from '../release/status.ts';
import { agree, Rerouted } from './agreeing.ts';
import { isBack, type Left, unblock } from './blocked.ts';
import { drive } from './drive.ts';
import { factsOf, isHeldSinceSavepoint, restorePatienceMs, savepointOf } from './facts.ts';
import { troubleInChecks, viewOf } from './failures.ts';
import { buildBeside, measurable } from './losses.ts';
import { announceMaintenance, announceRecovery } from './maintenance.ts';
import { patiently } from './proxies.ts';
import { askUninterrupted, choice } from './questions.ts';
import type { Return } from './returning.ts';
import { callOf, findTarget, note, now, record, refresh, type Story } from './state.ts';
import { holdTarget, noteWritten, pendingForMs } from './steps.ts';

const checkPatienceMs = 10 * 60_000;

/**
 * Brings the targets back in the order of the rules. Stages that do not depend on a failed one go on; then the release
 * waits in `blocked` until a person answers. Always ends with nothing held that was held only for this release.
 */
export async function goBack(story: Story, back: Return): Promise<void> {
  const { targets } = back;
  for (const name of targets) expect(story, name);
  if (targets.some((name) => storesData(story, name))) announceMaintenance(story, back.because);
  const measured = back.terms === undefined ? [] : measurable(story);
  // With writers held since before the savepoint there was nothing to measure, and nothing is lost.
  if (targets.some((name) => storesData(story, name)) && isHeldSinceSavepoint(story)) story.status.rowsLost ??= 0;
  let stages = stagesOf({
    targets: restorables(story),
    restore: targets,
    held: patched('parallel-way-back') ? surelyHeld(story, targets) : Object.keys(story.status.held),
    measured,
  });
  for (let round = 1; stages.length > 0; round += 1) {
    const left = await runStages(story, stages, { back, round });
    stages = left.length === 0 ? [] : await unblock(story, left);
    // Code whose restore was skipped or done by hand has no stage that starts it again.
    if (stages.length === 0)
      stages = stagesOf({ targets: restorables(story), restore: [], held: Object.keys(story.status.held) });
  }
  if (targets.length > 0) await proveByChecks(story);
  announceRecovery(story);
}

/**
 * A call that lets it go may have begun, and how that ended is not known: where a database goes back, it is held once
 * more. Whatever is held at the end is let go by the last stages.
 */
function surelyHeld(story: Story, restore: readonly string[]): string[] {
  const { held, writtenTo, changed } = story.status;
  const databaseGoesBack = restore.some((name) => storesData(story, name));
  const inDoubt = (name: string): boolean =>
    storesData(story, name)
      ? writtenTo.includes(name) && restore.includes(name)
      : changed.includes(name) && databaseGoesBack;
  return Object.keys(held).filter((name) => !inDoubt(name));
}

function storesData(story: Story, name: string): boolean {
  return findTarget(story, name).traits.stores;
}

function restorables(story: Story): Restorable[] {
  return factsOf(story).map((facts) => {
    const { traits, writers, needs } = findTarget(story, facts.name);
    return { ...facts, holds: traits.holds, writers, needs };
  });
}

function expect(story: Story, target: string): void {
  const { restored } = story.status;
  const empty = {
    proof: null,
    kept: null,
    downtimeMs: null,
    startedAt: null,
    endedAt: null,
    detail: null,
    failure: null,
  };
  const waiting: RestoredTarget = { target, state: 'waiting', proved: 'unproved', ...empty };
  const known = restored.findIndex((each) => each.target === target);
  if (known >= 0) restored.splice(known, 1, waiting);
  else restored.push(waiting);
}

type Way = { back: Return; round: number };

/**
 * Runs what can run, side by side where nothing waits for each other; returns what did not end well or could not start.
 * When people decide anew, what runs ends and nothing more starts.
 */
async function runStages(story: Story, stages: readonly Stage[], way: Way): Promise<Left[]> {
  if (!patched('parallel-way-back')) return await runOneByOne(story, stages, way);
  const ends = new Map<string, Promise<Left | null>>();
  let rerouted: Rerouted | null = null;
  const endsOf = async (ids: readonly string[]): Promise<(Left | null)[]> =>
    await Promise.all(ids.flatMap((id) => ends.get(id) ?? []));
  const run = async (stage: Stage): Promise<Left | null> => {
    await endsOf(stage.behind ?? []);
    const waits = (await endsOf(stage.after)).some((left) => left !== null);
    if (rerouted !== null) return null;
    try {
      const failure = waits ? null : await runStage(story, stage, way);
      return waits || failure !== null ? { stage, failure } : null;
    } catch (error) {
      if (!(error instanceof Rerouted)) throw error;
      rerouted = error;
      return null;
    }
  };
  for (const stage of inOrder(stages)) ends.set(stage.id, run(stage));
  const left = await endsOf(stages.map(({ id }) => id));
  if (rerouted !== null) throw rerouted as Rerouted;
  return left.filter((each) => each !== null);
}

/** What a stage waits for comes before it. */
function inOrder(stages: readonly Stage[]): Stage[] {
  const order: Stage[] = [];
  const add = (stage: Stage): void => {
    if (order.includes(stage)) return;
    const before = [...stage.after, ...(stage.behind ?? [])];
    for (const each of stages.filter(({ id }) => before.includes(id))) add(each);
    order.push(stage);
  };
  stages.forEach(add);
  return order;
}

async function runOneByOne(story: Story, stages: readonly Stage[], way: Way): Promise<Left[]> {
  const left: Left[] = [];
  for (const stage of stages) {
    const waits = left.some(({ stage: { id } }) => stage.after.includes(id));
    const failure = waits ? null : await runStage(story, stage, way);
    if (waits || failure !== null) left.push({ stage, failure });
  }
  return left;
}

/** Null when it ended well. What was restored and proved stays so, even if letting writers in fails afterwards. */
async function runStage(story: Story, stage: Stage, way: Way): Promise<FailureView | null> {
  record(story, stage.id);
  try {
    await perform(story, stage, way);
    record(story, `done: ${stage.id}`);
    return null;
  } catch (error) {
    if (error instanceof Rerouted) throw error;
    const failure = viewOf(error);
    const entry = story.status.restored.find(({ target }) => target === stage.target);
    if (entry !== undefined && !isBack(entry)) Object.assign(entry, { state: 'failed', failure, endedAt: now() });
    record(story, `failed: ${stage.id}: ${failure.message}`);
    story.status.failure ??= failure;
    return failure;
  }
}

async function perform(story: Story, stage: Stage, way: Way): Promise<void> {
  switch (stage.do) {
    case 'beside':
      return await buildBeside(story, stage.target);
    case 'agree':
      return await agree(story, stage, way);
    case 'restore':
      return await restoreTarget(story, stage.target, way.round);
    default:
      return await holdOrResume(story, stage, way.round);
  }
}

async function holdOrResume(story: Story, stage: Stage, round: number): Promise<void> {
  const { held } = story.status;
  const target = findTarget(story, stage.target);
  const patienceMs = restorePatienceMs;
  const hands = patiently(story, { summary: `${stage.id} for the way back`, patienceMs, target });
  const input = { ...callOf(story, target, `${stage.do} for the way back`, round), patienceMs };
  if (stage.do === 'hold') {
    noteWritten(story, target);
    await holdTarget(story, target, () => drive(story, stage.id, (fence) => hands.hold({ ...input, fence })));
    return;
  }
  const before = held[target.name];
  if (before === undefined) return;
  await drive(story, stage.id, (fence) => hands.resume({ ...input, fence, held: before }));
  delete held[target.name];
}

async function restoreTarget(story: Story, name: string, round: number): Promise<void> {
  const target = findTarget(story, name);
  const entry = story.status.restored.find((each) => each.target === name);
  Object.assign(entry ?? {}, { state: 'running', startedAt: now(), failure: null });
  refresh(story);
  const patienceMs = restorePatienceMs;
  const { restore } = patiently(story, { summary: `restore ${name}`, patienceMs, target });
  // The copy that was built beside and measured is found by the same key, whatever the round.
  const again = target.traits.measures === true ? 1 : round;
  const input = { ...callOf(story, target, 'restore', again), patienceMs, savepoint: savepointOf(story, name) };
  const { proof, kept, downtimeMs, detail } = await drive(story, `restore ${name}`, (fence) =>
    restore({ ...input, fence }),
  );
  Object.assign(entry ?? {}, {
    state: 'restored',
    proved: proof.level,
    proof,
    kept,
    downtimeMs,
    detail,
    endedAt: now(),
  });
  // The restored service runs again: whatever hold there was is gone with the version that was held.
  if (!target.traits.stores) delete story.status.held[name];
}

/** The checks that may be repeated, before users are told that all is well. */
async function proveByChecks(story: Story): Promise<void> {
  const checks = story.input.plan.afterRollback;
  if (checks.length === 0) return;
  for (;;) {
    const { smoke } = patiently(story, {
      summary: 'smoke after the way back',
      patienceMs: checkPatienceMs,
      target: null,
    });
    const trouble = await smoke({ place: story.place, checks, pendingForMs }).then(
      troubleInChecks,
      (error: unknown) => ({
        cause: 'unknown' as const,
        failure: viewOf(error),
      }),
    );
    if (trouble === null) return record(story, 'smoke checks pass after the way back');
    const answered = await askUninterrupted(story, {
      id: 'smoke after the way back',
      kind: 'blocked',
      text: 'Everything is restored, but a smoke check does not pass',
      why: trouble.failure.message,
      choices: [choice('retry', 'Check again'), choice('accept', 'End as it is', true), choice('on-it', 'I am on it')],
      onSilence: null,
      rules: story.input.plan.questions,
    });
    if (answered.choice !== 'accept') continue;
    note(story, `smoke after the way back: ${trouble.failure.message}; accepted by ${answered.by}`);
    return;
  }
}
