import type { Locator, Page } from 'playwright-core';
import { systemClock } from '../clock.ts';
import type { HeaderValue } from '../http/expectations.schema.ts';
import { boundsProblems, holds, shown, textProblems } from '../http/expectations.ts';
import { addressOf } from '../http/request.ts';
import type { BrowserSpec, BrowserStep, SeenWanted } from './browser.schema.ts';

/** `page`: the one that people see now. `filled`: fields that hold what this check typed. `endsAt`: on the stopwatch of this process. */
export type Visiting = { page: () => Page; spec: BrowserSpec; filled: Locator[]; endsAt: number; signal: AbortSignal };

/** The page is not as it should be. */
export class PageProblem extends Error {
  override name = 'PageProblem';
}

/** What is written in the plan does not say what is meant. */
export class UnclearStep extends Error {
  override name = 'UnclearStep';
}

/** One step as people read it, without what is typed. */
export function stepName({ goto, click, fill, select, press, expect, wait }: BrowserStep): string {
  if (goto !== undefined) return `go to ${URL.canParse(goto) ? addressOf(goto) : goto.replace(/[?#].*/, '')}`;
  if (click !== undefined) return `click ${click}`;
  if (fill !== undefined) return `fill ${Object.keys(fill).join(', ')}`;
  if (select !== undefined) return `select ${Object.keys(select).join(', ')}`;
  if (press !== undefined) return `press ${press}`;
  return expect === undefined ? `wait${wait !== undefined && 'forMs' in wait ? ` ${wait.forMs} ms` : ''}` : 'expect';
}

/**
 * Does one step.
 *
 * @throws PageProblem, UnclearStep, and what playwright throws when the browser is gone
 */
export async function takeStep(step: BrowserStep, visiting: Visiting): Promise<void> {
  const { page, signal } = visiting;
  const { goto, click, fill, select, press, expect, wait } = step;
  if (goto !== undefined) await visitPage(new URL(goto, page().url()).href, visiting);
  if (click !== undefined) await (await find(click, clickable, visiting)).click({ timeout: patience(visiting) });
  for (const [field, value] of Object.entries(fill ?? {})) await fillIn(field, value, visiting);
  for (const [list, choice] of Object.entries(select ?? {})) {
    await (await find(list, fields, visiting)).selectOption(choice, { timeout: patience(visiting) });
  }
  if (press !== undefined) await page().keyboard.press(press);
  if (expect !== undefined) await mustHold(() => seenProblems(page(), expect), visiting);
  if (wait === undefined) return;
  if ('forMs' in wait) await systemClock.sleep(Math.min(wait.forMs, left(visiting)), signal);
  else await mustHold(() => waitProblems(page(), wait), visiting);
}

/** Opens an address and waits until it is loaded, in at most the patience of everything. */
export async function visitPage(url: string, visiting: Visiting): Promise<void> {
  await visiting.page().goto(url, { waitUntil: 'load', timeout: left(visiting) });
}

async function fillIn(field: string, value: string, visiting: Visiting): Promise<void> {
  const found = await find(field, fields, visiting);
  visiting.filled.push(found);
  await found.fill(value, { timeout: patience(visiting) });
}

export function left({ endsAt }: Visiting): number {
  return Math.max(1, Math.ceil(endsAt - performance.now()));
}

export function patience(visiting: Visiting): number {
  return Math.min(visiting.spec.patience, left(visiting));
}

type Ways = (page: Page, name: string) => Locator[];

/** The nearest meaning first. */
const clickable: Ways = (page, name) => [
  page.getByRole('button', { name, exact: true }),
  page.getByRole('link', { name, exact: true }),
  page.getByLabel(name, { exact: true }),
  page.getByText(name, { exact: true }),
  page.getByRole('button', { name }).or(page.getByRole('link', { name })),
  page.getByText(name),
];

const fields: Ways = (page, name) => [
  page.getByLabel(name, { exact: true }),
  page.getByPlaceholder(name, { exact: true }),
  page.locator(`[name=${JSON.stringify(name)}]`),
  page.getByLabel(name),
];

async function find(name: string, ways: Ways, visiting: Visiting): Promise<Locator> {
  const { page, signal } = visiting;
  const isSelector = /^([#.[]|css=)/.test(name);
  const until = performance.now() + patience(visiting);
  for (;;) {
    for (const candidate of isSelector ? [page().locator(name)] : ways(page(), name)) {
      const visible = candidate.filter({ visible: true });
      const found = await visible.count();
      if (found === 1) return visible;
      if (found > 1) throw new UnclearStep(`${found} things on the page are called ${JSON.stringify(name)}`);
    }
    if (performance.now() > until) throw new PageProblem(`the page has nothing called ${JSON.stringify(name)}`);
    await systemClock.sleep(50, signal);
  }
}

/** Looks again until there is no problem left. */
export async function mustHold(problems: () => Promise<string[]>, visiting: Visiting): Promise<void> {
  const until = performance.now() + patience(visiting);
  for (;;) {
    const found = await problems();
    if (found.length === 0) return;
    if (performance.now() > until) throw new PageProblem(found.join('; '));
    await systemClock.sleep(50, visiting.signal);
  }
}

async function seenProblems(page: Page, wanted: SeenWanted): Promise<string[]> {
  const pieces = { text: wanted.text, notText: wanted.notText };
  if (!('selector' in wanted) || wanted.selector === undefined) {
    const url = 'url' in wanted && wanted.url !== undefined ? addressProblems(page.url(), wanted.url) : [];
    return [...textProblems('the page', await textOf(page), pieces), ...url];
  }
  const found = page.locator(wanted.selector).filter({ visible: true });
  const texts = await found.allInnerTexts();
  const counted = boundsProblems(`number of ${wanted.selector}`, texts.length, wanted.count ?? { min: 1 });
  return [...counted, ...textProblems(wanted.selector, texts.join('\n'), pieces)];
}

/** Tokens are often behind the question mark, so it is compared with it and told without. */
function addressProblems(url: string, wanted: HeaderValue): string[] {
  const plain = URL.canParse(url) ? addressOf(url) : url;
  return isAs(url, wanted) ? [] : [`the address is ${plain}, expected ${expectedText(wanted)}`];
}

/** `what`: how people call this text of the page. */
export function partProblems(what: string, actual: string, wanted: HeaderValue): string[] {
  return isAs(actual, wanted) ? [] : [`${what} is ${JSON.stringify(actual)}, expected ${expectedText(wanted)}`];
}

function expectedText(wanted: HeaderValue): string {
  if (wanted === true) return 'one';
  return typeof wanted === 'string' ? wanted : `a match of /${wanted.matches}/`;
}

function isAs(actual: string, wanted: HeaderValue): boolean {
  if (wanted === true) return actual !== '';
  return typeof wanted === 'string' ? actual === wanted : new RegExp(wanted.matches, 'u').test(actual);
}

async function waitProblems(
  page: Page,
  { text, selector, gone }: { text?: string | undefined; selector?: string | undefined; gone: boolean },
): Promise<string[]> {
  const isThere =
    selector === undefined
      ? holds(await textOf(page), text ?? '')
      : (await page.locator(selector).filter({ visible: true }).count()) > 0;
  if (isThere !== gone) return [];
  return [`${selector ?? shown(text ?? '')} is ${gone ? 'still' : 'not'} seen`];
}

/** What people see of the page. A page that is just being exchanged has no text. */
export async function textOf(page: Page): Promise<string> {
  const body = page.locator('body');
  return (await body.allInnerTexts()).join('\n');
}
