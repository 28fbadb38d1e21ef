import { TargetFailure } from '../../release/failure.ts';
import { unjudged } from '../../release/limits.ts';
import type { Measured, Measurer, Measuring } from '../../release/performance.ts';
import { keepReport } from '../keeping.ts';
import type { PagesSpec } from './pages.schema.ts';
import { judgePage, scoreOf } from './pages-judging.ts';
import { type PageRun, runLighthouse } from './pages-lighthouse.ts';
import type { PageProblem } from './pages-problems.ts';

/** Opens a page with Lighthouse and judges the median of each value. What is no page of the application is never good. */
export const pages: Measurer<PagesSpec> = { measure };

async function measure(measuring: Measuring<PagesSpec>): Promise<Measured> {
  const { name, spec } = measuring;
  const runs: PageRun[] = [];
  let problem: PageProblem | null = null;
  for (let run = 1; run <= spec.runs && problem?.isFinal !== true; run += 1) {
    const ran = await oneRun(measuring);
    if ('what' in ran) problem = ran;
    else runs.push(ran);
  }
  // More than half of the runs must have worked, and none may have shown that it is not the page.
  if (problem !== null && (problem.isFinal || runs.length * 2 <= spec.runs)) {
    const { what, remedy } = problem;
    const why = `the page could not be measured: ${what}; ${remedy}`;
    return { judgements: [unjudged(name, '', why)], record: null };
  }
  const kept = await keepReport(measuring, 'lighthouse', { extension: 'html', content: middle(runs).html });
  return { judgements: judgePage({ name, spec, results: runs.map(({ result }) => result), kept }), record: null };
}

async function oneRun(measuring: Measuring<PagesSpec>): Promise<PageRun | PageProblem> {
  try {
    return await runLighthouse(measuring);
  } catch (error) {
    measuring.signal.throwIfAborted();
    if (!(error instanceof TargetFailure)) throw error;
    const { message, details, kind } = error;
    return { isFinal: kind === 'not-found', what: message, remedy: details.remedy ?? 'see the log of the worker' };
  }
}

/** The run whose score is the median, which is the one worth looking at. */
function middle(runs: readonly PageRun[]): PageRun {
  const sorted = [...runs].sort((a, b) => scoreOf(a.result) - scoreOf(b.result));
  const run = sorted[Math.floor((sorted.length - 1) / 2)];
  if (run === undefined) throw new TypeError('there is no run');
  return run;
}
