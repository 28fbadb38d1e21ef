import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  type LogGroup,
} from '@aws-sdk/client-cloudwatch-logs';
import { clientsOf } from '../../aws/client.ts';
import { asking, isNamed } from '../../aws/failures.ts';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import { duration } from '../../release/wording.ts';
import { answerOf, pending } from '../answer.ts';
import { evidenceOf, type Found, missingStarts, note, nothingFound } from '../logs/log-lines.ts';
import { answeredByAws, moment } from './aws-answer.ts';
import type { CloudwatchLogsSpec } from './cloudwatch-logs.schema.ts';
import { deployedAt } from './ecs-deployment.ts';

/** Reads a log group of CloudWatch: start line, error lines, whether lines arrive, and how long they are kept. */
export const cloudwatchLogs: Check<CloudwatchLogsSpec> = { ask };

/** Left of the patience for the last page and the answer. */
const reserveMs = 2_000;

async function ask({ spec, signal }: Asking<CloudwatchLogsSpec>): Promise<Answer> {
  const endsAt = Date.now() + Math.max(spec.timeout - reserveMs, spec.timeout / 2);
  return await answeredByAws({ signal, timeoutMs: spec.timeout }, async (abortSignal) => {
    const group = spec.retention === undefined ? undefined : await groupOf(spec, abortSignal);
    if (group === null) return noGroup(spec);
    const nowMs = Date.now();
    const sinceMs = await beginning(spec, nowMs, abortSignal);
    const read = await readFrom(spec, { sinceMs, nowMs, endsAt, abortSignal });
    return read === null ? noGroup(spec) : judged(spec, { ...read, sinceMs, nowMs, group });
  });
}

async function beginning(spec: CloudwatchLogsSpec, nowMs: number, abortSignal: AbortSignal): Promise<number> {
  if (spec.since !== 'deployment') return nowMs - spec.since;
  if (spec.service === undefined) throw new TargetFailure('invalid-input', 'since: deployment needs service');
  return await deployedAt({ ...spec.service, place: spec, abortSignal });
}

