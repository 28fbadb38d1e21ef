import { DateTime } from 'luxon';
import type { ReleaseWindow } from '../release/plan.ts';
import type { WindowAnswer, WindowInput } from './inputs.ts';

/** A window recurs weekly, so the next one starts within eight days of the one before. */
const daysToLookAt = 9;

/**
 * The window that is open at `nowMs`, else the next one. A release starts only while what it needs still fits, so the
 * window closes for it that much earlier. Zones and summer time are luxon's business.
 */
export async function openWindow({ window, nowMs }: WindowInput): Promise<WindowAnswer> {
  const now = DateTime.fromMillis(nowMs, { zone: window.timezone });
  for (let day = -1; day < daysToLookAt; day += 1) {
    const date = now.plus({ days: day });
    if (!window.days.includes(date.weekday)) continue;
    const opens = at(date, window.from);
    const closes = closing(date, window).minus(window.neededMs ?? 0);
    if (closes.toMillis() > nowMs) return { opensAtMs: opens.toMillis(), closesAtMs: closes.toMillis() };
  }
  throw new RangeError(`no window within ${daysToLookAt} days`);
}

function closing(date: DateTime, { from, to }: ReleaseWindow): DateTime {
  return at(to <= from ? date.plus({ days: 1 }) : date, to);
}

function at(date: DateTime, time: string): DateTime {
  const [hour, minute] = time.split(':').map(Number);
  return date.set({ hour: hour ?? 0, minute: minute ?? 0, second: 0, millisecond: 0 });
}
