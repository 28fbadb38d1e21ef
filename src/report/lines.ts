import { lossesInWords, waysToAnswer, whoAnswers } from '../release/answering.ts';
import { endings } from '../release/endings.ts';
import { fateInWords } from '../release/loss.ts';
import type { Question, ReleaseResult, ReleaseStatus, RestoredTarget, StepStatus } from '../release/status.ts';
import type { Savepoint } from '../release/target.ts';
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
} from '../release/wording.ts';

/** One line of terminal text. The command line paints it by `tone`; without colour it is printed as it is. */
export type Line = { tone: 'good' | 'bad' | 'warn' | 'quiet' | 'plain' | 'strong'; text: string };

/** Text of others on one line, without the control characters that could move a terminal's cursor. */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim();
}

function line(tone: Line['tone'], text: string): Line {
  return {
    tone,
    text: text
      .split('\n')
      .map((each) => each.replace(/\p{Cc}/gu, ''))
      .join('\n'),
  };
}

const stepTones: Record<StepStatus['state'], Line['tone']> = {
  waiting: 'quiet',
  running: 'plain',
  done: 'good',
  failed: 'bad',
  skipped: 'quiet',
  kept: 'warn',
  'by-hand': 'good',
};

/** A step with its time, what came out of it, and every check or measurement that did not simply pass. */
export function stepLines(step: StepStatus): Line[] {
  const took = stepSpanMs(step);
  const words = [
    step.id,
    took === null ? null : duration(took),
    stepWords[step.state] ?? null,
    step.detail === null ? null : oneLine(step.detail),
  ];
  const lines = [
    line(stepTones[step.state], `${stepGlyphs[step.state]} ${words.filter((word) => word !== null).join('  ')}`),
  ];
  if (step.failure) {
    lines.push(line('bad', `    ${step.failure.kind}: ${oneLine(step.failure.message)}`));
    if (step.failure.evidence) lines.push(...indented('quiet', step.failure.evidence));
    if (step.failure.remedy) lines.push(line('plain', `    → ${oneLine(step.failure.remedy)}`));
  }
  for (const check of step.checks) {
    if (check.status === 'PASS') continue;
    lines.push(
      line(check.status === 'FAIL' ? 'bad' : 'warn', `    ${check.status} ${check.name}: ${oneLine(check.summary)}`),
    );
    if (check.remedy) lines.push(line('plain', `    → ${oneLine(check.remedy)}`));
  }
  for (const judged of step.judgements) {
    const tone = judged.verdict === 'proceed' ? 'quiet' : judged.verdict === 'roll back' ? 'bad' : 'warn';
    lines.push(line(tone, `    ${judged.verdict}: ${judged.criterion}: ${oneLine(judged.explanation)}`));
  }
  return lines;
}

function indented(tone: Line['tone'], text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .slice(0, 12)
    .map((each) => line(tone, `    ${each.trimEnd()}`));
}

/** What was recorded of a target, and how long its writers were held for it. */
export function savepointLine(savepoint: Savepoint): Line {
  if (savepoint.absent) return line('plain', `◆ savepoint ${savepoint.target}  there was nothing before`);
  const levels = partsByLevel({ level: 'unproved', parts: savepoint.fingerprint.parts, differences: [] });
  const covers = levels.map((group) => `${group.level} of ${group.names.length}`).join(', ');
  const held = savepoint.heldMs > 0 ? `  writers held ${duration(savepoint.heldMs)}` : '';
  const version = savepoint.version === null ? '' : `  ${oneLine(savepoint.version)}`;
  return line('plain', `◆ savepoint ${savepoint.target}${version}  fingerprint: ${covers || 'nothing'}${held}`);
}

