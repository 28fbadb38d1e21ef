import { excerpt } from '../answer.ts';
import { moment } from '../cloudwatch/aws-answer.ts';
import type { CloudwatchLogsSpec } from '../cloudwatch/cloudwatch-logs.schema.ts';
import { holds, shown } from '../http/expectations.ts';

/** One line of a log. `at`: epoch milliseconds. */
export type Line = { stream: string; at: number; message: string };

/** What was found while a log was read; a few lines are kept, the rest is counted. */
export type Found = {
  lines: number;
  errors: number;
  errorLines: Line[];
  /** Of each piece of `start`, the first line that holds it. */
  startLines: (Line | null)[];
  newest: Line | null;
};

type Wanted = Pick<CloudwatchLogsSpec, 'start' | 'errors' | 'ignore'>;

const keptErrors = 3;

export function nothingFound({ start }: Wanted): Found {
  return { lines: 0, errors: 0, errorLines: [], startLines: start.map(() => null), newest: null };
}

/** Looks at one more line. Lines before `sinceMs` only tell that lines arrive. */
export function note(found: Found, line: Line, { wanted, sinceMs }: { wanted: Wanted; sinceMs: number }): void {
  if (found.newest === null || line.at >= found.newest.at) found.newest = line;
  if (line.at < sinceMs) return;
  found.lines += 1;
  for (const [index, piece] of wanted.start.entries()) {
    if (found.startLines[index] === null && holds(line.message, piece)) found.startLines[index] = line;
  }
  const isError = wanted.errors.some((piece) => holds(line.message, piece));
  if (!isError || wanted.ignore.some((piece) => holds(line.message, piece))) return;
  found.errors += 1;
  if (found.errorLines.length < keptErrors) found.errorLines.push(line);
}

/** Pieces of `start` that no line holds. */
export function missingStarts({ start }: Wanted, { startLines }: Found): string[] {
  return start.filter((_, index) => startLines[index] === null).map(shown);
}

/** Applications log what they should not: whatever looks like a secret or an address of a person is left out. */
const hidden: readonly [pattern: RegExp, by: string][] = [
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '[key]'],
  [/\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g, '[token]'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [hidden]'],
  [/([a-z][a-z0-9+.-]*:\/\/)[^/\s:@]*:[^@\s/]+@/gi, '$1[hidden]@'],
  [
    /((?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|authorization|cookie)\w*["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&}]+)/gi,
    '$1[hidden]',
  ],
  [/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, '[address]'],
];

export function masked(text: string): string {
  return hidden.reduce((left, [pattern, by]) => left.replace(pattern, by), text);
}

/** A line as evidence: when, where, and the beginning of what it says. */
export function evidenceOf({ at, stream, message }: Line): string {
  return `${moment(at)} ${stream} ${excerpt(masked(message).replace(/\s+/g, ' '), 160)}`;
}
