import type { Bound } from '../release/loss.ts';
import { UsageError } from './failing.ts';

const remedy = 'Use --up-to 40 for 40 rows in all, or --up-to orders=40,users=2 for each table and none in others.';

/** `40`, or `orders=40,shop.users=2`: rows that may be lost. @throws UsageError for anything else */
export function boundOf(written: string): Bound {
  const whole = rowsOf(written);
  if (whole !== null) return whole;
  const bound = new Map<string, number>();
  for (const part of written.split(',')) {
    const [table = '', count, ...rest] = part.trim().split('=');
    const rows = count === undefined || rest.length > 0 ? null : rowsOf(count);
    const name = table.trim();
    if (name === '' || rows === null) throw new UsageError(`--up-to ${written}: "${part.trim()}" is no bound`, remedy);
    if (bound.has(plain(name))) throw new UsageError(`--up-to ${written}: ${name} is named twice`, remedy);
    bound.set(plain(name), rows);
  }
  return Object.fromEntries(bound);
}

function rowsOf(text: string): number | null {
  const rows = /^\s*\d+\s*$/.test(text) ? Number(text) : null;
  return rows !== null && Number.isSafeInteger(rows) ? rows : null;
}

/** The schema `public` may be left out, so both spellings are one table. */
function plain(table: string): string {
  return table.replace(/^public\./, '');
}