/** A restored target with the level of proof, per part, and what differs where the proof failed. */
export function restoredLines(target: RestoredTarget): Line[] {
  const done = target.state === 'restored' || target.state === 'by-hand';
  const words = [`${restoreWords[target.state]}: ${target.target}`];
  if (done) words.push(proved(target.proved));
  if (target.downtimeMs !== null) words.push(`users cut off ${duration(target.downtimeMs)}`);
  if (target.kept !== null) words.push(`kept: ${oneLine(target.kept)}`);
  const tone =
    target.state === 'failed' ? 'bad' : done && target.proved !== 'unproved' ? 'good' : done ? 'warn' : 'plain';
  const lines = [line(tone, `${restoreGlyphs[target.state]} ${words.join('  ')}`)];
  for (const group of target.proof ? partsByLevel(target.proof) : []) {
    lines.push(line('quiet', `    ${group.level}: ${oneLine(group.names.join(', '))}`));
  }
  for (const { part, expected, actual } of target.proof?.differences ?? []) {
    lines.push(
      line(
        'bad',
        `    differs: ${part}: expected ${oneLine(expected ?? 'nothing')}, found ${oneLine(actual ?? 'nothing')}`,
      ),
    );
  }
  const fate = fateInWords(target.loss, target.carried);
  if (fate !== null) lines.push(line(target.loss?.rows === 0 ? 'quiet' : 'warn', `    ${oneLine(fate)}`));
  if (target.failure) {
    lines.push(line('bad', `    ${target.failure.kind}: ${oneLine(target.failure.message)}`));
    if (target.failure.remedy) lines.push(line('plain', `    → ${oneLine(target.failure.remedy)}`));
  }
  return lines;
}

/** A question with the command for each answer. */
export function questionLines(status: ReleaseStatus, question: Question): Line[] {
  const lines = [line('strong', `? ${oneLine(question.text)}`), ...indented('quiet', question.why)];
  for (const loss of lossesInWords(question)) lines.push(line('warn', `    ${oneLine(loss)}`));
  lines.push(line('plain', `    who: ${oneLine(whoAnswers(question))}`));
  if (question.deadline !== null) {
    const silence = question.onSilence === null ? 'people are told again' : `the answer is "${question.onSilence}"`;
    lines.push(line('plain', `    until ${moment(question.deadline)}; without an answer ${silence}`));
  }
  for (const answer of question.answers) lines.push(line('plain', `    ${answer.by} said ${answer.choice}`));
  for (const way of waysToAnswer(status, question)) {
    lines.push(line('plain', `    ${oneLine(way.choice.label)}`), line('strong', `      ${way.command}`));
  }
  return lines;
}

/** What kept a release from its first step, and what to do: no step tells it. */
export function refusalLines({ failedStep, failure }: Pick<ReleaseResult, 'failedStep' | 'failure'>): Line[] {
  if (failedStep !== null || failure === null) return [];
  const lines = [line('plain', `    ${failure.kind}: ${oneLine(failure.message)}`)];
  if (failure.remedy) lines.push(line('plain', `    → ${oneLine(failure.remedy)}`));
  return lines;
}

/** Notes that are not the refusal itself. */
export function otherNotes({ notes, failure }: Pick<ReleaseResult, 'notes' | 'failure'>): string[] {
  return notes.filter((note) => note !== failure?.message);
}

/** How a release ended, in a few lines. */
export function resultLines(result: ReleaseResult): Line[] {
  const { exitCode, means } = endings[result.outcome];
  const tone = exitCode === 0 ? 'good' : exitCode === 4 ? 'bad' : 'warn';
  const head = `${result.application} ${result.environment} ${result.version}: ${result.outcome}`;
  const lines = [line(tone, `■ ${head}  ${means}  ${duration(result.durationMs)}`)];
  if (result.failedStep !== null) {
    const why = result.failure === null ? '' : `: ${oneLine(result.failure.message)}`;
    lines.push(line('plain', `    failed: ${result.failedStep}${why}`));
  }
  for (const each of result.restored) {
    const kept = each.kept === null ? '' : `  kept: ${oneLine(each.kept)}`;
    lines.push(line('plain', `    restored: ${each.target}  ${proved(each.proved)}${kept}`));
  }
  if (result.stays.length > 0) lines.push(line('bad', `    stays as released: ${result.stays.join(', ')}`));
  if (result.restored.length > 0 || result.rowsLost !== null) {
    lines.push(line('plain', `    rows lost: ${rows(result.rowsLost)}, users cut off: ${duration(result.downtimeMs)}`));
  }
  if (result.decidedBy !== null) {
    const { by, choice, reason } = result.decidedBy;
    lines.push(line('plain', `    decided by ${by}: ${choice}${reason === null ? '' : ` (${oneLine(reason)})`}`));
  }
  lines.push(...refusalLines(result));
  for (const note of otherNotes(result)) lines.push(line('plain', `    ${oneLine(note)}`));
  return lines;
}
