import { CancellationScope, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import { shortRelease } from '../release/naming.ts';
import type { PlannedWatch } from '../release/plan.ts';
import { pointsOf } from '../release/schedule.ts';
import type { WatchPoint } from '../release/status.ts';
import { judgedInDrill } from './drilling.ts';
import { type Trouble, troubleInChecks, troubleInJudgements, viewOf } from './failures.ts';
import { tell } from './notices.ts';
import { waitWhilePaused } from './pausing.ts';
import { patiently } from './proxies.ts';
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
  let from = start;
  for (const until of points) {
    await waitWhilePaused(story);
    await watchOnePoint(story, watch, { from, until, wholeMs: last - start });
    from = until;
  }
  await demandEnoughWatching(story, watch);
}

type Span = { from: number; until: number; wholeMs: number };

async function watchOnePoint(story: Story, watch: PlannedWatch, span: Span): Promise<void> {
  const { from, until, wholeMs } = span;
  const length = until - from;
  const summary = `watch until ${new Date(until).toISOString()}`;
  const hands = patiently(story, { summary, patienceMs: length + 60_000, target: null });
  let trouble: Trouble | null;
  try {
    const { baseline, signals: carried } = story;
    const input = { place: story.place, watch, fromMs: from, untilMs: until, wholeMs, baseline, signals: carried };
    const { signals = null, ...seen } = await hands.watch(input);
    story.signals = signals;
    const point = judgedInDrill(story, seen);
    keep(story, point, span);
    trouble = worse(acting(point), troubleInChecks(point.checks));
  } catch (error) {
    if (story.status.halt !== null || story.finish !== null) throw error;
    const nothing = { samples: 0, unwatchedMs: length, judgements: [], checks: [] };
    keep(story, { at: now(), ...nothing }, span);
    record(story, `this stretch was not watched: ${viewOf(error).message}`);
    trouble = null;
  }
  // A retry of the watch is simply the next point.
  if (trouble !== null) await settle(story, watchStep, trouble);
  const leftMs = until - Date.now();
  if (leftMs > 0) await sleep(leftMs, { summary });
}

/** What could not be judged is counted as unwatched time; it neither acts nor counts as good. */
function acting(point: WatchPoint): Trouble | null {
  return troubleInJudgements(point.judgements.filter(({ verdict }) => verdict !== 'unknown'));
}

/** What goes back by itself is not hidden by what asks. */
function worse(one: Trouble | null, other: Trouble | null): Trouble | null {
  return one?.cause === 'failed' ? one : (other ?? one);
}

function keep(story: Story, point: WatchPoint, { from, until }: Span): void {
  const { watch } = story.status;
  if (watch === null) return;
  const lengthMs = until - from;
  // After an alarm the rest of the stretch is not watched, whatever people decide.
  const leftOver = Math.max(0, until - Date.parse(point.at));
  watch.points.push(point);
  watch.unwatchedMs += Math.min(point.unwatchedMs + leftOver, lengthMs);
  watch.watchedMs += lengthMs;
  const bad = point.judgements.filter(({ verdict }) => verdict !== 'proceed');
  const found = bad.map(({ criterion, explanation }) => `${criterion}: ${explanation}`).join('; ');
  record(story, `watched: ${point.samples} samples${found === '' ? '' : `; ${found}`}`);
  tell(story, 'watch', { subject: `watched until ${point.at}`, body: found || 'nothing to report' });
  refresh(story);
}

/** A watch that was blind for too long does not end as released by itself. */
async function demandEnoughWatching(story: Story, plan: PlannedWatch): Promise<void> {
  const { watch } = story.status;
  if (watch === null || watch.watchedMs === 0) return;
  const share = watch.unwatchedMs / watch.watchedMs;
  if (share <= plan.maxUnwatched) return;
  const message = `${Math.round(share * 100)} % of the watch was not measured; ${Math.round(plan.maxUnwatched * 100)} % are allowed`;
  await settle(story, watchStep, { cause: 'unknown', failure: { kind: 'unknown', message } });
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
