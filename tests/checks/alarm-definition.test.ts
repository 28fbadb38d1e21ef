import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { definitionOf, definitionProblems } from '../../src/checks/cloudwatch/alarm-definition.ts';
import { type AlarmSpec, cloudwatchAlarmsSchema } from '../../src/checks/cloudwatch/cloudwatch-alarms.schema.ts';

/** The four alarms of the runbook, each as CloudWatch describes it and as the plan expects it (FR-16). */
const errors: MetricAlarm = {
  Namespace: 'AWS/ApplicationELB',
  MetricName: 'HTTPCode_Target_5XX_Count',
  Statistic: 'Sum',
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 10,
  Period: 300,
  EvaluationPeriods: 1,
  TreatMissingData: 'notBreaching',
  Dimensions: [{ Name: 'LoadBalancer', Value: 'app/shop/1' }],
};
const cpu: MetricAlarm = {
  Namespace: 'AWS/RDS',
  MetricName: 'CPUUtilization',
  Statistic: 'Average',
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 80,
  Period: 60,
  EvaluationPeriods: 10,
};

function wanted(alarm: object): AlarmSpec {
  const { alarms } = cloudwatchAlarmsSchema.parse({ alarms: { it: alarm } });
  const { it: found } = alarms;
  if (found === undefined) throw new Error('no alarm');
  return found;
}

function problems(alarm: MetricAlarm, expected: object): string[] {
  return definitionProblems(wanted(expected), definitionOf(alarm));
}

const tenErrors = {
  metric: 'HTTPCode_Target_5XX_Count',
  statistic: 'Sum',
  fires: { above: 10, period: '5m', for: '5m' },
  missingData: 'notBreaching',
};
const hotCpu = { metric: 'CPUUtilization', fires: { above: 80, for: '10m' } };

it('FR-16 accepts "> 10 5XX in 5 min" and "CPU > 80 % for 10 min"', () => {
  expect(problems(errors, tenErrors)).toEqual([]);
  expect(problems(cpu, hotCpu)).toEqual([]);
});

it.each<[Partial<MetricAlarm>, string]>([
  [{ Threshold: 50 }, 'fires above 50, expected above 10'],
  [{ ComparisonOperator: 'GreaterThanOrEqualToThreshold' }, 'fires at least 10, expected above 10'],
  [{ Period: 60, EvaluationPeriods: 5 }, 'looks at periods of 1 min, expected 5 min'],
  [{ EvaluationPeriods: 2 }, 'looks at 10 min, expected 5 min'],
  [{ Statistic: 'Average' }, 'uses the statistic Average, expected Sum'],
  [{ MetricName: 'HTTPCode_ELB_5XX_Count' }, 'watches HTTPCode_ELB_5XX_Count, expected HTTPCode_Target_5XX_Count'],
  [{ TreatMissingData: 'ignore' }, 'treats missing data as ignore, expected notBreaching'],
  [{ ComparisonOperator: 'GreaterThanUpperThreshold' }, 'fires GreaterThanUpperThreshold, expected above 10'],
])('FR-16 with %j it says: %s', (changed, problem) => {
  expect(problems({ ...errors, ...changed }, tenErrors)).toContain(problem);
});

it('an alarm that fires after fewer periods than it looks at is not "for 10 min"', () => {
  const early = { ...cpu, DatapointsToAlarm: 3 };
  expect(problems(early, hotCpu)).toEqual(['fires after 3 bad periods, expected 10 bad periods']);
  expect(problems(early, { ...hotCpu, fires: { above: 80, for: '10m', datapoints: 3 } })).toEqual([]);
});

it('compares dimensions as a whole', () => {
  expect(problems(errors, { dimensions: { LoadBalancer: 'app/shop/1' } })).toEqual([]);
  expect(problems(errors, { dimensions: { LoadBalancer: 'app/other/2' } })).toEqual([
    'watches LoadBalancer=app/shop/1, expected LoadBalancer=app/other/2',
  ]);
});

it('finds the metric of an alarm that keeps it in a list, and its percentile', () => {
  const { Namespace, MetricName, Dimensions } = errors;
  const listed: MetricAlarm = {
    Metrics: [{ Id: 'm', MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: 300, Stat: 'p95' } }],
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 10,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
  };
  expect(problems(listed, { ...tenErrors, statistic: 'p95' })).toEqual([]);
});

it('does not take an expression or a composite alarm for a metric', () => {
  const expression: MetricAlarm = { Metrics: [{ Id: 'e', Expression: 'a / b' }, { Id: 'a' }, { Id: 'b' }] };
  expect(problems(expression, tenErrors)).toEqual(['is computed from an expression, expected one metric']);
  const composite = definitionOf({ AlarmName: 'any', AlarmRule: 'ALARM(x)' });
  expect(definitionProblems(wanted(tenErrors), composite)).toEqual([
    'is computed from other alarms, expected one metric',
  ]);
  expect(definitionProblems(wanted({}), composite)).toEqual([]);
});
