import type { CompositeAlarm, Metric, MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { duration } from '../../release/wording.ts';
import { type Comparison, comparisonOf, inWords } from '../comparison.ts';
import type { AlarmSpec, FiresSpec } from './cloudwatch-alarms.schema.ts';

/** What an alarm watches and when it fires; null where it does not say. Times in seconds, as CloudWatch has them. */
export type Definition = {
  kind: 'metric' | 'expression' | 'composite';
  namespace: string | null;
  metric: string | null;
  dimensions: Readonly<Record<string, string>>;
  statistic: string | null;
  operator: string | null;
  threshold: number | null;
  period: number | null;
  periods: number | null;
  datapoints: number | null;
  missingData: string | null;
};

/** An alarm names its metric itself, or holds one in its list; a list of several is an expression. */
export function definitionOf(alarm: MetricAlarm | CompositeAlarm): Definition {
  if ('AlarmRule' in alarm) return { ...empty, kind: 'composite' };
  const flat: MetricAlarm = alarm;
  const [only, ...others] = flat.Metrics ?? [];
  const stat = others.length === 0 ? only?.MetricStat : undefined;
  const metric: Metric = stat?.Metric ?? flat;
  const { Threshold, ComparisonOperator, EvaluationPeriods, DatapointsToAlarm, TreatMissingData } = flat;
  return {
    kind: only !== undefined && stat === undefined ? 'expression' : 'metric',
    namespace: metric.Namespace ?? null,
    metric: metric.MetricName ?? null,
    dimensions: Object.fromEntries((metric.Dimensions ?? []).map(({ Name, Value }) => [Name ?? '', Value ?? ''])),
    statistic: stat?.Stat ?? flat.ExtendedStatistic ?? flat.Statistic ?? null,
    operator: ComparisonOperator ?? null,
    threshold: Threshold ?? null,
    period: stat?.Period ?? flat.Period ?? null,
    periods: EvaluationPeriods ?? null,
    datapoints: DatapointsToAlarm ?? EvaluationPeriods ?? null,
    missingData: TreatMissingData ?? 'missing',
  };
}

const empty: Omit<Definition, 'kind'> = {
  namespace: null,
  metric: null,
  dimensions: {},
  statistic: null,
  operator: null,
  threshold: null,
  period: null,
  periods: null,
  datapoints: null,
  missingData: null,
};

/** What disagrees, naming both; to be read behind `alarm <name>`. Only what is written is compared. */
export function definitionProblems(wanted: AlarmSpec, found: Definition): string[] {
  const { namespace, metric, dimensions, statistic, fires, missingData } = wanted;
  const compared = [namespace, metric, dimensions, statistic, fires, missingData].some((each) => each !== undefined);
  if (found.kind !== 'metric' && compared) {
    return [`is computed from ${found.kind === 'composite' ? 'other alarms' : 'an expression'}, expected one metric`];
  }
  return [
    ...differs('watches', found.metric, metric),
    ...differs('watches the namespace', found.namespace, namespace),
    ...differs('watches', shown(found.dimensions), dimensions === undefined ? undefined : shown(dimensions)),
    ...differs('uses the statistic', found.statistic, statistic),
    ...(fires === undefined ? [] : firesProblems(fires, found)),
    ...differs('treats missing data as', found.missingData, missingData),
  ];
}

function firesProblems(wanted: FiresSpec, found: Definition): string[] {
  const limit = comparisonOf(wanted);
  const span = found.period === null || found.periods === null ? null : found.period * found.periods * 1000;
  const { period, for: length } = wanted;
  const datapoints = wanted.datapoints ?? (length === undefined ? undefined : (found.periods ?? undefined));
  return [
    ...(limit === null ? [] : differs('fires', crossing(found), inWords(limit))),
    ...differs(
      'looks at periods of',
      found.period === null ? null : duration(found.period * 1000),
      period === undefined ? undefined : duration(period),
    ),
    ...differs('looks at', span === null ? null : duration(span), length === undefined ? undefined : duration(length)),
    ...differs(
      'fires after',
      inPeriods(found.datapoints),
      datapoints === undefined ? undefined : inPeriods(datapoints),
    ),
  ];
}

function differs(what: string, found: string | null, wanted: string | null | undefined): string[] {
  if (wanted === undefined || found === wanted) return [];
  return [`${what} ${found ?? 'nothing'}, expected ${wanted}`];
}

/** `DatapointsToAlarm` of `EvaluationPeriods`. */
function inPeriods(datapoints: number | null): string | null {
  return datapoints === null ? null : `${datapoints} bad periods`;
}

const operators: Readonly<Record<string, Comparison['word']>> = {
  GreaterThanThreshold: 'above',
  GreaterThanOrEqualToThreshold: 'atLeast',
  LessThanThreshold: 'below',
  LessThanOrEqualToThreshold: 'atMost',
};

function crossing({ operator, threshold }: Definition): string | null {
  if (operator === null) return null;
  const word = operators[operator];
  return word === undefined ? operator : threshold === null ? null : inWords({ word, than: threshold });
}

function shown(dimensions: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1));
  return pairs.length === 0 ? 'no dimensions' : pairs.map(([name, value]) => `${name}=${value}`).join(', ');
}

/** What an alarm must do when it fires. `wanted.actions`: ARNs, or the names that they end with. */
export function duties(
  wanted: AlarmSpec,
  { AlarmActions = [] }: MetricAlarm | CompositeAlarm,
): { failures: string[]; warnings: string[] } {
  const missing = wanted.actions.filter(
    (action) => !AlarmActions.some((arn) => arn === action || arn.endsWith(`:${action}`) || arn.endsWith(`/${action}`)),
  );
  const idle = wanted.owner !== undefined && AlarmActions.length === 0;
  return {
    failures: missing.map((action) => `does not tell ${action} when it fires`),
    warnings: idle ? [`tells nobody when it fires; its owner is ${wanted.owner}`] : [],
  };
}
