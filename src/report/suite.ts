import type { CheckResult, CheckStatus } from '../release/check.ts';
import { byGroup, countsOf, type Standing, standingOf, statuses } from '../release/suite.ts';
import { duration, moment } from '../release/wording.ts';
import { type Line, oneLine } from './lines.ts';
import { table } from './markdown.ts';

/** One run of the suite. Times are ISO 8601. */
export type SuiteRun = {
  application: string;
  environment: string;
  /** Null where none was named. */
  version: string | null;
  startedAt: string;
  endedAt: string;
  results: CheckResult[];
};

const marks: Record<CheckStatus, { mark: string; tone: Line['tone'] }> = {
  PASS: { mark: '✔', tone: 'good' },
  WARN: { mark: '!', tone: 'warn' },
  FAIL: { mark: '✘', tone: 'bad' },
  PENDING: { mark: '?', tone: 'warn' },
};

/** A line for a check that has ended: its result, and where it is not good what was seen and what to do. */
export function checkLines(result: CheckResult): Line[] {
  const { status, name, summary, evidence, remedy, durationMs, attested } = result;
  const { mark, tone } = marks[status];
  const took = durationMs > 0 ? `  ${duration(durationMs)}` : '';
  const optional = !result.critical && status !== 'PASS' ? ' (not required)' : '';
  const lines: Line[] = [
    { tone, text: `  ${mark} ${status.padEnd(7)} ${oneLine(name)}${optional}: ${oneLine(summary)}${took}` },
  ];
  if (attested !== undefined) lines.push({ tone: 'plain', text: `      attested: ${attestedInWords(result)}` });
  if (status === 'PASS') return lines;
  const seen = evidence.split('\n').filter((line) => line.trim() !== '');
  lines.push(...seen.map((line): Line => ({ tone: 'quiet', text: `      ${oneLine(line)}` })));
  if (remedy !== undefined) lines.push({ tone: 'plain', text: `      → ${oneLine(remedy)}` });
  return lines;
}

function attestedInWords({ attested }: CheckResult): string {
  if (attested === undefined) return '-';
  const note = attested.note === undefined ? '' : `: ${attested.note}`;
  return oneLine(`${attested.by} at ${moment(attested.at)}${note}`);
}

const meaning: Record<Standing, string> = {
  ready: 'nothing blocks',
  open: 'blocked until a person attests what could not be asked',
  blocked: 'blocked: see to every FAIL',
};

const tones: Record<Standing, Line['tone']> = { ready: 'good', open: 'warn', blocked: 'bad' };

/** The whole run for people, group by group, with a closing line. */
export function suiteLines(run: SuiteRun): Line[] {
  const groups = byGroup(run.results).flatMap(({ group, results }): Line[] => [
    { tone: 'strong', text: group ?? 'checks' },
    ...results.flatMap(checkLines),
  ]);
  const standing = standingOf(run.results);
  return [...groups, { tone: tones[standing], text: `■ ${countsInWords(run.results)}: ${meaning[standing]}` }];
}

function countsInWords(results: readonly CheckResult[]): string {
  const counts = countsOf(results);
  const words = statuses.filter((status) => counts[status] > 0).map((status) => `${counts[status]} ${status}`);
  return words.length === 0 ? 'no checks' : words.join(', ');
}

/** The go-live dashboard: every result with its evidence, how long it took and how to fix it. */
export function suiteMarkdown(run: SuiteRun): string {
  const { results } = run;
  const standing = standingOf(results);
  const version = run.version === null ? '' : ` ${run.version}`;
  const overview = byGroup(results).map(({ group, results: some }) => {
    const counts = countsOf(some);
    return [group ?? '-', words[standingOf(some)], ...statuses.map((status) => String(counts[status]))];
  });
  const parts = [
    `# Go-live: ${run.application} ${run.environment}${version}`,
    `**${words[standing]}** · ${countsInWords(results)} · ${meaning[standing]} · ${moment(run.endedAt)}`,
    table(['group', 'stands', ...statuses], overview),
    ...byGroup(results).map(groupMarkdown),
  ];
  return `${parts.join('\n\n')}\n`;
}

const words: Record<Standing, string> = { ready: 'READY', open: 'PERSON NEEDED', blocked: 'BLOCKED' };

function groupMarkdown({ group, results }: { group: string | null; results: CheckResult[] }): string {
  const rows = results.map((result) => {
    const { status, name, summary, evidence, durationMs, remedy, critical } = result;
    const attested = result.attested === undefined ? '' : `; attested by ${attestedInWords(result)}`;
    const fix = status === 'PASS' ? '-' : (remedy ?? '-');
    const required = critical ? '' : ' (not required)';
    return [status, `${name}${required}`, `${summary}${attested}`, evidence || '-', duration(durationMs), fix];
  });
  return `## ${group ?? 'checks'}\n\n${table(['result', 'check', 'what was found', 'evidence', 'took', 'how to fix it'], rows)}`;
}
