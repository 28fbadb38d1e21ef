import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { criteriaOf, judgeCriterion } from '../../release/criteria.ts';
import { TargetFailure } from '../../release/failure.ts';
import { unjudged } from '../../release/limits.ts';
import type { Measured, Measurer, Measuring } from '../../release/performance.ts';
import type { Judgement } from '../../release/verdict.ts';
import { pathFrom } from '../../targets/shell/files.ts';
import { type Ran, runCommand } from '../../targets/shell/run.ts';
import { lastLines } from '../../targets/shell/tail.ts';
import { keepReport } from '../keeping.ts';
import type { K6Spec } from './k6.schema.ts';
import { readSummary, type Summary } from './k6-summary.ts';

/** Runs a script with k6, and judges its summary and its own thresholds. What did not run to its end is never good. */
export const k6: Measurer<K6Spec> = { measure };

/** Share of the iterations that k6 may have dropped because it had no virtual user left for them. */
const droppedShare = 0.01;

/** Exit code of k6 (errext/exitcodes/codes.go) where it ran to its end and a threshold was crossed. */
const thresholdsCrossed = 99;

async function measure(measuring: Measuring<K6Spec>): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-k6-'));
  try {
    return { judgements: await judgedRun(measuring, join(folder, 'summary.json')), record: null };
  } catch (error) {
    measuring.signal.throwIfAborted();
    if (!(error instanceof TargetFailure)) throw error;
    const remedy = 'install k6 on the worker (https://k6.io), or give its path as K6';
    return {
      judgements: [unjudged(measuring.name, '', `k6 could not be run: ${error.message}; ${remedy}`)],
      record: null,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function judgedRun(measuring: Measuring<K6Spec>, file: string): Promise<Judgement[]> {
  const { name, spec } = measuring;
  const ran = await runK6(measuring, file);
  const text = await readFile(file, 'utf8').catch(() => '');
  const summary = readSummary(text);
  if (summary === null || (ran.exitCode !== 0 && ran.exitCode !== thresholdsCrossed)) {
    return [unjudged(name, '', `k6 did not run to its end: ${endOf(ran, measuring)}`)];
  }
  const kept = await keepReport(measuring, 'k6', { extension: 'json', content: text });
  return judged(name, spec, summary).map((judgement) =>
    judgement.verdict === 'proceed' ? judgement : { ...judgement, explanation: `${judgement.explanation}; ${kept}` },
  );
}

/** Variables go by the environment, which k6 passes on to the script: arguments are there for every user to see. */
async function runK6({ spec, home, version, signal }: Measuring<K6Spec>, file: string): Promise<Ran> {
  const script = pathFrom(home, spec.script);
  const wanted = [
    '--quiet',
    '--no-color',
    `--summary-export=${file}`,
    '--summary-trend-stats=avg,max,p(50),p(95),p(99)',
  ];
  return await runCommand({
    command: [process.env.K6 || 'k6', 'run', ...wanted, ...spec.args, script],
    cwd: home,
    env: { K6_NO_USAGE_REPORT: 'true', SAVEPOINT_VERSION: version, ...spec.env },
    timeoutMs: spec.timeout,
    signal,
  });
}

/** Secrets are hidden before anything is cut off: half of one would not be known any more. */
function endOf({ timedOut, exitCode, signal, output }: Ran, { spec: { timeout }, redact }: Measuring<K6Spec>): string {
  if (timedOut) return `it was still running after ${timeout} ms; give it a longer timeout or a shorter script`;
  const how = exitCode === null ? `it was ended by ${signal}` : `exit code ${exitCode}`;
  return `${how}: ${lastLines(redact(output), 6, 600)}; run the script by hand on the worker`;
}

function judged(name: string, spec: K6Spec, summary: Summary): Judgement[] {
  const { measured, dropped, iterations, thresholds, crossed } = summary;
  const criteria = criteriaOf(spec, ` of ${name}`);
  if (criteria.length === 0 && thresholds === 0) {
    return [unjudged(name, '', 'nothing judges it: give the script thresholds, or the plan limits for it')];
  }
  const judgements = criteria.map((criterion): Judgement => {
    if (measured !== null) return judgeCriterion(criterion, { measured, before: null }, spec.minimumSamples);
    return unjudged(criterion.name, criterion.measure === 'errors' ? '%' : 'ms', 'the script sent no HTTP request');
  });
  if (thresholds > 0) judgements.push(ofThresholds(name, spec, summary));
  if (dropped > droppedShare * (dropped + iterations)) {
    const why = `k6 dropped ${dropped} of ${dropped + iterations} iterations, so less was asked than the script says`;
    judgements.push(unjudged(`rate of ${name}`, '', `${why}; give it more virtual users, or a stronger worker`));
  }
  return crossed.length > 0 || iterations > 0
    ? judgements
    : [unjudged(name, '', 'the script went through no iteration: run it by hand on the worker')];
}

function ofThresholds(
  name: string,
  { thresholds: does }: K6Spec,
  { thresholds, crossed, iterations }: Summary,
): Judgement {
  const base = {
    criterion: `thresholds of ${name}`,
    unit: '',
    n: iterations,
    limit: 0,
    value: crossed.length,
  } as const;
  if (crossed.length === 0) {
    return { ...base, verdict: 'proceed', explanation: `none of ${thresholds} thresholds of the script was crossed` };
  }
  const verdict = does === 'rollBack' ? 'roll back' : 'consult';
  const explanation = `${crossed.length} of ${thresholds} thresholds of the script were crossed: ${crossed.join(', ')}`;
  return { ...base, verdict, explanation };
}
