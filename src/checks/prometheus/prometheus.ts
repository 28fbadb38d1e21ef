import type { Answer, Asking, Check } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import { duration } from '../../release/wording.ts';
import { answerOf, excerpt, pending } from '../answer.ts';
import { type Comparison, comparisonOf, inWords } from '../comparison.ts';
import { addressProblem } from '../http/request.ts';
import type { PrometheusLimit, PrometheusSpec } from './prometheus.schema.ts';
import { askPrometheus, type Told } from './prometheus-api.ts';
import { staleness } from './prometheus-freshness.ts';
import { isBad, lookingBack, momentsIn, type Row, rowsOf, worstFirst } from './prometheus-rows.ts';

/** Asks Prometheus a query, and compares each series with limits, for as long as the plan says. */
export const prometheus: Check<PrometheusSpec> = { ask };

async function ask({ spec, signal }: Asking<PrometheusSpec>): Promise<Answer> {
  const problem = addressProblem(spec.url);
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  try {
    const now = await askPrometheus(spec, { path: 'query', form: { query: spec.query } }, signal);
    if (now.type === 'string' || now.type === 'matrix') return noNumber(now.type);
    const stale = await staleness(spec, now, signal);
    if (stale.wholly) return pending(stale.problem ?? '', seenOf(now, []), stale.remedy);
    const answer = judged(spec, now, await measured(spec, now, signal));
    // What was measured and is bad stays bad; what looks good was not measured everywhere.
    if (stale.problem === null || answer.status === 'FAIL') return answer;
    return pending(stale.problem, answer.evidence, stale.remedy);
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    return pending(error.message, error.details.evidence ?? '', error.details.remedy ?? 'see the log of Prometheus');
  }
}

function noNumber(type: 'string' | 'matrix'): Answer {
  const [what, remedy] =
    type === 'string'
      ? ['a text', 'ask for a number']
      : ['values over a time and not one', 'wrap it in rate(…), max_over_time(…) or the like, or use for'];
  return pending(`the query answers with ${what}`, '', remedy);
}

/** Each series with its values at the moments of the longest `for`. */
async function measured(spec: PrometheusSpec, now: Told, signal: AbortSignal): Promise<Row[]> {
  const { longest, step } = lookingBack(spec);
  const moments = momentsIn(longest, step);
  const grid = { endMs: now.atMs, step, moments };
  if (moments === 0) return rowsOf(now, now, grid);
  const start = now.atMs - (moments - 1) * step;
  const times = { start: `${start / 1000}`, end: `${now.atMs / 1000}`, step: `${step / 1000}` };
  const past = await askPrometheus(spec, { path: 'query_range', form: { query: spec.query, ...times } }, signal);
  return rowsOf(now, past, grid);
}

function judged(spec: PrometheusSpec, now: Told, rows: Row[]): Answer {
  if (rows.length === 0) return nothingFound(spec, now);
  const fails = outcome(spec, spec.fails, rows);
  const warns = outcome(spec, spec.warns, rows);
  const first = spec.fails ?? spec.warns;
  const sorted = first === undefined ? rows : worstFirst(rows, comparison(first));
  const seen = seenOf(now, sorted);
  const unknown = [...fails.unknown, ...warns.unknown];
  if (fails.bad.length === 0 && unknown.length > 0) return unmeasured(spec, unknown, seen);
  const warned = new Set(fails.bad.map(({ row }) => row));
  return answerOf({
    failures: fails.bad.map(({ said }) => said),
    warnings: [
      ...warns.bad.filter(({ row }) => !warned.has(row)).map(({ said }) => said),
      ...now.warnings.map(warning),
    ],
    seen,
    good: `${name(sorted[0], spec.query)} is ${numberOf(sorted[0])}${rows.length > 1 ? `, the worst of ${rows.length}` : ''}; bad is ${first === undefined ? '' : limitWords(first)}`,
    remedy: 'look at the query in Prometheus, and at what changed',
  });
}

type Outcome = { bad: { row: Row; said: string }[]; unknown: Row[] };

