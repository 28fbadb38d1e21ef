import type { Question, ReleaseStatus, RestoredTarget, StepStatus } from '../release/status.ts';
import { duration, moment } from '../release/wording.ts';
import { type Line, oneLine, questionLines, restoredLines, savepointLine, stepLines } from './lines.ts';

/** Sorts after every time. */
const last = '9999';

type Event = { at: string; lines: Line[] };

/**
 * What happened between two answers of the `status` query, oldest first. `before` is null for the first one.
 * Every event is told once: a step when it ends, a question when it opens, a restore when it starts and ends.
 */
export function progress(before: ReleaseStatus | null, now: ReleaseStatus): Line[] {
  const events: Event[] = [
    ...endedSteps(before, now),
    ...newSavepoints(before, now),
    ...movedRestores(before, now),
    ...talk(before, now),
    ...watchPoints(before, now),
    ...notes(before, now),
  ];
  events.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  if (now.question !== null && isNews(before?.question ?? null, now.question)) {
    events.push({ at: now.question.askedAt, lines: questionLines(now, now.question) });
  }
  return events.flatMap((event) => event.lines);
}

/** A question is told when it opens, and again with its commands once it knows what going back would undo. */
function isNews(before: Question | null, question: Question): boolean {
  return before?.id !== question.id || (before.losses === undefined && question.losses !== undefined);
}

/** What goes on just now, for the last line of a terminal; null when nothing runs. `nowIso` is the reader's clock. */
export function running(status: ReleaseStatus, nowIso: string): string | null {
  const restore = status.restored.find((each) => each.state === 'running');
  const step = status.steps.findLast((each) => each.state === 'running');
  const since = restore?.startedAt ?? step?.startedAt ?? null;
  const name = restore ? `restore ${restore.target}` : step?.id;
  if (name === undefined) return status.waitingFor === null ? null : `▸ waits for ${oneLine(status.waitingFor)}`;
  const detail = (restore ? restore.detail : step?.detail) ?? null;
  const words = [
    `▸ ${name}`,
    since === null ? null : duration(Math.max(0, Date.parse(nowIso) - Date.parse(since))),
    detail,
  ];
  return words
    .filter((word) => word !== null)
    .map((word) => oneLine(word))
    .join('  ');
}

/** A step that was skipped never happened, so it is no news. */
const endedStates: readonly StepStatus['state'][] = ['done', 'failed', 'kept', 'by-hand'];

function endedSteps(before: ReleaseStatus | null, now: ReleaseStatus): Event[] {
  return now.steps
    .filter((step) => endedStates.includes(step.state))
    .filter((step) => before?.steps.find((each) => each.id === step.id)?.state !== step.state)
    .map((step) => ({ at: step.endedAt ?? step.startedAt ?? '', lines: stepLines(step) }));
}

function newSavepoints(before: ReleaseStatus | null, now: ReleaseStatus): Event[] {
  return now.savepoints
    .slice(before?.savepoints.length ?? 0)
    .map((savepoint) => ({ at: savepoint.takenAt, lines: [savepointLine(savepoint)] }));
}

function movedRestores(before: ReleaseStatus | null, now: ReleaseStatus): Event[] {
  const quiet: readonly RestoredTarget['state'][] = ['waiting'];
  return now.restored
    .filter((target) => !quiet.includes(target.state))
    .filter((target) => before?.restored.find((each) => each.target === target.target)?.state !== target.state)
    .map((target) => ({ at: target.endedAt ?? target.startedAt ?? '', lines: restoredLines(target) }));
}

/** Answers, refusals and halts: what people said. */
function talk(before: ReleaseStatus | null, now: ReleaseStatus): Event[] {
  const events: Event[] = [];
  const said = (status: ReleaseStatus | null): Question[] =>
    status === null ? [] : [...status.answered, ...(status.question === null ? [] : [status.question])];
  for (const question of said(now)) {
    const known = said(before).find((each) => each.id === question.id)?.answers.length ?? 0;
    for (const { by, choice, at, note } of question.answers.slice(known)) {
      const why = note === null ? '' : ` (${oneLine(note)})`;
      events.push({ at, lines: [{ tone: 'strong', text: `! ${oneLine(by)} said ${choice}${why}` }] });
    }
  }
  for (const refusal of now.refusals.slice(before?.refusals.length ?? 0)) {
    const text = `! refused: ${refusal.message} by ${oneLine(refusal.by)}: ${oneLine(refusal.reason)}`;
    events.push({ at: refusal.at, lines: [{ tone: 'warn', text }] });
  }
  if (now.halt !== null && (before === null || before.halt === null)) {
    const { kind, by, reason, at } = now.halt;
    events.push({ at, lines: [{ tone: 'warn', text: `! ${kind} by ${oneLine(by)}: ${oneLine(reason)}` }] });
  }
  return events;
}

function watchPoints(before: ReleaseStatus | null, now: ReleaseStatus): Event[] {
  if (now.watch === null) return [];
  const events: Event[] = [];
  if (!before?.watch) {
    events.push({
      at: now.watch.points[0]?.at ?? last,
      lines: [{ tone: 'plain', text: `◎ watched until ${moment(now.watch.until)}` }],
    });
  }
  for (const point of now.watch.points.slice(before?.watch?.points.length ?? 0)) {
    const bad = point.judgements.filter((each) => each.verdict !== 'proceed');
    const failed = point.checks.filter((each) => each.status !== 'PASS');
    const words = [
      `◎ watch ${moment(point.at)}`,
      `${point.samples} samples`,
      ...point.judgements.map((each) => `${each.verdict}: ${oneLine(each.explanation)}`),
      ...failed.map((each) => `${each.status} ${each.name}: ${oneLine(each.summary)}`),
    ];
    events.push({
      at: point.at,
      lines: [{ tone: bad.length + failed.length > 0 ? 'warn' : 'quiet', text: words.join('  ') }],
    });
  }
  return events;
}

function notes(before: ReleaseStatus | null, now: ReleaseStatus): Event[] {
  const known = before?.notes.length ?? 0;
  return now.notes
    .slice(known)
    .map((note) => ({ at: now.endedAt ?? last, lines: [{ tone: 'plain', text: `  ${oneLine(note)}` }] }));
}
