import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, excerpt, pending } from '../answer.ts';
import { holds, shown } from '../http/expectations.ts';
import { sourcesOf } from '../sources.ts';
import { masked } from './log-lines.ts';
import { type TimedLine, timedLines } from './log-times.ts';
import type { LogsSpec } from './logs.schema.ts';

/** Looks for lines that must be in a log, and for errors that must not. */
export const logs: Check<LogsSpec> = { ask };

async function ask({ spec, home, signal }: Asking<LogsSpec>): Promise<Answer> {
  const sources = await sourcesOf(spec, { home, signal });
  if (sources.length === 0) return pending(`there is no file ${spec.files.join(', ')}`, '', 'check the path');
  const all = sources.flatMap(({ text }) => timedLines(text));
  const unknown = unknownTimes(spec, all);
  if (unknown !== null)
    return pending(unknown, '', 'let the application log times as 2026-03-07T02:15:09Z, or use `after`');
  const recent =
    spec.since === undefined ? all : all.filter(({ atMs }) => Date.now() - (atMs ?? 0) <= (spec.since ?? 0));
  const lines = afterLast(spec, recent);
  if (lines === null)
    return pending(`no line holds ${(spec.after ?? []).map(shown).join(' and ')}`, '', 'see whether it logs there');
  if (lines.length === 0 && !spec.quiet && spec.start.length === 0 && spec.arriving === undefined)
    return pending('there is no line to judge', '', 'see whether it logs there, or allow it with quiet: true');
  return judged(spec, { lines, all, cut: sources.some(({ wholly }) => !wholly) });
}

/** Lines without a time cannot be told from old ones. */
function unknownTimes({ since, arriving }: LogsSpec, all: readonly TimedLine[]): string | null {
  if (since === undefined && arriving === undefined) return null;
  return all.length > 0 && all.every(({ atMs }) => atMs === null) ? 'no line carries a time' : null;
}

function afterLast({ after }: LogsSpec, lines: TimedLine[]): TimedLine[] | null {
  if (after === undefined) return lines;
  const from = lines.findLastIndex(({ text }) => after.every((piece) => holds(text, piece)));
  return from < 0 ? null : lines.slice(from);
}

type Read = { lines: readonly TimedLine[]; all: readonly TimedLine[]; cut: boolean };

function judged(spec: LogsSpec, { lines, all, cut }: Read): Answer {
  const { start, errors, ignore, tolerate } = spec;
  const missing = start.filter((piece) => !lines.some(({ text }) => holds(text, piece)));
  const wrong = lines.filter(
    ({ text }) => errors.some((piece) => holds(text, piece)) && !ignore.some((piece) => holds(text, piece)),
  );
  const many = wrong.length === 0 ? [] : [`${wrong.length} lines are errors, the first: ${lineText(wrong[0])}`];
  const read = `${lines.length} lines looked at${cut ? ', only its last 20 MB' : ''}`;
  return answerOf({
    failures: [
      ...missing.map((piece) => `no line holds ${shown(piece)}`),
      ...arrivingProblems(spec, all),
      ...(wrong.length > tolerate ? many : []),
    ],
    warnings: wrong.length > tolerate ? [] : many,
    seen: [read, ...wrong.slice(0, 3).map(lineText), ...(wrong.length === 0 ? lines.slice(-1).map(lineText) : [])].join(
      '\n',
    ),
    good: errors.length === 0 ? `${read}, nothing is missing` : `${read}, without an error`,
    remedy: 'read the log',
  });
}

function arrivingProblems({ arriving }: LogsSpec, all: readonly TimedLine[]): string[] {
  if (arriving === undefined) return [];
  const newest = Math.max(...all.map(({ atMs }) => atMs ?? 0));
  if (all.length === 0) return ['there is no line'];
  const ageMs = Date.now() - newest;
  return ageMs <= arriving
    ? []
    : [`the newest line is ${Math.round(ageMs / 1000)} s old, expected at most ${arriving / 1000} s`];
}

/** Applications log what they should not. */
function lineText(line: TimedLine | undefined): string {
  return excerpt(masked(line?.text ?? '').replace(/\s+/g, ' '), 160);
}