/** The worst first. */
function outcome(spec: PrometheusSpec, limit: PrometheusLimit | undefined, rows: Row[]): Outcome {
  if (limit === undefined) return { bad: [], unknown: [] };
  const judgedRows = worstFirst(rows, comparison(limit)).map((row) => ({
    row,
    bad: isBad(row, {
      than: comparison(limit),
      forMs: limit.for ?? 0,
      step: lookingBack(spec).step,
      absent: spec.absent,
    }),
  }));
  return {
    bad: judgedRows
      .filter(({ bad }) => bad === true)
      .map(({ row }) => ({
        row,
        said: `${name(row, spec.query)} is ${numberOf(row)}, and bad is ${limitWords(limit)}`,
      })),
    unknown: judgedRows.filter(({ bad }) => bad === 'unknown').map(({ row }) => row),
  };
}

/** The schema makes sure that there is one. */
function comparison(limit: PrometheusLimit): Comparison {
  const found = comparisonOf(limit);
  if (found === null) throw new TypeError('a limit without a comparison');
  return found;
}

function limitWords(limit: PrometheusLimit): string {
  const lasts = limit.for === undefined ? '' : ` for ${duration(limit.for)}`;
  return `${inWords(comparison(limit))}${lasts}`;
}

function nothingFound({ absent, query }: PrometheusSpec, now: Told): Answer {
  const summary = `nothing was found by ${excerpt(query, 120)}`;
  const remedy =
    'see whether it is still scraped, and under these names and labels; what may be missing has absent: pass';
  if (absent === 'pending') return pending(summary, seenOf(now, []), remedy);
  return answerOf({
    failures: absent === 'fail' ? [summary] : [],
    warnings: now.warnings.map(warning),
    seen: seenOf(now, []),
    good: `${summary}, which is good`,
    remedy,
  });
}

function unmeasured(spec: PrometheusSpec, unknown: Row[], seen: string): Answer {
  const [row] = unknown;
  const summary =
    row?.now === null
      ? `${name(row, spec.query)} is no number: it was divided by zero, nothing happened, or it is a histogram`
      : `${name(row, spec.query)} is ${numberOf(row)}, and has no value for a part of the time`;
  const more = unknown.length > 1 ? ` (and ${unknown.length - 1} more)` : '';
  return pending(summary + more, seen, 'wait until it is measured for that long, or say what nothing means: absent');
}

function warning(said: string): string {
  return `Prometheus warns: ${excerpt(said, 200)}`;
}

/** `series{label="value"}`, or the query where nothing is left of the labels. */
function name(row: Row | undefined, query: string): string {
  const { __name__: metric = '', ...labels } = row?.labels ?? {};
  const written = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  if (metric === '' && written.length === 0) return excerpt(query.replace(/\s+/g, ' '), 100);
  return excerpt(`${metric}${written.length === 0 ? '' : `{${written.join(',')}}`}`, 160);
}

function numberOf(row: Row | undefined): string {
  const value = row?.now ?? null;
  return value === null ? 'no number' : short(value);
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** The range of its values in the time that was looked at. */
function pastOf({ past }: Row): string {
  const values = past.filter((value) => value !== null);
  if (past.length === 0) return '';
  const missing = past.length - values.length;
  const range = values.length === 0 ? 'nothing' : `${short(Math.min(...values))} to ${short(Math.max(...values))}`;
  return `, before: ${range}${missing === 0 ? '' : `, and ${missing} of ${past.length} moments without a value`}`;
}

/** The worst ones, and what Prometheus says about its answer. */
function seenOf({ warnings, infos }: Told, sorted: Row[]): string {
  const shown = sorted.slice(0, 8).map((row) => `${name(row, 'value')} ${numberOf(row)}${pastOf(row)}`);
  const more = sorted.length > shown.length ? [`and ${sorted.length - shown.length} more series`] : [];
  return [...shown, ...more, ...warnings.map(warning), ...infos.map((info) => excerpt(info, 200))].join('\n');
}
