import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { TargetFailure } from '../../release/failure.ts';
import type { Log } from '../../release/target.ts';

/** Quiet, and without connections that no page asked for. */
export const chromiumFlags: readonly string[] = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Program of a Chromium or Chrome: `CHROMIUM`, else the first on PATH; null where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.CHROMIUM !== undefined && env.CHROMIUM !== '') return isProgram(env.CHROMIUM) ? env.CHROMIUM : null;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** `close`: resolves once the browser and its profile are gone. */
export type OpenChromium = { browser: Browser; close(): Promise<void> };

/**
 * A headless Chromium with a profile of its own, which goes with it. It ends with the signal, and with this process.
 *
 * @throws TargetFailure `not-found` where there is none, `failed` where it does not start; the signal's reason when aborted
 */
export async function openChromium(signal: AbortSignal, log: Log): Promise<OpenChromium> {
  const path = findChromium();
  if (path === null) {
    throw new TargetFailure('not-found', 'there is no Chromium on this worker', {
      remedy: 'install Chromium or Chrome on the worker, or give its path as CHROMIUM',
    });
  }
  const browser = await launchAnyhow(path, log);
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    // A second call to playwright's own would not wait for the first.
    closing ??= browser.close().catch(() => undefined);
    return closing;
  };
  const end = (): void => void close();
  signal.addEventListener('abort', end, { once: true });
  browser.once('disconnected', () => signal.removeEventListener('abort', end));
  if (signal.aborted) await close();
  signal.throwIfAborted();
  return { browser, close };
}

/** Chromium refuses its sandbox to root, and some systems refuse it to everybody. */
async function launchAnyhow(path: string, log: Log): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  try {
    return await launch(path, !isRoot);
  } catch (error) {
    if (isRoot || !(error instanceof Error && /sandbox/i.test(error.message))) throw notStarted(error);
  }
  log.warn('Chromium has no sandbox here, because the system does not allow it');
  try {
    return await launch(path, false);
  } catch (error) {
    throw notStarted(error);
  }
}

async function launch(executablePath: string, chromiumSandbox: boolean): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  // A worker answers signals by itself: it ends its activities first.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  return await chromium.launch({
    executablePath,
    chromiumSandbox,
    args: [...chromiumFlags],
    ...signals,
    timeout: 30_000,
  });
}

function notStarted(error: unknown): TargetFailure {
  const first = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new TargetFailure('failed', 'Chromium could not be started', {
    evidence: first,
    remedy: 'start it by hand on the worker with --headless and see what it says',
  });
}
