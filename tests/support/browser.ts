import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Locator, Page } from 'playwright-core';

/** The Temporal UI as people use it: pages, what is written on them, and its own dialogs. Made for UI 2.42. */
export type Run = { workflowId: string; runId: string };
export type Tab = 'history' | 'user-metadata' | 'search-attributes';
export type Panel = 'Summary' | 'Details' | 'Current Details';
export type Dialog = 'Send a Signal' | 'Send an Update';

/** Opens one tab of a release; opening is also how the page is refreshed. */
export async function openRelease(page: Page, uiUrl: string, { workflowId, runId }: Run, tab: Tab): Promise<void> {
  const path = [workflowId, runId].map((part) => encodeURIComponent(part)).join('/');
  await page.goto(`${uiUrl}/namespaces/default/workflows/${path}/${tab}`);
  await page.getByRole('heading', { name: workflowId }).first().waitFor();
}

/** The Markdown of one panel of `user-metadata` as it is rendered, in a frame of its own. */
export function panel(page: Page, name: Panel): Locator {
  const frame = page.locator(`xpath=//h3[normalize-space()="${name}"]/following::iframe[1]`);
  return frame.contentFrame().locator('main');
}

/** What people see: text that is laid out, without what is hidden. */
export async function textOf(locator: Locator): Promise<string> {
  await locator.first().waitFor();
  return (await locator.allInnerTexts()).join('\n');
}

/**
 * Chooses the message in the dialog and types its body as a person would paste it. The dialog stays open with the
 * reason when an update is refused, and closes otherwise.
 */
export async function sendMessage(page: Page, dialog: Dialog, message: { name: string; body: string }): Promise<void> {
  await page.getByRole('button', { name: 'More Actions' }).click();
  await page.getByRole('menuitem', { name: dialog }).click();
  const open = openDialog(page);
  await open.getByRole('button', { name: /Select an? / }).click();
  await option(open, message.name).click();
  if (message.body !== '') {
    await open.getByRole('textbox').last().click();
    await page.keyboard.insertText(message.body);
  }
  await open.getByRole('button', { name: 'Submit' }).click();
}

/** One choice of the open dialog's list; its text has a description below the name. */
export function option(dialog: Locator, name: string): Locator {
  const title = dialog.page().getByText(name, { exact: true });
  return dialog.getByRole('option').filter({ has: title });
}

/** The page keeps a closed copy of each dialog for narrow windows. */
export function openDialog(page: Page): Locator {
  return page.locator('dialog[open]');
}

export async function dialogClosed(page: Page): Promise<void> {
  await openDialog(page).waitFor({ state: 'detached' });
}

export async function requestCancellation(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Request Cancellation' }).click();
  await openDialog(page).getByRole('button', { name: 'Confirm' }).click();
  await dialogClosed(page);
}

/** Puts search attributes into the table of workflows, which this browser then remembers. */
export async function addColumns(page: Page, uiUrl: string, names: readonly string[]): Promise<void> {
  await page.goto(`${uiUrl}/namespaces/default/workflows`);
  await page.getByTestId('workflows-summary-table-configuration-button').click();
  for (const name of names) await page.getByRole('button', { name: `Add ${name} column` }).click();
  await page.getByRole('button', { name: 'Close Workflows Table configuration' }).click();
}

/** One row of the table of workflows: header of each column → its text. */
export async function rowOf(page: Page, workflowId: string): Promise<Record<string, string>> {
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: workflowId, exact: true }) });
  await row.first().waitFor();
  const heads = await page.getByRole('columnheader').allInnerTexts();
  const cells = await row.first().getByRole('cell').allInnerTexts();
  const offset = cells.length - heads.length;
  return Object.fromEntries(heads.map((head, index) => [head.trim(), (cells[index + offset] ?? '').trim()]));
}

/** Pictures for the docs are only written when they are asked for. */
export const takesPictures = process.env.SAVEPOINT_SCREENSHOTS === '1';

export const pictureWindow = { width: 1400, height: 1200 };

/** One panel of `user-metadata` with its heading, `height` pixels of it. */
export async function takePictureOfPanel(page: Page, name: Panel, to: { file: string; height: number }): Promise<void> {
  if (!takesPictures) return;
  mkdirSync(dirname(to.file), { recursive: true });
  const box = await page.getByRole('heading', { name, exact: true }).boundingBox();
  if (box === null) throw new Error(`there is no ${name} on this page`);
  const [x, y] = [box.x - 20, box.y - 10];
  await page.screenshot({ path: to.file, clip: { x, y, width: pictureWindow.width - x, height: to.height } });
}

export async function takePictureOf(locator: Locator, file: string): Promise<void> {
  if (!takesPictures) return;
  mkdirSync(dirname(file), { recursive: true });
  await locator.screenshot({ path: file });
}
