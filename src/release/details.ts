import { waysToAnswer, whoAnswers } from './answering.ts';
import { endings } from './endings.ts';
import { code, foreignMarkdown, plainText, utf8Length } from './markdown.ts';
import type { Question, ReleaseStatus, RestoredTarget, StepStatus } from './status.ts';
import type { Savepoint } from './target.ts';
import {
  duration,
  moment,
  partsByLevel,
  proved,
  restoreGlyphs,
  restoreWords,
  rows,
  stepGlyphs,
  stepSpanMs,
  stepWords,
} from './wording.ts';

/** Temporal refuses longer details; the summary's limit is 400 bytes. */
const detailsLimit = 20_000;
const summaryLimit = 400;

/** A block of lines; when it does not fit whole, lines are left out and counted. */
type Section = { heading: string | null; lines: string[]; keep: 'first' | 'last' };

/** Fixed line over the release in the Temporal UI, e.g. `shop production v2`; at most 400 bytes. */
export function staticSummary(application: string, environment: string, version: string): string {
  let summary = '';
  for (const character of plainText(`${application} ${environment} ${version}`)) {
    if (utf8Length(summary + character) > summaryLimit) break;
    summary += character;
  }
  return summary;
}

/** Fixed text under the summary: who asked for the release, and the digest of its plan. */
export function staticDetails(input: { requester: string; planDigest: string; previousRunId: string | null }): string {
  const before = input.previousRunId === null ? '' : `\n\nRun before it: ${code(input.previousRunId)}`;
  return `Asked for by **${plainText(input.requester)}**.\n\nPlan: ${code(input.planDigest)}${before}`;
}

/** What the Temporal UI shows of a running release, in Markdown of at most 20,000 bytes. Depends on `status` only. */
export function currentDetails(status: ReleaseStatus): string {
  const sections: Section[] = [headline(status)];
  if (status.question) sections.push(...questionSections(status, status.question));
  sections.push(section('Restored', status.restored.flatMap(restoredLines)));
  sections.push(section('Steps', status.steps.flatMap(stepLines)));
  sections.push({ ...section('Watch', watchLines(status)), keep: 'last' });
  sections.push(section('Savepoints', status.savepoints.map(savepointLine)));
  sections.push({ ...section('Refused messages', refusalLines(status)), keep: 'last' });
  sections.push({
    ...section(
      'Notes',
      status.notes.map((note) => `- ${plainText(note)}`),
    ),
    keep: 'last',
  });
  return withinLimit(sections.filter((each) => each.lines.length > 0));
}

function section(heading: string, lines: string[]): Section {
  return { heading, lines, keep: 'first' };
}

function headline(status: ReleaseStatus): Section {
  const name = plainText(`${status.application} ${status.environment} ${status.version}`);
  const lines = [`**${name}** · ${headlineState(status)} · asked for by ${plainText(status.requester)}`];
  if (status.waitingFor !== null && status.question === null)
    lines.push('', `Waits for ${plainText(status.waitingFor)}`);
  if (status.pausedUntil !== null)
    lines.push('', `Paused until ${moment(status.pausedUntil)}; ${code('savepoint resume')}`);
  if (status.halt !== null) {
    const { kind, by, reason, at } = status.halt;
    lines.push('', `**${kind}** by ${plainText(by)} at ${moment(at)}: ${plainText(reason)}`);
  }
  if (status.failedStep !== null) {
    const why = status.failure === null ? '' : `: ${plainText(status.failure.message, 600)}`;
    lines.push('', `✘ **${plainText(status.failedStep)}** failed${why}`);
    if (status.failure?.remedy) lines.push('', `→ ${plainText(status.failure.remedy, 600)}`);
  }
  if (Object.keys(status.held).length > 0) {
    lines.push(
      '',
      `⚠ Held, so users may be cut off: ${Object.keys(status.held)
        .map((name) => plainText(name))
        .join(', ')}`,
    );
  }
  return { heading: null, lines, keep: 'first' };
}

function headlineState(status: ReleaseStatus): string {
  if (status.outcome === null) return `phase ${code(status.phase)}`;
  return `**${status.outcome}**: ${endings[status.outcome].means} · rows lost: ${rows(status.rowsLost)}`;
}

/** The question first, then each way to answer it; a way is never cut in half. */
function questionSections(status: ReleaseStatus, question: Question): Section[] {
  const silence = question.onSilence === null ? 'people are told again' : `the answer is ${code(question.onSilence)}`;
  const lines = [
    foreignMarkdown(question.why),
    '',
    `Who: ${plainText(whoAnswers(question))} · asked ${moment(question.askedAt)}`,
    question.deadline === null
      ? 'It waits until somebody answers.'
      : `Until ${moment(question.deadline)}; without an answer ${silence}.`,
  ];
  for (const answer of question.answers) {
    lines.push(`- ${plainText(answer.by)} said ${code(answer.choice)} at ${moment(answer.at)}`);
  }
  if (question.owner !== null) lines.push(`- ${plainText(question.owner)} is on it`);
  const ways = waysToAnswer(status, question).map((way) =>
    [
      `**${plainText(way.choice.label)}**`,
      '```sh',
      way.command.replaceAll('```', "'''"),
      '```',
      `or send the signal ${code(way.signal)} with`,
      '```json',
      JSON.stringify(way.body),
      '```',
    ].join('\n'),
  );
  return [
    { heading: `❓ ${plainText(question.text)}`, lines, keep: 'first' },
    { heading: null, lines: ways, keep: 'first' },
  ];
}

