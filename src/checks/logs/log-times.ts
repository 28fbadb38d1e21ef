import { DateTime } from 'luxon';

/** A line of a log. `atMs`: epoch milliseconds; a line without a time has that of the line before it, null without any. */
export type TimedLine = { text: string; atMs: number | null };

/** Lines with their times: ISO 8601 anywhere near their beginning, or `time`, `timestamp`, `ts` or `@timestamp` in JSON. */
export function timedLines(text: string): TimedLine[] {
  let last: number | null = null;
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      last = timeOf(line) ?? last;
      return { text: line, atMs: last };
    });
}

const iso = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?/;
const inJson = /"(?:time|timestamp|ts|@timestamp)"\s*:\s*(?:"([^"]+)"|(\d{10,13}(?:\.\d+)?))/;
const furthest = 80;

function timeOf(line: string): number | null {
  const [, text, number] = line.startsWith('{') ? (inJson.exec(line) ?? []) : [];
  if (number !== undefined) return Number(number) * (Number(number) < 1e11 ? 1000 : 1);
  const written = text ?? iso.exec(line.slice(0, furthest))?.[0];
  return written === undefined ? null : momentOf(written);
}

/** Epoch milliseconds of a time as people write it; without a zone it is that of the worker. Null for what is none. */
export function momentOf(written: string): number | null {
  if (/^\d{10}(\.\d+)?$/.test(written)) return Number(written) * 1000;
  if (/^\d{13}$/.test(written)) return Number(written);
  const tidy = written
    .trim()
    .replace(',', '.')
    .replace(/ ?UTC$/, 'Z')
    .replace(/^(\S+) (?=\d)/, '$1T')
    .replace(/ (?=[+-]|Z)/, '');
  const parsed = DateTime.fromISO(tidy);
  return parsed.isValid ? parsed.toMillis() : null;
}
