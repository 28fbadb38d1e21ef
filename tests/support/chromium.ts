import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { findChromium } from './tools.ts';

/** Quiet, without a sandbox (tests may run as root), and without connections that no test asked for. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A headless browser with a profile of its own.
 *
 * @throws Error when there is none; ask `findChromium` first and skip with its reason
 */
export async function startChromium(): Promise<{ context: BrowserContext; stop(): Promise<void> }> {
  const found = await findChromium();
  if ('missing' in found) throw new Error(found.missing);
  const profile = mkdtempSync(join(tmpdir(), 'savepoint-chromium-'));
  const remove = (): void => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const options = {
      executablePath: found.path,
      args: flags,
      headless: true,
      viewport: { width: 1400, height: 1000 },
    };
    const context = await chromium.launchPersistentContext(profile, options);
    const stop = async (): Promise<void> => {
      await context.close();
      remove();
    };
    return { context, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
