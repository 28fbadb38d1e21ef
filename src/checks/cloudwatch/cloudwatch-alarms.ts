import {
  AlarmType,
  CloudWatchClient,
  type CompositeAlarm,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandInput,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { clientsOf } from '../../aws/client.ts';
import { asking } from '../../aws/failures.ts';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import { definitionOf, definitionProblems, duties } from './alarm-definition.ts';
import { answeredByAws, moment } from './aws-answer.ts';
import type { CloudwatchAlarmsSpec } from './cloudwatch-alarms.schema.ts';

type Alarm = (MetricAlarm | CompositeAlarm) & { AlarmName?: string | undefined };

/** Looks whether alarms of CloudWatch exist, are what they should be, and whether they fire. */
export const cloudwatchAlarms: Check<CloudwatchAlarmsSpec> = {
  ask: async ({ spec, signal }: Asking<CloudwatchAlarmsSpec>) =>
    await answeredByAws({ signal, timeoutMs: spec.timeout }, async (abortSignal) =>
      judged(spec, await described(spec, abortSignal)),
    ),
};

/** AWS takes at most 100 names at once, and gives composite alarms only to those who ask for them (API reference, DescribeAlarms). */
const atOnce = 100;

async function described(spec: CloudwatchAlarmsSpec, abortSignal: AbortSignal): Promise<Map<string, Alarm>> {
  const names = Object.keys(spec.alarms);
  const requests: DescribeAlarmsCommandInput[] = [];
  for (let first = 0; first < names.length; first += atOnce)
    requests.push({ AlarmNames: names.slice(first, first + atOnce) });
  if (spec.prefix !== undefined) requests.push({ AlarmNamePrefix: spec.prefix });
  if (requests.length === 0) requests.push({});
  const found = new Map<string, Alarm>();
  for (const request of requests) {
    for (const alarm of await pagesOf(spec, request, abortSignal)) found.set(alarm.AlarmName ?? '', alarm);
  }
  return found;
}

async function pagesOf(
  spec: CloudwatchAlarmsSpec,
  request: DescribeAlarmsCommandInput,
  abortSignal: AbortSignal,
): Promise<Alarm[]> {
  const { read } = clientsOf('cloudwatch', spec, (config) => new CloudWatchClient(config));
  const found: Alarm[] = [];
  const AlarmTypes = [AlarmType.MetricAlarm, AlarmType.CompositeAlarm];
  let NextToken: string | undefined;
  do {
    const command = new DescribeAlarmsCommand({ ...request, AlarmTypes, MaxRecords: atOnce, NextToken });
    const page = await asking('describing alarms', () => read.send(command, { abortSignal }));
    found.push(...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined && NextToken !== '');
  return found;
}

/** What is wrong with one alarm; `unknowns`: it has no data, so it says nothing. */
type Findings = { failures: string[]; warnings: string[]; unknowns: string[] };

function judged(spec: CloudwatchAlarmsSpec, alarms: ReadonlyMap<string, Alarm>): Answer {
  const missing = Object.keys(spec.alarms).filter((name) => !alarms.has(name));
  const none = spec.prefix !== undefined && ![...alarms.keys()].some((name) => name.startsWith(spec.prefix ?? ''));
  const findings = [...alarms.values()].map((alarm) => findingsOf(spec, alarm));
  const failures = [
    ...missing.map((name) => `there is no alarm ${name}${ownerOf(spec, name)}`),
    ...(none ? [`there is no alarm whose name begins with ${spec.prefix}`] : []),
    ...(alarms.size === 0 && missing.length === 0 && !none ? ['there is no alarm in this region'] : []),
    ...findings.flatMap((finding) => finding.failures),
  ];
  const unknowns = findings.flatMap((finding) => finding.unknowns);
  const seen = [...alarms.values()].sort(worstFirst).map(lineOf).join('\n');
  const [unknown] = unknowns;
  if (failures.length === 0 && unknown !== undefined) {
    const more = unknowns.length > 1 ? ` (and ${unknowns.length - 1} more)` : '';
    return pending(`${unknown}${more}`, seen, 'see whether its metric still gets values; its dimensions may be old');
  }
  return answerOf({
    failures,
    warnings: findings.flatMap((finding) => finding.warnings),
    seen,
    good: `${alarms.size} alarms are as expected`,
    remedy: 'look at the alarm in CloudWatch; correct what fires, or the alarm, or the plan',
  });
}

function findingsOf(spec: CloudwatchAlarmsSpec, alarm: Alarm): Findings {
  const name = alarm.AlarmName ?? '';
  const wanted = spec.alarms[name];
  const state = stateFindings(spec, alarm);
  const wrong = wanted === undefined ? [] : definitionProblems(wanted, definitionOf(alarm));
  const duty = wanted === undefined ? { failures: [], warnings: [] } : duties(wanted, alarm);
  const off = alarm.ActionsEnabled === false ? [`alarm ${name} tells nobody: its actions are disabled`] : [];
  return {
    failures: [...state.failures, ...[...wrong, ...duty.failures].map((problem) => `alarm ${name} ${problem}`)],
    warnings: [...off, ...duty.warnings.map((problem) => `alarm ${name} ${problem}`)],
    unknowns: state.unknowns,
  };
}

function stateFindings(spec: CloudwatchAlarmsSpec, alarm: Alarm): Omit<Findings, 'warnings'> {
  const nothing = { failures: [], unknowns: [] };
  const state = alarm.StateValue ?? 'INSUFFICIENT_DATA';
  if (spec.state === 'any' || state === spec.state) return nothing;
  const name = alarm.AlarmName ?? '';
  const since = sinceOf(alarm);
  if (state !== 'INSUFFICIENT_DATA') {
    const said = state === 'ALARM' ? 'fires' : `is ${state}, expected ${spec.state},`;
    return { failures: [`alarm ${name} ${said}${since}${ownerOf(spec, name)}`], unknowns: [] };
  }
  const problem = `alarm ${name} has no data${since}${ownerOf(spec, name)}`;
  // Among all alarms of a region some never have data; nobody named them.
  const everyAlarm = spec.prefix === undefined && Object.keys(spec.alarms).length === 0;
  const means = spec.withoutData ?? (everyAlarm ? 'pass' : 'unknown');
  if (means === 'pass') return nothing;
  return means === 'fail' ? { failures: [problem], unknowns: [] } : { failures: [], unknowns: [problem] };
}

/** Since the state changed, not since its reason did. */
function sinceOf({ StateTransitionedTimestamp, StateUpdatedTimestamp }: Alarm): string {
  const since = StateTransitionedTimestamp ?? StateUpdatedTimestamp;
  return since === undefined ? '' : ` since ${moment(since)}`;
}

function ownerOf(spec: CloudwatchAlarmsSpec, name: string): string {
  const owner = spec.alarms[name]?.owner;
  return owner === undefined ? '' : ` (owner: ${owner})`;
}

const order = ['ALARM', 'INSUFFICIENT_DATA', 'OK'];

function worstFirst(one: Alarm, other: Alarm): number {
  const byState = order.indexOf(one.StateValue ?? '') - order.indexOf(other.StateValue ?? '');
  return byState !== 0 ? byState : (one.AlarmName ?? '').localeCompare(other.AlarmName ?? '');
}

function lineOf(alarm: Alarm): string {
  const why = (alarm.StateReason ?? '').replace(/\s+/g, ' ').slice(0, 120);
  return `${alarm.AlarmName} ${alarm.StateValue}${sinceOf(alarm)}${why === '' ? '' : `: ${why}`}`;
}
