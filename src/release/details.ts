import { lossesInWords, type WayToAnswer, waysToAnswer, whoAnswers } from './answering.ts';
import { endings } from './endings.ts';
import { fateInWords } from './loss.ts';
import { code, codeBlock, plainText, prose, utf8Length } from './markdown.ts';
import { joined, type Section, section } from './sections.ts';
import type { Question, Refusal, ReleaseStatus, RestoredTarget, StepStatus } from './status.ts';
import type { Savepoint } from './target.ts';
import {
  duration,
  moment,
  partsByLevel,
  proved,
  restoreGlyphs,
  restoreWords,
  rows,
  samplesInWords,
  stepGlyphs,
  stepSpanMs,
  stepWords,
} from './wording.ts';

/** Temporal refuses longer details; the summary's limit is 400 bytes. */
const detailsLimit = 20_000;
const summaryLimit = 400;

/** Fixed line over the release in the Temporal UI, e.g. `shop production v2`; at most 400 bytes. */
export function staticSummary(application: string, environment: string, version: string): string {
  let summary = '';
  for (const character of plainText(`${application} ${environment} ${version}`)) {
    if (utf8Length(summary + character) > summaryLimit) break;
    summary += character;
  }
  return summary;
}

/** Fixed text under the summary, in a frame that shows three lines: who asked, of which plan, after which run. */
export function staticDetails(input: { requester: string; planDigest: string; previousRunId: string | null }): string {
  const lines = [`Asked for by **${plainText(input.requester)}**`, `Plan as written: ${code(input.planDigest, 13)}`];
  if (input.previousRunId !== null) lines.push(`Run before it: ${code(input.previousRunId)}`);
  return lines.join('\\\n');
}

/** What the Temporal UI shows of a running release, in Markdown of at most 20,000 bytes. Depends on `status` only. */
export function currentDetails(status: ReleaseStatus): string {
  const { question } = status;
  // Who has just sent a wrong answer looks for what became of it where the question is.
  const fresh = status.refusals.filter(({ at }) => question !== null && at >= question.askedAt);
  const older = status.refusals.filter((refusal) => !fresh.includes(refusal));
  const notes = status.notes.map((note) => `- ${plainText(note)}`);
  const sections = [
    headline(status),
    section('Refused just now', fresh.map(refusalLine), 'last'),
    ...(question === null ? [] : questionSections(status, question)),
    section('Restored', status.restored.flatMap(restoredLines)),
    section('Notes', notes, 'last'),
    section('Steps', allStepLines(status)),
    section('Watch', watchLines(status), 'last'),
    section('Savepoints', status.savepoints.map(savepointLine)),
    section('Refused messages', older.map(refusalLine), 'last'),
  ];
  return joined(
    sections.filter((each) => each.lines.length > 0),
    detailsLimit,
  );
}

function headline(status: ReleaseStatus): Section {
  const name = plainText(`${status.application} ${status.environment} ${status.version}`);
  const lines = [`**${name}** · ${headlineState(status)} · asked for by ${plainText(status.requester)}`];
  if (status.waitingFor !== null && status.question === null)
    lines.push('', `Waits for ${plainText(status.waitingFor)}`);
  if (status.pausedUntil !== null)
    lines.push('', `Paused until ${moment(status.pausedUntil)}; ${code('savepoint resume')}`);
  if (status.handsOff) {
    const { by, until, reason } = status.handsOff;
    const looking = `${plainText(by)} is looking: ${plainText(reason)}; ${code('savepoint resume')}`;
    lines.push('', `Nothing goes back by itself until ${moment(until)}: ${looking}`);
  }
  if (status.halt !== null) {
    const { kind, by, reason, at } = status.halt;
    lines.push('', `**${kind}** by ${plainText(by)} at ${moment(at)}: ${plainText(reason)}`);
  }
  if (status.failedStep !== null) {
    const why = status.failure === null ? '' : `: ${plainText(status.failure.message, 600)}`;
    lines.push('', `✘ **${plainText(status.failedStep)}** failed${why}`);
    // A question about the failure shows what was seen itself.
    if (status.failure?.evidence && status.question === null) {
      lines.push('', codeBlock('text', status.failure.evidence, 600));
    }
    if (status.failure?.remedy) lines.push('', `→ ${plainText(status.failure.remedy, 600)}`);
  }
  if (Object.keys(status.held).length > 0) {
    lines.push(
      '',
      `⚠ Held${status.heldSince ? ` since ${moment(status.heldSince)}` : ''}, so users may be cut off: ${Object.keys(
        status.held,
      )
        .map((name) => plainText(name))
        .join(', ')}`,
    );
  }
  return section(null, lines);
}

function headlineState(status: ReleaseStatus): string {
  if (status.outcome === null) return `phase ${code(status.phase)}`;
  // Only what replaced something with data, which is kept, can have lost some.
  const replacedData = status.restored.some(({ kept }) => kept !== null);
  const lost = replacedData || status.rowsLost !== null ? ` · rows lost: ${rows(status.rowsLost)}` : '';
  return `**${status.outcome}**: ${endings[status.outcome].means}${lost}`;
}

