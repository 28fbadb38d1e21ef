import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from 'lighthouse';
import type { Measuring } from '../../release/performance.ts';
import { runCommand } from '../../targets/shell/run.ts';
import type { PagesSpec } from './pages.schema.ts';
import { type PageBrowser, withBrowser } from './pages-browser.ts';
import { type PageProblem, problemOf } from './pages-problems.ts';

/** One run of Lighthouse that opened the right page; `html`: its own report. */
export type PageRun = { result: Result; html: string };

/**
 * Opens the page once, in a Chromium of its own, by a Lighthouse in a process of its own: it computes for seconds, and a
 * worker must go on beating meanwhile.
 *
 * @throws TargetFailure where there is no Chromium; the signal's reason when aborted
 */
export async function runLighthouse(measuring: Measuring<PagesSpec>): Promise<PageRun | PageProblem> {
  const { spec, signal, log } = measuring;
  signal.throwIfAborted();
  return await withBrowser(log, async ({ port, context }) => {
    await giveCookies(context, spec);
    const folder = await mkdtemp(join(tmpdir(), 'savepoint-page-'));
    try {
      const ran = await runCommand({
        command: [process.execPath, program(), spec.url, ...flags(spec, port), `--output-path=${join(folder, 'page')}`],
        cwd: folder,
        env: {},
        timeoutMs: spec.timeout,
        signal,
      });
      if (ran.timedOut) {
        const remedy = 'give it a longer timeout, or see why the page does not come to rest';
        return { isFinal: false, what: `Lighthouse did not finish within ${spec.timeout} ms`, remedy };
      }
      const result = await readResult(join(folder, 'page.report.json'));
      if (result === null) return notRun(measuring.redact(ran.output));
      const problem = problemOf(result);
      return problem ?? { result, html: await readFile(join(folder, 'page.report.html'), 'utf8') };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function program(): string {
  return createRequire(import.meta.url).resolve('lighthouse/cli/index.js');
}

const throttlingMethods = { simulated: 'simulate', applied: 'devtools', none: 'provided' } as const;

/** `--disable-storage-reset` keeps the cookies; the profile is new in each run anyway. */
function flags({ formFactor, throttling }: PagesSpec, port: number): string[] {
  return [
    `--port=${port}`,
    '--quiet',
    '--output=json',
    '--output=html',
    '--only-categories=performance',
    '--disable-storage-reset',
    '--no-enable-error-reporting',
    // Without it everything stands for a phone.
    ...(formFactor === 'desktop' ? ['--preset=desktop'] : []),
    `--throttling-method=${throttlingMethods[throttling]}`,
  ];
}

/** They are sent to that site alone, unlike headers, which Lighthouse would send to every site that the page loads from. */
async function giveCookies(context: PageBrowser['context'], { cookies, url }: PagesSpec): Promise<void> {
  const given = Object.entries(cookies);
  if (given.length > 0) await context.addCookies(given.map(([name, value]) => ({ name, value, url })));
}

async function readResult(file: string): Promise<Result | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Result);
}

function notRun(output: string): PageProblem {
  const last = output.trim().split('\n').slice(0, 3).join(' ').slice(0, 300);
  return { isFinal: false, what: `Lighthouse ended without a report: ${last}`, remedy: 'try again; see the log' };
}