/** Prefixes find more than the one group, so the name is compared. */
async function groupOf(spec: CloudwatchLogsSpec, abortSignal: AbortSignal): Promise<LogGroup | null> {
  const { read } = clientsOf('logs', spec, (config) => new CloudWatchLogsClient(config));
  let nextToken: string | undefined;
  do {
    const command = new DescribeLogGroupsCommand({ logGroupNamePrefix: spec.group, nextToken });
    const page = await asking(`describing the log group ${spec.group}`, () => read.send(command, { abortSignal }));
    const found = (page.logGroups ?? []).find(({ logGroupName }) => logGroupName === spec.group);
    if (found !== undefined) return found;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return null;
}

type Reading = { sinceMs: number; nowMs: number; endsAt: number; abortSignal: AbortSignal };
/** `complete`: read to the end, or as far as it takes to answer. */
type Read = { found: Found; complete: boolean };

/** A clock behind AWS's still sees the newest lines; the end stands still, so that a busy log has one. */
const clockMayDifferMs = 5 * 60_000;

/** Null: there is no such group. An empty page with a token is not the end (API reference, FilterLogEvents). */
async function readFrom(
  spec: CloudwatchLogsSpec,
  { sinceMs, nowMs, endsAt, abortSignal }: Reading,
): Promise<Read | null> {
  const { read } = clientsOf('logs', spec, (config) => new CloudWatchLogsClient(config));
  const found = nothingFound(spec);
  const looks = spec.start.length > 0 || spec.errors.length > 0;
  if (!looks && spec.arriving === undefined) return { found, complete: true };
  const startTime = Math.min(looks ? sinceMs : nowMs, nowMs - (spec.arriving ?? 0));
  let nextToken: string | undefined;
  do {
    if (Date.now() > endsAt) return { found, complete: false };
    const command = new FilterLogEventsCommand({
      logGroupName: spec.group,
      ...(spec.streams === undefined ? {} : { logStreamNamePrefix: spec.streams }),
      startTime,
      endTime: nowMs + clockMayDifferMs,
      nextToken,
    });
    const page = await asking(`reading the log group ${spec.group}`, () =>
      read.send(command, { abortSignal }).catch((error: unknown) => {
        if (isNamed(error, 'ResourceNotFound')) return null;
        throw error;
      }),
    );
    if (page === null) return null;
    for (const { timestamp = 0, logStreamName = '', message = '' } of page.events ?? []) {
      note(found, { at: timestamp, stream: logStreamName, message }, { wanted: spec, sinceMs });
    }
    if (isAnswered(spec, found, nowMs)) return { found, complete: true };
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return { found, complete: true };
}

/** Error lines can follow until the end; everything else is settled by the first line that shows it. */
function isAnswered(spec: CloudwatchLogsSpec, found: Found, nowMs: number): boolean {
  if (spec.errors.length > 0 || missingStarts(spec, found).length > 0) return false;
  return arrivalProblems(spec, found, nowMs).length === 0;
}

type Seen = Read & { sinceMs: number; nowMs: number; group: LogGroup | undefined };

function judged(spec: CloudwatchLogsSpec, seen: Seen): Answer {
  const { found, complete, sinceMs } = seen;
  const errors = found.errors > 0 ? [`${found.errors} error lines in ${spec.group} since ${moment(sinceMs)}`] : [];
  const evidence = evidenceFor(spec, found);
  if (!complete && errors.length === 0) {
    const summary = `${spec.group} has more lines than could be read in time: ${found.lines} until ${at(found)}`;
    return pending(summary, evidence, 'read less: a shorter `since`, only some `streams`; or give it a longer timeout');
  }
  const failures = [
    ...errors,
    ...startProblems(spec, seen),
    ...arrivalProblems(spec, found, seen.nowMs),
    ...keepingProblems(spec, seen),
  ];
  if (failures.length === 0 && spec.errors.length > 0 && found.lines === 0 && !spec.quiet) {
    const summary = `nothing was logged to ${spec.group} since ${moment(sinceMs)}, so errors cannot be judged`;
    return pending(summary, '', 'see whether the service logs there; `quiet: true` allows silence');
  }
  return answerOf({
    failures,
    warnings: [],
    seen: evidence,
    good: `${spec.group}: ${goodWords(spec, found)}`,
    remedy: 'read the log in CloudWatch, and see what the service did',
  });
}

function startProblems(spec: CloudwatchLogsSpec, { found, sinceMs }: Seen): string[] {
  const missing = missingStarts(spec, found);
  if (missing.length === 0) return [];
  const read = found.lines === 0 ? 'nothing was logged' : `${found.lines} lines were`;
  return [`no line of ${spec.group} says ${missing.join(' and ')} since ${moment(sinceMs)}; ${read}`];
}

function arrivalProblems({ group, arriving }: CloudwatchLogsSpec, { newest }: Found, nowMs: number): string[] {
  if (arriving === undefined || (newest !== null && nowMs - newest.at <= arriving)) return [];
  const last = newest === null ? '' : `; the newest is of ${moment(newest.at)}`;
  return [`nothing arrived in ${group} for ${duration(arriving)}${last}`];
}

function keepingProblems({ group, retention }: CloudwatchLogsSpec, seen: Seen): string[] {
  if (retention === undefined) return [];
  const kept = seen.group?.retentionInDays;
  const wanted = retention === 'forever' ? undefined : retention / 86_400_000;
  if (kept === wanted) return [];
  const words = (days: number | undefined) => (days === undefined ? 'for ever' : `for ${days} days`);
  return [`${group} keeps its lines ${words(kept)}, expected ${words(wanted)}`];
}

function goodWords({ start, errors, arriving, retention }: CloudwatchLogsSpec, found: Found): string {
  const words = [
    ...(start.length > 0 ? ['the start line is there'] : []),
    ...(errors.length > 0 ? [`no error in ${found.lines} lines`] : []),
    ...(arriving === undefined ? [] : ['lines arrive']),
    ...(retention === undefined ? [] : ['it keeps them as long as expected']),
  ];
  return words.join(', ');
}

function evidenceFor(spec: CloudwatchLogsSpec, { errorLines, startLines, newest }: Found): string {
  const lines = errorLines.length > 0 ? errorLines : startLines.filter((line) => line !== null);
  const more = lines.length === 0 && newest !== null && spec.arriving !== undefined ? [newest] : [];
  return [...lines, ...more].map(evidenceOf).join('\n');
}

function at({ newest }: Found): string {
  return newest === null ? 'the beginning' : moment(newest.at);
}

function noGroup({ group }: CloudwatchLogsSpec): Answer {
  const remedy = 'create it, or correct its name or the region';
  return { status: 'FAIL', summary: `there is no log group ${group}`, evidence: '', remedy };
}