const howToAnswer =
  'Answer with a command in a terminal, or on this page: **More Actions** → **Send an Update** or **Send a Signal**, choose the name, paste the data.';

/** The question first, then each way to answer it; a way is never cut in half. */
function questionSections(status: ReleaseStatus, question: Question): Section[] {
  const silence = question.onSilence === null ? 'people are told again' : `the answer is ${code(question.onSilence)}`;
  const until =
    question.deadline === null
      ? 'It waits until somebody answers.'
      : `Until ${moment(question.deadline)}; without an answer ${silence}.`;
  const who = `Who: ${plainText(whoAnswers(question))} · asked ${moment(question.askedAt)}`;
  const losses = lossesInWords(question).map((each) => `- ${plainText(each, 1000)}`);
  const lines = ['', ...prose(question.why), ...(losses.length > 0 ? ['', ...losses] : []), '', who, '', until];
  const answers = question.answers.map(
    ({ by, choice, at }) => `- ${plainText(by)} said ${code(choice)} at ${moment(at)}`,
  );
  if (question.owner !== null) answers.push(`- ${plainText(question.owner)} is on it`);
  if (answers.length > 0) lines.push('', ...answers);
  const ways = waysToAnswer(status, question).map(wayLines);
  return [section(plainText(question.text), lines), section(null, [howToAnswer, '', ...ways])];
}

/** Half a command or half a body helps nobody. */
const whole = Number.POSITIVE_INFINITY;

/** The data is written over several lines, as the dialogs of the UI write it: wide lines are cut off there. */
function wayLines({ choice, command, signal, body }: WayToAnswer): string {
  return [
    `**${plainText(choice.label)}**`,
    codeBlock('sh', overLines(command), whole),
    `or ${code(signal)} with`,
    codeBlock('json', JSON.stringify(body, null, 2), whole),
  ].join('\n');
}

const widestCommand = 66;

/** What is wider than the panel is cut off there; a shell reads on after a backslash, unless it is quoted. */
function overLines(command: string): string {
  if (command.length <= widestCommand) return command;
  const [first, ...options] = command.split(/ (?=--[a-z-]+ )/);
  const lines = [first ?? ''];
  for (const option of options) {
    const last = lines.at(-1) ?? '';
    const isQuoted = (lines.join('').split("'").length - 1) % 2 === 1;
    if (isQuoted || last.length + option.length < widestCommand) lines[lines.length - 1] = `${last} ${option}`;
    else lines.push(`  ${option}`);
  }
  return lines.join(' \\\n');
}

/** Steps that ran one by one; the others in one line, since nothing is known of them but their order. */
function allStepLines({ steps }: ReleaseStatus): string[] {
  const told = ({ state, detail }: StepStatus) => state !== 'waiting' && (state !== 'skipped' || detail !== null);
  const lines = steps.filter(told).flatMap(stepLines);
  const untold = (state: 'waiting' | 'skipped', words: string): string[] => {
    const ids = steps.filter((step) => step.state === state && !told(step)).map(({ id }) => id);
    return ids.length === 0 ? [] : [`- ${stepGlyphs[state]} ${words}: ${plainText(ids.join(' → '), 2000)}`];
  };
  return [...lines, ...untold('skipped', 'never ran'), ...untold('waiting', 'still to come')];
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
    if (check.status === 'PASS' || step.failure?.message === `${check.name}: ${check.summary}`) continue;
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
  if (target.downtimeMs !== null) {
    words.push(target.downtimeMs === 0 ? 'nobody was cut off' : `users cut off ${duration(target.downtimeMs)}`);
  }
  if (target.kept !== null) words.push(`kept: ${code(target.kept)}`);
  const lines = [[`- ${restoreGlyphs[target.state]} ${plainText(target.target)}`, ...words].join(' · ')];
  for (const group of target.proof ? partsByLevel(target.proof) : []) {
    // A part that is called like its level adds nothing to what the line above says.
    if (group.names.every((name) => name === group.level)) continue;
    lines.push(`  - ${group.level}: ${plainText(group.names.join(', '), 600)}`);
  }
  const fate = fateInWords(target.loss, target.carried);
  if (fate !== null) lines.push(`  - ${plainText(fate, 600)}`);
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
  const lines = [`Until ${moment(until)} · watched ${duration(watchedMs)}, not watched ${duration(unwatchedMs)}`, ''];
  for (const point of points) {
    const verdicts = point.judgements.map((each) => `**${each.verdict}** ${plainText(each.explanation)}`);
    const failed = point.checks
      .filter((each) => each.status !== 'PASS')
      .map((each) => `${each.status} ${plainText(each.name)}`);
    lines.push([`- ${moment(point.at)}`, samplesInWords(point), ...verdicts, ...failed].join(' · '));
  }
  return lines;
}

function refusalLine({ at, message, by, reason }: Refusal): string {
  return `- ${moment(at)} ${code(message)} by ${plainText(by)}: ${plainText(reason)}`;
}
