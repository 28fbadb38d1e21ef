import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { chromiumFlags, findChromium } from '../../checks/browser/chromium.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Log } from '../../release/target.ts';

export type PageBrowser = { port: number; context: BrowserContext };

/**
 * Opens a Chromium with an empty profile and a port of its own choice that Lighthouse speaks to, and ends it after `use`.
 * It hangs on a pipe of this process, so none stays behind, however this process ends.
 *
 * @throws TargetFailure `not-found` where there is none, `failed` where it does not start
 */
export async function withBrowser<T>(log: Log, use: (browser: PageBrowser) => Promise<T>): Promise<T> {
  const path = findChromium();
  if (path === null) {
    throw new TargetFailure('not-found', 'there is no Chromium on this worker', {
      remedy: 'install Chromium or Chrome on the worker, or give its path as CHROMIUM',
    });
  }
  const profile = await mkdtemp(join(tmpdir(), 'savepoint-lighthouse-'));
  try {
    const context = await open(path, profile, log);
    try {
      // Chromium writes the port that it chose to the first line of this file.
      const [port] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
      return await use({ port: Number(port), context });
    } finally {
      await context.close();
    }
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Chromium refuses its sandbox to root, and some systems refuse it to everybody. */
async function open(path: string, profile: string, log: Log): Promise<BrowserContext> {
  const isRoot = process.getuid?.() === 0;
  try {
    return await launch(path, profile, !isRoot);
  } catch (error) {
    if (isRoot || !(error instanceof Error && /sandbox/i.test(error.message))) throw notStarted(error);
    log.warn('Chromium has no sandbox here, because the system does not allow it');
    return await launch(path, profile, false).catch((again: unknown) => {
      throw notStarted(again);
    });
  }
}

async function launch(executablePath: string, profile: string, chromiumSandbox: boolean): Promise<BrowserContext> {
  const { chromium } = await import('playwright-core');
  return await chromium.launchPersistentContext(profile, {
    executablePath,
    chromiumSandbox,
    args: [...chromiumFlags, '--remote-debugging-port=0'],
    // Lighthouse chooses the size of the screen.
    viewport: null,
    // A worker answers signals by itself: it ends its activities first.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: 30_000,
  });
}

function notStarted(error: unknown): TargetFailure {
  const first = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new TargetFailure('failed', `Chromium could not be started: ${first}`, {
    remedy: 'start it by hand on the worker with --headless and see what it says',
  });
}
