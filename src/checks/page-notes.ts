import type { BrowserContext, ConsoleMessage, Request } from 'playwright-core';
import { excerpt } from './answer.ts';
import type { BrowserSpec } from './browser.schema.ts';
import { holds } from './expectations.ts';
import type { Found } from './limits.ts';
import { masked } from './log-lines.ts';
import { addressOf } from './request.ts';

/** One line that people read, where it came from, and whether it was the own site. */
type Note = { text: string; matched: string; own: boolean };

/** Everything that the pages of one browser said and asked for. */
export type PageNotes = { errors: Note[]; warnings: Note[]; failed: Note[]; requests: number };

/** Begins to note; the first page must be opened afterwards. `spec.url`: its origin is the own site. */
export function notesOf(context: BrowserContext, spec: BrowserSpec): PageNotes {
  const notes: PageNotes = { errors: [], warnings: [], failed: [], requests: 0 };
  const own = new Set([spec.url, ...spec.requests.origins].filter((url) => URL.canParse(url)).map(originOf));
  const isOwn = (url: string): boolean => !URL.canParse(url) || own.has(originOf(url));
  const fail = (request: Request, why: string): void => {
    const [method, url] = [request.method(), request.url()];
    const text = `${method} ${plain(url)} ${why}`;
    notes.failed.push({ text, matched: `${method} ${url} ${why}`, own: isOwn(url) });
  };
  context.on('request', () => {
    notes.requests += 1;
  });
  context.on('response', (response) => {
    if (response.status() >= 400) fail(response.request(), String(response.status()));
  });
  context.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? 'failed';
    // What a page itself gave up, by going elsewhere or by starting a download, did not fail.
    if (why !== 'net::ERR_ABORTED') fail(request, why);
  });
  context.on('weberror', (thrown) => {
    const error = thrown.error();
    notes.errors.push({ ...said(`uncaught ${error.name}: ${error.message}`), own: true });
  });
  context.on('console', (message) => keep(notes, message, isOwn));
  return notes;
}

function keep({ errors, warnings }: PageNotes, message: ConsoleMessage, isOwn: (url: string) => boolean): void {
  const { url } = message.location();
  // Chromium repeats every failed request here; those are noted where they fail.
  if (message.type() === 'error' && /^Failed to load resource: /.test(message.text())) return;
  const note = { ...said(message.text()), own: isOwn(url) };
  if (message.type() === 'error') errors.push(note);
  if (message.type() === 'warning') warnings.push(note);
}

function said(text: string): Pick<Note, 'text' | 'matched'> {
  return { text: excerpt(masked(text).replace(/\s+/g, ' '), 160), matched: text };
}

function originOf(url: string): string {
  return new URL(url).origin;
}

/** Keys and tokens are often behind the question mark. */
function plain(url: string): string {
  return /^https?:/.test(url) ? addressOf(url) : excerpt(url, 60);
}

/** What of it counts, one line per different message. */
export function judgeNotes(notes: PageNotes, spec: BrowserSpec): Found {
  const found: Found = { failures: [], warnings: [] };
  const add = (meaning: 'fail' | 'warn' | 'ignore', lines: string[]): void => {
    if (meaning !== 'ignore') found[meaning === 'fail' ? 'failures' : 'warnings'].push(...new Set(lines));
  };
  const counts = ({ matched }: Note, ignore: BrowserSpec['console']['ignore']): boolean =>
    !ignore.some((piece) => holds(matched, piece));
  const { console: rules, requests } = spec;
  const failed = notes.failed.filter((note) => counts(note, requests.ignore));
  const lines = (some: Note[], what: string): string[] => some.map(({ text }) => `${what}${text}`);
  add(requests.failed, lines(ownOf(failed, true), ''));
  const errors = notes.errors.filter((note) => counts(note, rules.ignore));
  add(rules.errors, lines(errors, 'console error: '));
  add(requests.others, lines(ownOf(failed, false), 'on another site: '));
  const warnings = notes.warnings.filter((note) => counts(note, rules.ignore));
  add(rules.warnings, lines(warnings, 'console warning: '));
  return found;
}

function ownOf(notes: Note[], own: boolean): Note[] {
  return notes.filter((note) => note.own === own);
}
