import { CloudWatchClient, GetMetricDataCommand, type MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { clientsOf } from '../../aws/client.ts';
import { asking } from '../../aws/failures.ts';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { duration } from '../../release/wording.ts';
import { answerOf, pending } from '../answer.ts';
import { comparisonOf, inWords, isBeyond } from '../comparison.ts';
import { answeredByAws, moment } from './aws-answer.ts';
import type { CloudwatchMetricSpec, MetricLimit } from './cloudwatch-metric.schema.ts';
import { arrived, latePeriods, percentOf, type Series, sustained } from './metric-series.ts';

/** Reads a metric of CloudWatch and says whether it stayed beyond a limit for as long as the plan says. */
export const cloudwatchMetric: Check<CloudwatchMetricSpec> = {
  ask: async ({ spec, signal }: Asking<CloudwatchMetricSpec>) =>
    await answeredByAws({ signal, timeoutMs: spec.timeout }, async (abortSignal) => {
      const span = spanOf(spec, Date.now());
      const read = await valuesIn(spec, span, abortSignal);
      return 'refused' in read ? read.refused : judged(spec, span, read.series);
    }),
};

/** Whole periods that have ended. Epoch milliseconds. */
type Span = { fromMs: number; periods: number };

function spanOf({ period, fails, warns }: CloudwatchMetricSpec, nowMs: number): Span {
  const periods = Math.max(periodsOf(fails, period), periodsOf(warns, period)) + latePeriods;
  return { fromMs: (Math.floor(nowMs / period) - periods) * period, periods };
}

function periodsOf(limit: MetricLimit | undefined, period: number): number {
  return Math.max(1, Math.ceil((limit?.for ?? period) / period));
}

/** `asked`: the metric; `whole`: what it is a part of. */
type Read = { asked: (number | null)[]; whole: (number | null)[] };

async function valuesIn(
  spec: CloudwatchMetricSpec,
  span: Span,
  abortSignal: AbortSignal,
): Promise<{ series: Series } | { refused: Answer }> {
  const { read } = clientsOf('cloudwatch', spec, (config) => new CloudWatchClient(config));
  const nothing = (): (number | null)[] => Array.from({ length: span.periods }, () => null);
  const found: Read = { asked: nothing(), whole: nothing() };
  let NextToken: string | undefined;
  do {
    const command = new GetMetricDataCommand({ ...requestFor(spec, span), NextToken });
    const page = await asking(`reading the metric ${spec.metric}`, () => read.send(command, { abortSignal }));
    for (const result of page.MetricDataResults ?? []) {
      const refused = refusalOf(spec, result);
      if (refused !== null) return { refused };
      putInto(result.Id === 'whole' ? found.whole : found.asked, result, { ...span, period: spec.period });
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined && NextToken !== '');
  return { series: seriesOf(spec, found) };
}

function putInto(
  series: (number | null)[],
  { Timestamps = [], Values = [] }: MetricDataResult,
  { fromMs, periods, period }: Span & { period: number },
): void {
  for (const [index, at] of Timestamps.entries()) {
    const place = Math.floor((at.getTime() - fromMs) / period);
    if (place >= 0 && place < periods) series[place] = Values[index] ?? null;
  }
}

/** Silence of a part is zero only where the whole says that there was something. */
function seriesOf(spec: CloudwatchMetricSpec, { asked, whole }: Read): Series {
  if (spec.percentOf === undefined) return asked;
  return percentOf(spec.missing === 'zero' ? asked.map((value) => value ?? 0) : asked, whole, spec);
}

/** Exactly what is asked, so that it is tested by its value. */
export function requestFor(spec: CloudwatchMetricSpec, { fromMs, periods }: Span) {
  const Dimensions = Object.entries(spec.dimensions).map(([Name, Value]) => ({ Name, Value }));
  const query = (Id: string, MetricName: string) => {
    const Metric = { Namespace: spec.namespace, MetricName, Dimensions };
    return { Id, MetricStat: { Metric, Period: spec.period / 1000, Stat: spec.statistic }, ReturnData: true };
  };
  const whole = spec.percentOf === undefined ? [] : [query('whole', spec.percentOf)];
  return {
    MetricDataQueries: [query('asked', spec.metric), ...whole],
    StartTime: new Date(fromMs),
    EndTime: new Date(fromMs + periods * spec.period),
    ScanBy: 'TimestampAscending' as const,
  };
}

/** A request that succeeds may still say that its values could not be read (API reference, MetricDataResult). */
function refusalOf({ metric }: CloudwatchMetricSpec, { StatusCode, Messages = [] }: MetricDataResult): Answer | null {
  if (StatusCode !== 'InternalError' && StatusCode !== 'Forbidden') return null;
  const said = Messages.map(({ Code, Value }) => `${Code}: ${Value}`).join('\n');
  const remedy = StatusCode === 'Forbidden' ? 'allow cloudwatch:GetMetricData to the role of the worker' : 'try again';
  return pending(`CloudWatch could not read ${metric}: ${StatusCode}`, said, remedy);
}

function judged(spec: CloudwatchMetricSpec, { fromMs, periods }: Span, read: Series): Answer {
  const series = arrived(read);
  const fills = spec.missing === 'zero' && spec.percentOf === undefined;
  const filled = fills ? (series.length === 0 ? read : series).map((value) => value ?? 0) : series;
  const seen = evidence(spec, { fromMs, periods: periods - latePeriods }, filled);
  const failing = problemIn(spec, spec.fails, filled);
  const warning = problemIn(spec, spec.warns, filled);
  if (failing === unknown || (warning === unknown && failing === null)) return unmeasured(spec, seen);
  return answerOf({
    failures: failing === null ? [] : [failing],
    warnings: warning === null || warning === unknown ? [] : [warning],
    seen,
    good: `${name(spec)} is ${round(filled.findLast((value) => value !== null) ?? null)}, ${limitWords(spec)}`,
    remedy: 'look at the metric in CloudWatch, and at what changed',
  });
}

/** Too few values to say whether the limit is kept. */
const unknown = Symbol('unknown');

/** What is wrong, null when nothing is. */
function problemIn(
  spec: CloudwatchMetricSpec,
  limit: MetricLimit | undefined,
  series: Series,
): string | null | typeof unknown {
  const than = limit === undefined ? null : comparisonOf(limit);
  if (than === null) return null;
  const periods = periodsOf(limit, spec.period);
  const bad = sustained(series, periods, (value) => isBeyond(value, than));
  if (bad === 'unknown') return unknown;
  if (!bad) return null;
  const newest = series.findLast((value) => value !== null) ?? null;
  return `${name(spec)} is ${inWords(than)} for ${duration(periods * spec.period)}: ${round(newest)} now`;
}

function unmeasured(spec: CloudwatchMetricSpec, seen: string): Answer {
  const remedy = 'see whether the metric still gets values: namespace, dimensions and region must be exact';
  return pending(`${name(spec)} has too few values to be judged`, seen, remedy);
}

function name({ metric, statistic, period, percentOf: whole }: CloudwatchMetricSpec): string {
  const what = whole === undefined ? metric : `${metric} in per cent of ${whole}`;
  return `${what} (${statistic} of ${duration(period)})`;
}

function limitWords({ fails, warns, period }: CloudwatchMetricSpec): string {
  const limit = fails ?? warns;
  const than = limit === undefined ? null : comparisonOf(limit);
  return than === null ? 'no limit' : `bad is ${inWords(than)} for ${duration(periodsOf(limit, period) * period)}`;
}

/** The newest of the periods that were judged. */
function evidence(spec: CloudwatchMetricSpec, { fromMs, periods }: Span, series: Series): string {
  const first = Math.max(0, series.length - Math.min(periods, 15));
  const lines = series.slice(first).map((value, index) => {
    return `${moment(fromMs + (first + index) * spec.period)} ${value === null ? 'no value' : round(value)}`;
  });
  return lines.length === 0 ? 'no values' : lines.join('\n');
}

function round(value: number | null): string {
  return value === null ? 'not measured' : String(Math.round(value * 1000) / 1000);
}
