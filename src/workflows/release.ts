import { ActivityFailure, CancellationScope } from '@temporalio/workflow';
import type { ReleaseResult } from '../release/status.ts';
import { Rerouted } from './agreeing.ts';
import { measureBaseline, measurePerformanceBefore } from './baseline.ts';
import { Abandoned } from './blocked.ts';
import { bringBack } from './bringing-back.ts';
import { demandDrill } from './certified.ts';
import { end, outcomeOf } from './ending.ts';
import { viewOf } from './failures.ts';
import { goNoGo, waitForWindow } from './gate.ts';
import { afterHalt } from './halted.ts';
import { haltOnCancel } from './halting.ts';
import { installHandlers } from './handlers.ts';
import { lookBack } from './lookback.ts';
import type { ReleaseInput } from './messages.ts';
import { GoBack, type Return } from './returning.ts';
import { enter, note, openStory, refresh, type Story } from './state.ts';
import { takePhase } from './steps.ts';
import { neverReached, restOfDrill } from './tidying.ts';
import { watchRelease } from './watching.ts';
import { goBack } from './wayback.ts';

/** One attempt to bring an environment to a version. Its workflow id is the lock; its result is the ending. */
export async function release(input: ReleaseInput): Promise<ReleaseResult> {
  const story = openStory(input);
  installHandlers(story);
  refresh(story);
  haltOnCancel(story, CancellationScope.current());
  return await CancellationScope.nonCancellable(() => live(story));
}

async function live(story: Story): Promise<ReleaseResult> {
  let back = (await goForward(story)) ?? neverReached(story);
  story.forward = null;
  try {
    if (back !== null) back = await comeBack(story, back);
    const rest = restOfDrill(story);
    if (rest !== null) await comeBack(story, rest);
  } catch (error) {
    if (!(error instanceof Abandoned)) throw error;
    note(story, error.message);
    story.decidedBy = { by: error.answered.by, choice: 'abandon', reason: error.answered.reason };
    return await end(story, 'abandoned');
  }
  if (back?.do !== 'stop') story.status.dirty = null;
  return await end(story, outcomeOf(story, back));
}

/** The runbook. Returns null when it went through, else how it has to come back. */
async function goForward(story: Story): Promise<Return | null> {
  story.forward = new CancellationScope();
  try {
    await story.forward.run(async () => {
      await lookBack(story);
      if (story.input.continuation.as === 'restore') throw await wayBackOfAnother(story);
      if (story.input.continuation.as === 'bring-back') throw await bringBack(story, story.input.continuation);
      enter(story, 'prepare');
      await takePhase(story, 'prepare');
      enter(story, 'preflight');
      await takePhase(story, 'preflight');
      await demandDrill(story);
      await goNoGo(story);
      await waitForWindow(story);
      enter(story, 'baseline');
      await takePhase(story, 'baseline');
      await measureBaseline(story);
      await measurePerformanceBefore(story);
      enter(story, 'change');
      await takePhase(story, 'change');
      enter(story, 'evidence');
      await takePhase(story, 'evidence');
      await watchRelease(story);
    });
  } catch (error) {
    if (story.status.halt === null) return error instanceof GoBack ? error.plan : unexpected(story, error);
  }
  // First reason wins: what halted decides, whatever shape the error has by now, or when the last step was not cut off.
  return story.status.halt === null ? null : await CancellationScope.nonCancellable(() => afterHalt(story));
}

/** `--restore`: the way back of a release that somebody left half way, as if it had been rolled back then. */
async function wayBackOfAnother(story: Story): Promise<GoBack> {
  const { requester, continuation } = story.input;
  if (story.status.changed.length === 0) {
    return new GoBack({ do: 'unchanged', targets: [], because: 'the earlier release had changed nothing' });
  }
  const reason = continuation.as === 'fresh' ? '' : continuation.reason;
  story.status.halt = { kind: 'rollback', by: requester, reason, at: new Date().toISOString() };
  return new GoBack(await afterHalt(story));
}

/** Goes back; where people decide anew meanwhile, that is what happens. Returns what was decided last. */
async function comeBack(story: Story, back: Return): Promise<Return> {
  if (back.targets.length > 0 || Object.keys(story.status.held).length > 0) enter(story, 'going back');
  note(story, back.because);
  try {
    await goBack(story, back);
    return back;
  } catch (error) {
    if (!(error instanceof Rerouted)) throw error;
    const { outcome } = back;
    return await comeBack(story, { ...error.plan, ...(outcome === undefined ? {} : { outcome }) });
  }
}

/** What fails outside a step fails before any change. Anything else is a bug in the story, and fails loudly. */
function unexpected(story: Story, error: unknown): Return {
  const failure = viewOf(error);
  if (!(error instanceof ActivityFailure) || story.status.changed.length > 0) throw error;
  story.status.failure = failure;
  story.status.failedStep = story.status.phase;
  return { do: 'stop', targets: [], because: failure.message };
}
