import type { CloudwatchLogsSpec } from '../../checks/cloudwatch/cloudwatch-logs.schema.ts';
import { anything, arn, known, type Need, type Part } from './statement.ts';

/** What asking CloudWatch needs; `asked`: the kinds of checks that the plan has. */
export function cloudwatchStatements(asked: ReadonlySet<string>): Need[] {
  const alarms: Need = {
    of: ['checks'],
    purpose: 'Alarms',
    actions: ['cloudwatch:DescribeAlarms'],
    resources: anything,
    why: 'sees whether alarms exist and fire; composite alarms are only shown to those who may see all (API reference, DescribeAlarms)',
  };
  const metrics: Need = {
    of: ['checks'],
    purpose: 'Metrics',
    actions: ['cloudwatch:GetMetricData'],
    resources: anything,
    why: 'reads metrics; AWS knows no resource for them',
  };
  return [...(asked.has('cloudwatch-alarms') ? [alarms] : []), ...(asked.has('cloudwatch-metric') ? [metrics] : [])];
}

/** What reading log groups needs, all of them together. */
export function logStatements(parts: readonly Part<CloudwatchLogsSpec>[]): Need[] {
  const groups = parts.map(({ spec, ground }) => arn('logs', `log-group:${known(spec.group)}:*`, ground));
  const services = parts.flatMap(({ spec: { service }, ground }) =>
    service === undefined ? [] : [arn('ecs', `service/${known(service.cluster)}/${known(service.name)}`, ground)],
  );
  const keeps = parts.some(({ spec }) => spec.retention !== undefined);
  const statements: Need[] = [
    {
      of: ['checks'],
      purpose: 'Logs',
      actions: ['logs:FilterLogEvents'],
      resources: unique(groups),
      why: 'looks for start lines and errors, and whether lines arrive',
    },
    {
      of: ['checks'],
      purpose: 'Retention',
      actions: ['logs:DescribeLogGroups'],
      resources: anything,
      why: 'sees how long lines are kept; AWS knows no resource for it',
    },
    {
      of: ['checks'],
      purpose: 'Deployments',
      actions: ['ecs:DescribeServices'],
      resources: unique(services),
      why: 'sees since when a deployment runs',
    },
  ];
  return statements.filter(({ purpose, resources }) => resources.length > 0 && (purpose !== 'Retention' || keeps));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
