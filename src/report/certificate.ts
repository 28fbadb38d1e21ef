import type { Certificate, DrilledCase, DrilledTarget } from '../release/certificate.ts';
import { caseInWords } from '../release/drill.ts';
import { plainText } from '../release/markdown.ts';
import { duration, proved, rows } from '../release/wording.ts';
import { type Line, oneLine } from './lines.ts';
import { table } from './markdown.ts';
import { alignedTable } from './table.ts';

const head = ['planted failure', 'ending', 'restored', 'proved', 'restore', 'cut off', 'rows lost'];

/** The certificate as a document that keeps its meaning: two spaces, ends with a line feed. */
export function certificateJson(certificate: Certificate): string {
  return `${JSON.stringify(certificate, null, 2)}\n`;
}

/** One line: passed or not, and why not. */
export function certificateStanding({ passed, complete, failure }: Certificate): string {
  if (!passed) return `failed: ${failure ?? 'no reason was recorded'}`;
  return complete ? 'passed: the way back works from every rollback point' : 'passed, but only some cases were drilled';
}

/** For people, with everything that the JSON says. Text of others is escaped. */
export function certificateMarkdown(certificate: Certificate): string {
  const { application, environment, version, cases, targets, untried, notes } = certificate;
  const list = (lines: readonly string[]): string => lines.map((line) => `- ${plainText(line, 1000)}`).join('\n');
  const kept = cases.flatMap(({ restored, tidied }) => [...restored, ...tidied].flatMap((each) => each.kept ?? []));
  const parts = [
    `# Drill of ${plainText(application)} ${plainText(version)} on ${plainText(environment)}`,
    `**${plainText(certificateStanding(certificate), 1000)}**`,
    table(['', ''], facts(certificate)),
    '## Cases',
    table(head, cases.map(caseRow)),
    section('Brought back afterwards', tidiedRows(cases), [
      'planted failure',
      'target',
      'proved',
      'restore',
      'cut off',
    ]),
    '## Before and after',
    table(['target', 'as before', 'differences'], targets.map(targetRow)),
    untried.length === 0 ? '' : `## Not tried\n\n${list(untried.map(caseInWords))}`,
    notes.length === 0 ? '' : `## Notes\n\n${list(notes)}`,
    kept.length === 0 ? '' : `## Kept\n\nA person discards these:\n\n${list(kept)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function facts(certificate: Certificate): string[][] {
  const { digest, planDigest, shape, requester, startedAt, endedAt, complete } = certificate;
  return [
    ['digest', digest ?? '-'],
    ['plan', planDigest],
    ['shape', shape],
    ['asked for by', requester],
    ['from', startedAt],
    ['to', endedAt],
    ['complete', complete ? 'yes' : 'no'],
  ];
}

function caseRow(each: DrilledCase): string[] {
  const { outcome, restored, tookMs, downtimeMs, rowsLost, problem } = each;
  return [
    caseInWords(each),
    problem === null ? (outcome ?? '-') : `FAILED: ${problem}`,
    cells(restored, ({ target, state }) => (state === 'unchanged' ? `${target} (unchanged)` : target)),
    cells(restored, (target) => proved(target.proved)),
    time(tookMs),
    time(downtimeMs),
    rowsLost === null ? '-' : rows(rowsLost),
  ];
}

function tidiedRows(cases: readonly DrilledCase[]): string[][] {
  return cases.flatMap((each) =>
    each.tidied.map((target) => [
      caseInWords(each),
      target.target,
      proved(target.proved),
      time(target.tookMs),
      time(target.downtimeMs),
    ]),
  );
}

function targetRow({ target, same, differences }: Certificate['targets'][number]): string[] {
  const words = differences.map(
    ({ part, expected, actual }) => `${part}: ${expected ?? 'not there'} → ${actual ?? 'not there'}`,
  );
  return [target, same ? 'yes' : 'NO', words.join('; ') || '-'];
}

function section(heading: string, body: string[][], columns: string[]): string {
  return body.length === 0 ? '' : `## ${heading}\n\n${table(columns, body)}`;
}

function cells(targets: readonly DrilledTarget[], show: (target: DrilledTarget) => string): string {
  return targets.map(show).join('; ') || '-';
}

function time(ms: number | null): string {
  return ms === null ? '-' : duration(ms);
}

/** What one case has shown, as it ends. */
export function caseLine(each: DrilledCase): Line {
  const [, ending = '', , , restore, , lost] = caseRow(each);
  if (each.problem !== null) return { tone: 'bad', text: `✗ ${caseInWords(each)}  ${oneLine(each.problem)}` };
  const back = each.restored.map(({ target, proved: level }) => `${target} ${proved(level)}`).join(', ');
  const lostWords = lost === '-' ? '' : `, rows lost: ${lost}`;
  return { tone: 'good', text: `✓ ${caseInWords(each)}  ${ending}: ${oneLine(back)} in ${restore}${lostWords}` };
}

/** The end of a drill in a terminal: the table, what differs, and whether it passed. */
export function certificateLines(certificate: Certificate): Line[] {
  const { cases, targets, passed, notes, untried } = certificate;
  const differing = targets.filter(({ same }) => !same).map((each) => `not as before: ${targetRow(each).join('  ')}`);
  return [
    ...alignedTable(head, cases.map(caseRow))
      .split('\n')
      .map((text): Line => ({ tone: 'plain', text })),
    ...untried.map((each): Line => ({ tone: 'warn', text: `not tried: ${caseInWords(each)}` })),
    ...differing.map((text): Line => ({ tone: 'bad', text: oneLine(text) })),
    ...notes.map((text): Line => ({ tone: 'quiet', text: oneLine(text) })),
    { tone: passed ? 'good' : 'bad', text: `The drill ${oneLine(certificateStanding(certificate))}` },
  ];
}
