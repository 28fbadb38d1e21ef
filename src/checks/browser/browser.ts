import type { Browser } from 'playwright-core';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, excerpt, pending } from '../answer.ts';
import { filled, startingValues } from '../flow/flow-values.ts';
import { textProblems } from '../http/expectations.ts';
import { addressOf, addressProblem } from '../http/request.ts';
import { missed } from '../limits.ts';
import type { BrowserSpec } from './browser.schema.ts';
import { openChromium } from './chromium.ts';
import { judgeNotes, notesOf, type PageNotes } from './page-notes.ts';
import { keepPicture } from './page-picture.ts';
import { answerToLostPage } from './page-silence.ts';
import {
  left,
  mustHold,
  PageProblem,
  partProblems,
  stepName,
  takeStep,
  textOf,
  UnclearStep,
  type Visiting,
  visitPage,
} from './page-steps.ts';

/** Opens a page in a real Chromium, does what a person does, and looks at what the page shows, says and asks for. */
export const browser: Check<BrowserSpec> = { ask };

async function ask(asking: Asking<BrowserSpec>): Promise<Answer> {
  const { spec: written, signal, log } = asking;
  signal.throwIfAborted();
  const { value: spec, missing } = withValues(written);
  const unusable = missing.length > 0 ? `nothing gives a value for ${missing.join(', ')}` : addressProblem(spec.url);
  if (unusable !== null) return pending(unusable, '', 'correct the plan or the value that it refers to');
  const endsAt = performance.now() + spec.timeout;
  const { browser: opened, close } = await openChromium(signal, log);
  try {
    return await visited({ ...asking, spec }, opened, endsAt);
  } catch (error) {
    signal.throwIfAborted();
    if (opened.isConnected()) throw error;
    return pending('Chromium ended in the middle', '', 'see whether the worker has enough memory');
  } finally {
    await close();
  }
}

function withValues(spec: BrowserSpec): { value: BrowserSpec; missing: string[] } {
  const known = startingValues(spec.values);
  const { values, ...rest } = spec;
  const { value, missing } = filled(rest, known);
  return { value: { ...value, values }, missing };
}

async function visited(asking: Asking<BrowserSpec>, opened: Browser, endsAt: number): Promise<Answer> {
  const { spec, signal } = asking;
  const context = await opened.newContext({ viewport: spec.viewport });
  const notes = notesOf(context, spec);
  const first = await context.newPage();
  const visiting: Visiting = {
    // People look at the tab that was opened last.
    page: () => context.pages().at(-1) ?? first,
    spec,
    filled: [],
    endsAt,
    signal,
  };
  const lines: string[] = [];
  const answer = await walked(visiting, notes, lines);
  const wanted = spec.screenshot === 'always' || (spec.screenshot === 'failure' && answer.status === 'FAIL');
  const kept = wanted ? await keepPicture(visiting, asking) : null;
  return kept === null ? answer : { ...answer, evidence: `${kept}\n${answer.evidence}` };
}

/** From the first page to the last; the first step that cannot be taken ends it. */
async function walked(visiting: Visiting, notes: PageNotes, lines: string[]): Promise<Answer> {
  const { spec } = visiting;
  const begun = performance.now();
  const first = await taken(`open ${addressOf(spec.url)}`, () => visitPage(spec.url, visiting), { visiting, lines });
  const loadMs = performance.now() - begun;
  // Who asks for http://shop is led to https://www.shop, and that is the site then.
  notes.sites.push(visiting.page().url());
  if (first !== null) return together(first, { visiting, notes, lines, loadMs });
  for (const step of spec.steps) {
    const ended = await taken(stepName(step), () => takeStep(step, visiting), { visiting, lines });
    if (ended !== null) return together(ended, { visiting, notes, lines, loadMs });
  }
  const last = await lastProblems(visiting);
  await settled(visiting);
  return together(last, { visiting, notes, lines, loadMs });
}

/** Some pages never stop loading; what they asked for until then counts. */
async function settled(visiting: Visiting): Promise<void> {
  const { page, spec, signal } = visiting;
  const timeout = Math.min(spec.settle, left(visiting));
  if (timeout > 0)
    await page()
      .waitForLoadState('networkidle', { timeout })
      .catch(() => undefined);
  signal.throwIfAborted();
}

type Going = { visiting: Visiting; lines: string[] };

/** Null when it went well, else what is wrong: an answer where it could not be measured. */
async function taken(
  name: string,
  take: () => Promise<void>,
  { visiting, lines }: Going,
): Promise<string[] | Answer | null> {
  const { spec, signal, page } = visiting;
  try {
    await take();
    lines.push(`✔ ${name}`);
    return performance.now() < visiting.endsAt
      ? null
      : [`it took more than ${spec.timeout} ms, up to and with: ${name}`];
  } catch (error) {
    signal.throwIfAborted();
    lines.push(`✘ ${name}`);
    if (error instanceof PageProblem) return [`${name}: ${error.message}`];
    if (error instanceof UnclearStep)
      return pending(error.message, lines.join('\n'), 'name it by a CSS selector such as #save');
    if (!(error instanceof Error) || page().isClosed()) throw error;
    return await answerToLostPage(name, error, visiting);
  }
}

async function lastProblems(visiting: Visiting): Promise<string[]> {
  const { page, spec } = visiting;
  const { title, text, notText } = spec;
  const problems = async (): Promise<string[]> => [
    ...(title === undefined ? [] : partProblems('the title', await page().title(), title)),
    ...textProblems('the page', await textOf(page()), { text, notText }),
  ];
  try {
    await mustHold(problems, visiting);
    return [];
  } catch (error) {
    if (!(error instanceof PageProblem)) throw error;
    return error.message.split('; ');
  }
}

type Seen = Going & { notes: PageNotes; loadMs: number };

function together(ended: string[] | Answer, { visiting, notes, lines, loadMs }: Seen): Answer {
  if (!Array.isArray(ended)) return ended;
  const { spec } = visiting;
  const slow = missed(
    spec.load,
    (limit) => loadMs > limit,
    (limit) => `the first page took ${Math.round(loadMs)} ms to load, limit ${limit} ms`,
  );
  const noted = judgeNotes(notes, spec);
  const brief = (all: string[]): string[] => all.map((line) => excerpt(line, 200));
  const counts = `${notes.requests} requests, ${notes.failed.length} failed, ${notes.errors.length} console errors`;
  return answerOf({
    failures: brief([...ended, ...noted.failures, ...slow.failures]),
    warnings: brief([...noted.warnings, ...slow.warnings]),
    seen: [`loaded in ${Math.round(loadMs)} ms; ${counts}`, ...lines].join('\n'),
    good: `${addressOf(spec.url)} works in Chromium: loaded in ${Math.round(loadMs)} ms, ${counts}`,
    remedy: 'open the page with the developer tools of a browser, and see the console and the network',
  });
}
