import { endings } from '../release/endings.ts';
import type { ReleaseStatus } from '../release/status.ts';
import { moment, rows } from '../release/wording.ts';
import {
  type Line,
  oneLine,
  otherNotes,
  questionLines,
  refusalLines,
  restoredLines,
  savepointLine,
  stepLines,
} from './lines.ts';

/** How a release stands just now, for a terminal: everything that happened, then what it waits for. */
export function statusLines(status: ReleaseStatus): Line[] {
  const lines: Line[] = [headline(status)];
  lines.push({ tone: 'quiet', text: `  asked for by ${oneLine(status.requester)}, since ${moment(status.startedAt)}` });
  for (const step of status.steps) if (step.state !== 'skipped') lines.push(...stepLines(step));
  const skipped = status.steps.filter((step) => step.state === 'skipped').map((step) => step.id);
  if (skipped.length > 0) lines.push({ tone: 'quiet', text: `– not begun: ${skipped.join(', ')}` });
  for (const savepoint of status.savepoints) lines.push(savepointLine(savepoint));
  for (const target of status.restored) lines.push(...restoredLines(target));
  if (status.watch !== null) {
    lines.push({
      tone: 'plain',
      text: `◎ watched until ${moment(status.watch.until)}, ${status.watch.points.length} points so far`,
    });
  }
  const held = Object.keys(status.held);
  if (held.length > 0) lines.push({ tone: 'bad', text: `⚠ held, so users may be cut off: ${held.join(', ')}` });
  if (status.halt !== null) {
    lines.push({
      tone: 'warn',
      text: `! ${status.halt.kind} by ${oneLine(status.halt.by)}: ${oneLine(status.halt.reason)}`,
    });
  }
  for (const refusal of status.refusals) {
    lines.push({
      tone: 'warn',
      text: `! refused: ${refusal.message} by ${oneLine(refusal.by)}: ${oneLine(refusal.reason)}`,
    });
  }
  if (status.pausedUntil !== null) lines.push({ tone: 'warn', text: `‖ paused until ${moment(status.pausedUntil)}` });
  if (status.handsOff) {
    const { by, until, reason } = status.handsOff;
    const text = `‖ nothing goes back by itself until ${moment(until)}: ${oneLine(by)} is looking: ${oneLine(reason)}`;
    lines.push({ tone: 'warn', text });
  }
  lines.push(...refusalLines(status));
  for (const note of otherNotes(status)) lines.push({ tone: 'plain', text: `  ${oneLine(note)}` });
  if (status.question !== null) lines.push(...questionLines(status, status.question));
  else if (status.waitingFor !== null)
    lines.push({ tone: 'strong', text: `… waits for ${oneLine(status.waitingFor)}` });
  return lines;
}

function headline(status: ReleaseStatus): Line {
  const name = oneLine(`${status.application} ${status.environment} ${status.version}`);
  if (status.outcome === null) return { tone: 'strong', text: `${name}: ${oneLine(status.phase)}` };
  const { means, exitCode } = endings[status.outcome];
  const lost = status.restored.length > 0 || status.rowsLost !== null ? `, rows lost: ${rows(status.rowsLost)}` : '';
  return { tone: exitCode === 0 ? 'good' : 'warn', text: `${name}: ${status.outcome}, ${means}${lost}` };
}
