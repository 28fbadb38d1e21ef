import { CancellationScope, isCancellation, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import { shortRelease } from '../release/naming.ts';
import type { PlannedWatch } from '../release/plan.ts';
import { pointsOf } from '../release/schedule.ts';
import type { WatchPoint, WatchStatus } from '../release/status.ts';
import type { Judgement } from '../release/verdict.ts';
import { duration, samplesInWords } from '../release/wording.ts';
import { alertOf, foundInWords, raiseAlarm, type Urgent, urgentIn } from './alerting.ts';
import { leaveChecklists, remindOfChecklists } from './checklists.ts';
import { judgedInDrill } from './drilling.ts';
import { type Trouble, troubleInChecks, troubleInJudgements, viewOf } from './failures.ts';
import { waitForHandsOn } from './hands-off.ts';
import { sayWhatIsNotKept } from './kept.ts';
import { tell } from './notices.ts';
import { waitWhilePaused } from './pausing.ts';
import { patiently } from './proxies.ts';
import { whileRaised } from './raising.ts';
import { enter, note, now, record, refresh, type Story } from './state.ts';
import { settle } from './trouble.ts';

const watchStep = { id: 'watch', target: null, activity: 'watch' } as const;

/** Watches the release point by point; `finish` ends it early, a bad verdict goes by the rules. */
export async function watchRelease(story: Story): Promise<void> {
  const { watch } = story.input.plan;
  if (watch === null) return;
  enter(story, 'watch');
  story.watching = new CancellationScope();
  try {
    await story.watching.run(() => watchPoints(story, watch));
  } catch (error) {
    if (story.finish === null || story.status.halt !== null) throw error;
    const { by, choice, note: reason } = story.finish;
    note(story, `the watch was finished early by ${by}: ${reason ?? ''}`);
    if (story.status.failure !== null) story.decidedBy = { by, choice, reason };
  } finally {
    story.watching = null;
  }
  await remindOfReview(story, watch);
}

async function watchPoints(story: Story, watch: PlannedWatch): Promise<void> {
  const start = Date.now();
  const points = pointsOf(watch, start);
  const last = points.at(-1) ?? start;
  story.status.watch = { until: new Date(last).toISOString(), points: [], unwatchedMs: 0, watchedMs: 0 };
  // Cancelled with the watch; what it throws then says nothing.
  remindOfChecklists(story, watch, start).catch(() => undefined);
  let from = start;
  for (const until of points) {
    await waitWhilePaused(story);
    await watchStretch(story, watch, { from, until, start, wholeMs: last - start });
    from = until;
  }
  await demandEnoughWatching(story, watch);
  await leaveChecklists(story, watch, start);
}

/** Epoch milliseconds. `start` and `wholeMs`: of the whole watch. */
type Span = { from: number; until: number; start: number; wholeMs: number };

/** One reported point, or more where somebody who looked held back what was found. */
async function watchStretch(story: Story, watch: PlannedWatch, span: Span): Promise<void> {
  let { from } = span;
  while (from < span.until) {
    const heldBack = await watchOnce(story, watch, { ...span, from });
    if (!heldBack) return;
    from = Date.now();
  }
}

/** Returns true where something was found, somebody had taken the automatic rollback over, and has given it back. */
async function watchOnce(story: Story, watch: PlannedWatch, span: Span): Promise<boolean> {
  const { until } = span;
  const summary = `watch until ${new Date(until).toISOString()}`;
  const settleRaised = async (raised: Judgement): Promise<void> => {
    const trouble = troubleInJudgements([raised]);
    await settleFound(story, trouble && { trouble, found: [raised] });
  };
  const found = await whileRaised(story, () => lookAt(story, watch, { span, summary }), settleRaised);
  if (found?.trouble.cause === 'failed' && story.status.handsOff) {
    record(story, `held back while ${story.status.handsOff.by} looks: ${found.trouble.failure.message}`);
    await whileRaised(story, () => waitForHandsOn(story), settleRaised);
    giveBack(story, Math.max(0, until - Date.now()));
    return true;
  }
  // A retry of the watch is simply the next point.
  await settleFound(story, found);
  const leftMs = until - Date.now();
  if (leftMs > 0) await whileRaised(story, () => sleep(leftMs, { summary }), settleRaised);
  return false;
}

/** The rest of the stretch is watched after all. */
function giveBack(story: Story, restMs: number): void {
  const { watch } = story.status;
  if (watch === null) return;
  watch.watchedMs -= restMs;
  watch.unwatchedMs -= restMs;
  if (watch.unwatchedEarlyMs !== undefined) watch.unwatchedEarlyMs = Math.max(0, watch.unwatchedEarlyMs - restMs);
}

type Found = { trouble: Trouble; found: readonly Urgent[] };

async function settleFound(story: Story, found: Found | null): Promise<void> {
  if (found !== null) await settle(story, watchStep, raiseAlarm(story, 'watch', found));
}

async function lookAt(
  story: Story,
  watch: PlannedWatch,
  { span, summary }: { span: Span; summary: string },
): Promise<Found | null> {
  const { from, until, wholeMs } = span;
  const length = until - from;
  const hands = patiently(story, { summary, patienceMs: length + 60_000, target: null });
  try {
    const { baseline = null } = story.status;
    const carried = { wholeMs, baseline, signals: story.signals, syntheticSignals: story.syntheticSignals };
    const {
      signals = null,
      syntheticSignals = null,
      ...seen
    } = await hands.watch({
      place: story.place,
      watch,
      fromMs: from,
      untilMs: until,
      ...carried,
    });
    story.signals = signals;
    story.syntheticSignals = syntheticSignals;
    const point = judgedInDrill(story, seen);
    keep(story, point, span);
    const trouble = worse(acting(point), troubleInChecks(point.checks));
    return trouble && { trouble, found: urgentIn(point) };
  } catch (error) {
    if (story.status.halt !== null || story.finish !== null || isCancellation(error)) throw error;
    const nothing = { samples: 0, unwatchedMs: length, judgements: [], checks: [] };
    keep(story, { at: now(), ...nothing }, span);
    record(story, `this stretch was not watched: ${viewOf(error).message}`);
    return null;
  }
}

/** What could not be judged is counted as unwatched time; it neither acts nor counts as good. */
function acting(point: WatchPoint): Trouble | null {
  return troubleInJudgements(point.judgements.filter(({ verdict }) => verdict !== 'unknown'));
}

/** What goes back by itself is not hidden by what asks. */
function worse(one: Trouble | null, other: Trouble | null): Trouble | null {
  return one?.cause === 'failed' ? one : (other ?? one);
}

function keep(story: Story, point: WatchPoint, { from, until, start }: Span): void {
  const { watch } = story.status;
  if (watch === null) return;
  const lengthMs = until - from;
  // After an alarm the rest of the stretch is not watched, whatever people decide.
  const leftOver = Math.max(0, until - Date.parse(point.at));
  const blindMs = Math.min(point.unwatchedMs + leftOver, lengthMs);
  sayWhatIsNotKept(story, point);
  watch.points.push(point);
  watch.unwatchedMs += blindMs;
  watch.watchedMs += lengthMs;
  const early = story.input.plan.watch?.early;
  if (early !== undefined && from < start + early.withinMs) {
    watch.unwatchedEarlyMs = (watch.unwatchedEarlyMs ?? 0) + Math.min(blindMs, start + early.withinMs - from);
  }
  const found = foundInWords(point);
  record(story, `watched: ${samplesInWords(point)}${found === '' ? '' : `; ${found}`}`);
  const { mark, to } = alertOf(story, urgentIn(point));
  tell(story, 'watch', { subject: `${mark}watched until ${point.at}`, body: found || 'nothing to report', to });
  refresh(story);
}

/** A watch that was blind for too long does not end as released by itself. */
async function demandEnoughWatching(story: Story, plan: PlannedWatch): Promise<void> {
  const { watch } = story.status;
  if (watch === null || watch.watchedMs === 0) return;
  const message = tooBlind(watch, plan);
  if (message === null) return;
  const remedy =
    'see that a worker runs all the time and that what it asks answers; then say whether what was seen is enough';
  await settle(story, watchStep, { cause: 'unknown', failure: { kind: 'unknown', message, remedy } });
}

function tooBlind(watch: WatchStatus, { maxUnwatched, early }: PlannedWatch): string | null {
  const share = watch.unwatchedMs / watch.watchedMs;
  if (share > maxUnwatched) {
    return `${Math.round(share * 100)} % of the watch was not measured; ${Math.round(maxUnwatched * 100)} % are allowed`;
  }
  const blindMs = watch.unwatchedEarlyMs ?? 0;
  if (early === undefined || blindMs <= early.maxMs) return null;
  return `${duration(blindMs)} of the first ${duration(early.withinMs)} were not measured; ${duration(early.maxMs)} are allowed`;
}

/** The reminder outlives the release, so that the environment is free for the next one meanwhile. */
async function remindOfReview(story: Story, watch: PlannedWatch): Promise<void> {
  if (watch.reviewAfterMs === null) return;
  const { workflowId, startedAt, timeline } = story.status;
  const dueMs = Date.parse(startedAt) + watch.reviewAfterMs;
  try {
    await startChild('review', {
      workflowId: `${workflowId}/review/${shortRelease(story.place.release)}`,
      args: [{ plan: story.input.plan, place: story.place, workflowId, dueMs, timeline: timeline.slice(-100) }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `review of ${story.status.application} ${story.status.version}`,
    });
  } catch (error) {
    // A reminder that exists already (a resumed release) or cannot be started is no reason to fail a good release.
    if (story.status.halt !== null) throw error;
    note(story, `no reminder of the review: ${viewOf(error).message}`);
  }
}
