import ms, { type StringValue } from 'ms';
import { UsageError } from './failing.ts';

/** "30s", "15m", "2h" → milliseconds, more than 0. @throws UsageError */
export function durationOf(text: string): number {
  const parsed = /^\d+(\.\d+)?\s*(s|m|h)$/.test(text.trim()) ? ms(text.trim() as StringValue) : Number.NaN;
  if (Number.isFinite(parsed) && parsed > 0) return parsed;
  throw new UsageError(`"${text}" is no duration`, 'Write it as 30s, 15m or 2h.');
}
