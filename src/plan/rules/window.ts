import type { Rule } from './rule.ts';

const knownTimezone: Rule = {
  name: 'known-timezone',
  severity: 'error',
  look: ({ written: { window } }) => {
    if (window === undefined || isTimezone(window.timezone)) return [];
    const message = `${window.timezone} is no time zone`;
    return [{ path: ['window', 'timezone'], message, remedy: 'use an IANA name such as America/New_York' }];
  },
};

function isTimezone(timezone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }) !== null && !/^[+-]/.test(timezone);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const openWindow: Rule = {
  name: 'open-window',
  severity: 'error',
  look: ({ written: { window } }) => {
    if (window === undefined || window.from !== window.to) return [];
    const message = 'the window closes when it opens';
    return [{ path: ['window', 'to'], message, remedy: 'name a later time, or one on the next day' }];
  },
};

const fitsWindow: Rule = {
  name: 'fits-window',
  severity: 'error',
  look: ({ written: { window } }) => {
    if (window === undefined || window.from === window.to) return [];
    const needed = (window.expected ?? 0) + (window.longestRestore ?? 0);
    const open = (minutes(window.to) - minutes(window.from) + 24 * 60) % (24 * 60);
    if (needed <= open * 60 * 1000) return [];
    const message = `the release and its longest restore take ${Math.ceil(needed / 60_000)} min and the window is open for ${open} min`;
    return [{ path: ['window', 'to'], message, remedy: 'open the window longer' }];
  },
};

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(':').map(Number);
  return hours * 60 + rest;
}

export const windowRules: readonly Rule[] = [knownTimezone, openWindow, fitsWindow];
