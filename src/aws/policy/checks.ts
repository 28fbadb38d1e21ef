import type { CloudwatchLogsSpec } from '../../checks/cloudwatch-logs.schema.ts';
import { anything, arn, known, type Part, type Statement } from './statement.ts';

/** What asking CloudWatch needs; `asked`: the kinds of checks that the plan has. */
export function cloudwatchStatements(asked: ReadonlySet<string>): Statement[] {
  const alarms: Statement = {
    sid: 'ChecksAlarms',
    actions: ['cloudwatch:DescribeAlarms'],
    resources: anything,
    why: 'sees whether alarms exist and fire; composite alarms are only shown to those who may see all (API reference, DescribeAlarms)',
  };
  const metrics: Statement = {
    sid: 'ChecksMetrics',
    actions: ['cloudwatch:GetMetricData'],
    resources: anything,
    why: 'reads metrics; AWS knows no resource for them',
  };
  return [...(asked.has('cloudwatch-alarms') ? [alarms] : []), ...(asked.has('cloudwatch-metric') ? [metrics] : [])];
}

/** What reading log groups needs, all of them together. */
export function logStatements(parts: readonly Part<CloudwatchLogsSpec>[]): Statement[] {
  const groups = parts.map(({ spec, ground }) => arn('logs', `log-group:${known(spec.group)}:*`, ground));
  const services = parts.flatMap(({ spec: { service }, ground }) =>
    service === undefined ? [] : [arn('ecs', `service/${known(service.cluster)}/${known(service.name)}`, ground)],
  );
  const keeps = parts.some(({ spec }) => spec.retention !== undefined);
  const statements: Statement[] = [
    {
      sid: 'ChecksLogs',
      actions: ['logs:FilterLogEvents'],
      resources: unique(groups),
      why: 'looks for start lines and errors, and whether lines arrive',
    },
    {
      sid: 'ChecksRetention',
      actions: ['logs:DescribeLogGroups'],
      resources: anything,
      why: 'sees how long lines are kept; AWS knows no resource for it',
    },
    {
      sid: 'ChecksDeployments',
      actions: ['ecs:DescribeServices'],
      resources: unique(services),
      why: 'sees since when a deployment runs',
    },
  ];
  return statements.filter(({ sid, resources }) => resources.length > 0 && (sid !== 'ChecksRetention' || keeps));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