function stepLines(step: StepStatus): string[] {
  const took = stepSpanMs(step);
  const words = [
    stepWords[step.state],
    took === null ? null : duration(took),
    step.detail === null ? null : plainText(step.detail),
  ];
  const lines = [
    [
      `- ${stepGlyphs[step.state]} ${plainText(step.id)}`,
      ...words.filter((word) => word !== undefined && word !== null),
    ].join(' · '),
  ];
  if (step.failure) lines.push(`  - ✘ ${plainText(`${step.failure.kind}: ${step.failure.message}`, 600)}`);
  for (const check of step.checks) {
    if (check.status === 'PASS') continue;
    lines.push(`  - ${check.status} ${plainText(check.name)}: ${plainText(check.summary)}`);
  }
  for (const judgement of step.judgements) {
    lines.push(`  - **${judgement.verdict}** ${plainText(judgement.criterion)}: ${plainText(judgement.explanation)}`);
  }
  return lines;
}

function restoredLines(target: RestoredTarget): string[] {
  const words = [restoreWords[target.state]];
  if (target.state === 'restored' || target.state === 'by-hand') words.push(`**${proved(target.proved)}**`);
  if (target.downtimeMs !== null) words.push(`users cut off ${duration(target.downtimeMs)}`);
  if (target.kept !== null) words.push(`kept: ${code(target.kept)}`);
  const lines = [[`- ${restoreGlyphs[target.state]} ${plainText(target.target)}`, ...words].join(' · ')];
  for (const group of target.proof ? partsByLevel(target.proof) : []) {
    lines.push(`  - ${group.level}: ${plainText(group.names.join(', '), 600)}`);
  }
  for (const difference of target.proof?.differences ?? []) {
    const { part, expected, actual } = difference;
    lines.push(
      `  - ✘ ${plainText(part)}: expected ${code(expected ?? 'nothing', 80)}, found ${code(actual ?? 'nothing', 80)}`,
    );
  }
  if (target.failure) lines.push(`  - ✘ ${plainText(`${target.failure.kind}: ${target.failure.message}`, 600)}`);
  return lines;
}

function savepointLine(savepoint: Savepoint): string {
  if (savepoint.absent) return `- ◆ ${plainText(savepoint.target)} · there was nothing before`;
  const held = savepoint.heldMs > 0 ? ` · writers held ${duration(savepoint.heldMs)}` : '';
  const version = savepoint.version === null ? '' : ` · ${plainText(savepoint.version)}`;
  const parts = savepoint.fingerprint.parts.length;
  const covered = parts === 1 ? '1 part' : `${parts} parts`;
  return `- ◆ ${plainText(savepoint.target)}${version} · ${covered} fingerprinted at ${moment(savepoint.takenAt)}${held}`;
}

function watchLines(status: ReleaseStatus): string[] {
  if (status.watch === null) return [];
  const { until, points, unwatchedMs, watchedMs } = status.watch;
  const lines = [`Until ${moment(until)} · watched ${duration(watchedMs)}, not watched ${duration(unwatchedMs)}`];
  for (const point of points) {
    const verdicts = point.judgements.map((each) => `**${each.verdict}** ${plainText(each.explanation)}`);
    const failed = point.checks
      .filter((each) => each.status !== 'PASS')
      .map((each) => `${each.status} ${plainText(each.name)}`);
    lines.push([`- ${moment(point.at)}`, `${point.samples} samples`, ...verdicts, ...failed].join(' · '));
  }
  return lines;
}

function refusalLines(status: ReleaseStatus): string[] {
  return status.refusals.map(
    (refusal) =>
      `- ${moment(refusal.at)} ${code(refusal.message)} by ${plainText(refusal.by)}: ${plainText(refusal.reason)}`,
  );
}

/** Joins sections up to the limit. What is left out is counted, and the command that shows it is named. */
function withinLimit(sections: Section[]): string {
  let text = '';
  for (const [index, each] of sections.entries()) {
    // Room for one line per section that follows, so that every one of them is at least mentioned.
    const room = detailsLimit - utf8Length(text) - 160 * (sections.length - index - 1);
    text += `${text === '' ? '' : '\n\n'}${withinRoom(each, room - 2)}`;
  }
  return text;
}

function withinRoom({ heading, lines, keep }: Section, room: number): string {
  const head = heading === null ? [] : [`### ${heading}`];
  const whole = [...head, ...lines].join('\n');
  if (utf8Length(whole) <= room) return whole;
  const kept: string[] = [];
  let left = room - utf8Length(head.join('\n')) - 120;
  for (const line of keep === 'first' ? lines : lines.toReversed()) {
    left -= utf8Length(line) + 1;
    if (left < 0) break;
    kept.push(line);
  }
  const missing = lines.length - kept.length;
  const more = `- … ${missing} more ${missing === 1 ? 'line' : 'lines'}: ${code('savepoint status')} shows all of them`;
  const shown = keep === 'first' ? [...kept, more] : [more, ...kept.toReversed()];
  return [...head, ...shown].join('\n');
}
