import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Asking } from '../../release/check.ts';
import { fileNameOf, hasCode, pathFrom } from '../../targets/shell/files.ts';
import type { Visiting } from './page-steps.ts';

/** Below the records folder; one picture per file, never changed afterwards. */
export const picturesFolder = 'screenshots';

/** Hides what people type, even where nobody calls it a password. */
const typed = 'input[type=password], input[autocomplete=one-time-code], [autocomplete*=password]';

/**
 * Keeps a picture of the window. Passwords, the fields that were filled in and every text that holds a secret of the plan
 * are covered.
 *
 * @returns one line of evidence, also where no picture could be kept
 */
export async function keepPicture(visiting: Visiting, asking: Asking<unknown>): Promise<string> {
  const page = visiting.page();
  const filled = visiting.filled.filter((field) => field.page() === page);
  const { records, home, version } = asking;
  if (records === undefined) return 'no screenshot: there is no records folder';
  // Playwright would wait for a page that never came.
  if (!/^https?:/.test(page.url())) return 'no screenshot: no page was loaded';
  const mask = [page.locator(typed), ...filled, ...(await secretTexts(page, asking))];
  const picture = await page.screenshot({ mask, timeout: 5_000 }).catch(() => null);
  if (picture === null) return 'no screenshot: the page could not be drawn';
  const stamp = new Date().toISOString().replaceAll(':', '-');
  const name = `${stamp}-${fileNameOf(version)}-${randomUUID().slice(0, 8)}.png`;
  const folder = join(pathFrom(home, records), picturesFolder);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${name}.partial`), picture, { flag: 'wx' });
    await rename(join(folder, `${name}.partial`), join(folder, name));
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST')) throw error;
    return 'no screenshot: the records folder cannot be written';
  }
  return `screenshot: ${picturesFolder}/${name} in the records`;
}

async function secretTexts(page: Page, { secrets }: Asking<unknown>): Promise<Locator[]> {
  const known = await secrets?.();
  const forms = new Set((known ?? []).flatMap((secret) => secret.forms));
  return [...forms].filter((form) => form.length >= 4).map((form) => page.getByText(form));
}
