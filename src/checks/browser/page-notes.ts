import type { BrowserContext, ConsoleMessage, Request } from 'playwright-core';
import { excerpt } from '../answer.ts';
import { holds } from '../http/expectations.ts';
import { addressOf } from '../http/request.ts';
import type { Found } from '../limits.ts';
import { masked } from '../logs/log-lines.ts';
import type { BrowserSpec } from './browser.schema.ts';

/** One line that people read, and what patterns of the plan are held against. */
type Note = { text: string; matched: string };

/** `isPage`: somebody went there, so it counts on whatever site it is. */
type FailedRequest = Note & { url: string; isPage: boolean };

/** Everything that the pages of one browser said and asked for. `sites`: addresses whose origins are the own site. */
export type PageNotes = {
  errors: Note[];
  warnings: Note[];
  failed: FailedRequest[];
  requests: number;
  sites: string[];
};

/** Begins to note; the first page must be opened afterwards, and where it led added to `sites`. */
export function notesOf(context: BrowserContext, spec: BrowserSpec): PageNotes {
  const sites = [spec.url, ...spec.requests.origins];
  const notes: PageNotes = { errors: [], warnings: [], failed: [], requests: 0, sites };
  const fail = (request: Request, why: string): void => {
    const [method, url] = [request.method(), request.url()];
    const text = `${method} ${plain(url)} ${why}`;
    notes.failed.push({ text, matched: `${method} ${url} ${why}`, url, isPage: isPage(request) });
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
    // Pages throw anything, whatever the typings say.
    const error: unknown = thrown.error();
    notes.errors.push(said(`uncaught ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`));
  });
  context.on('console', (message) => keep(notes, message));
  return notes;
}

function isPage(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame().parentFrame() === null;
  } catch {
    // Playwright has no frame yet for a page that is just being opened.
    return true;
  }
}

function keep({ errors, warnings }: PageNotes, message: ConsoleMessage): void {
  // Chromium repeats every failed request here; those are noted where they fail.
  if (message.type() === 'error' && /^Failed to load resource: /.test(message.text())) return;
  if (message.type() === 'error') errors.push(said(message.text()));
  if (message.type() === 'warning') warnings.push(said(message.text()));
}

function said(text: string): Note {
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
  const own = new Set(notes.sites.filter((url) => URL.canParse(url)).map(originOf));
  const isOwn = ({ url, isPage: went }: FailedRequest): boolean => went || !URL.canParse(url) || own.has(originOf(url));
  add(
    requests.failed,
    failed.filter(isOwn).map(({ text }) => text),
  );
  const errors = notes.errors.filter((note) => counts(note, rules.ignore));
  add(rules.errors, lines(errors, 'console error: '));
  const others = failed.filter((request) => !isOwn(request));
  add(requests.others, lines(others, 'on another site: '));
  const warnings = notes.warnings.filter((note) => counts(note, rules.ignore));
  add(rules.warnings, lines(warnings, 'console warning: '));
  return found;
}
