import {
  type FilteredLogEvent,
  FilterLogEventsCommand,
  type FilterLogEventsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import type { ContainerDefinition, Task } from '@aws-sdk/client-ecs';
import { isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Step } from '../../release/target.ts';
import { logsOf } from './clients.ts';
import { type Stream, streamOf } from './evidence.ts';
import type { EcsCall } from './look.ts';

/** Most streams that one request takes (botocore model of CloudWatch Logs, FilterLogEvents). */
const together = 100;
/** Pages that are read at most: a service that logs more has said its start line long before. */
const pagesAtMost = 20;

const waitingSince = new Map<string, number>();

/**
 * Reads what the new tasks have logged since they started: each must have said the start line, none an error line.
 * @throws TargetFailure `failed` with the lines, `invalid-input` where the container does not log to CloudWatch
 */
export async function watchLogs(call: EcsCall, tasks: readonly Task[], from: ContainerDefinition): Promise<Step<null>> {
  const { logs } = call.spec;
  if (logs === null) return { state: 'done', value: null };
  const streams = tasks.slice(0, together).flatMap((task) => streamOf(from, task) ?? []);
  if (streams.length === 0 && tasks.length > 0) {
    throw new TargetFailure('invalid-input', `the container ${from.name} does not log to CloudWatch by awslogs`, {
      remedy: 'give it logConfiguration with awslogs-group and awslogs-stream-prefix, or remove `logs`',
    });
  }
  const events = await eventsOf(call, streams);
  refuseErrors(call, events);
  const silent = silentStreams(streams, events, logs.startLine);
  if (silent.length === 0) {
    waitingSince.delete(call.key);
    return { state: 'done', value: null };
  }
  const since = waitingSince.get(call.key) ?? Date.now();
  waitingSince.set(call.key, since);
  const detail = `${silent.length} of ${streams.length} tasks have not logged '${logs.startLine}'`;
  if (Date.now() - since <= logs.within) return { state: 'working', detail, lookAgainMs: 2_000 };
  waitingSince.delete(call.key);
  const evidence = lastOf(events);
  throw new TargetFailure('failed', `${call.target}: ${detail} within ${logs.within} ms`, { evidence });
}

function lastOf(events: readonly FilteredLogEvent[]): string {
  const lines = events.slice(-10).map(({ message = '' }) => message.trimEnd());
  return lines.join('\n').slice(-2_000) || 'nothing was logged';
}

/** Streams in which the start line was not found; none where no line is waited for. */
export function silentStreams(
  streams: readonly Stream[],
  events: readonly FilteredLogEvent[],
  startLine: string | null,
): Stream[] {
  if (startLine === null) return [];
  const said = new Set(
    events.flatMap(({ message = '', logStreamName }) => (message.includes(startLine) ? [logStreamName] : [])),
  );
  return streams.filter(({ name }) => !said.has(name));
}

function refuseErrors(call: EcsCall, events: readonly FilteredLogEvent[]): void {
  const pattern = call.spec.logs?.errorPattern ?? null;
  if (pattern === null) return;
  const errors = new RegExp(pattern);
  const lines = events.flatMap(({ message = '' }) => (errors.test(message) ? [message.trimEnd()] : []));
  if (lines.length === 0) return;
  throw new TargetFailure('failed', `${call.target} logged ${lines.length} error lines since it was deployed`, {
    evidence: lines.slice(0, 5).join('\n').slice(0, 2_000),
  });
}

async function eventsOf(call: EcsCall, streams: readonly Stream[]): Promise<FilteredLogEvent[]> {
  const [first] = streams;
  if (first === undefined) return [];
  const events: FilteredLogEvent[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesAtMost; page += 1) {
    const command = new FilterLogEventsCommand({
      logGroupName: first.group,
      logStreamNames: streams.map(({ name }) => name),
      nextToken,
    });
    const answer = await read(call, first, command);
    events.push(...(answer.events ?? []));
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  return events;
}

/** A stream that nothing was written to yet is not there. */
async function read(
  call: EcsCall,
  { region }: Stream,
  command: FilterLogEventsCommand,
): Promise<Pick<FilterLogEventsCommandOutput, 'events' | 'nextToken'>> {
  try {
    return await logsOf(call.spec, region).read.send(command, { abortSignal: call.signal });
  } catch (error) {
    if (isNamed(error, 'ResourceNotFound')) return { events: [], nextToken: undefined };
    throw translated(`reading the logs of ${call.spec.service}`, error);
  }
}
