import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import {
  applicationAttribute,
  environmentAttribute,
  outcomeAttribute,
  phaseAttribute,
  versionAttribute,
} from '../release/search-attributes.ts';
import type { ReleaseResult, ReleaseStatus } from '../release/status.ts';
import { releaseWorkflowType, statusQuery } from '../workflows/messages.ts';
import { calling } from './classify.ts';
import { type Link, uiAddress } from './connection.ts';
import { ClientFailure, isReleaseResult } from './failures.ts';

/** What Temporal itself knows of a run, without asking a worker. Times are ISO 8601; `state` is Temporal's word. */
export type Seen = {
  workflowId: string;
  runId: string;
  running: boolean;
  state: string;
  application: string | null;
  environment: string | null;
  version: string | null;
  requester: string | null;
  phase: string | null;
  outcome: string | null;
  startedAt: string;
  endedAt: string | null;
  taskQueue: string;
  url: string | null;
};

const queryTimeoutMs = 10_000;

/** The newest run of a workflow id, or the one given; null when there is none. */
export async function seen(link: Link, workflowId: string, runId?: string): Promise<Seen | null> {
  return await calling(link, null, async () => {
    try {
      const handle = link.client.workflow.getHandle(workflowId, runId);
      return seenOf(link, await link.connection.withDeadline(Date.now() + queryTimeoutMs, () => handle.describe()));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  });
}

/** As `seen`, where there has to be one. @throws ClientFailure `not-found` */
export async function mustSee(link: Link, workflowId: string, runId?: string): Promise<Seen> {
  const found = await seen(link, workflowId, runId);
  if (found !== null) return found;
  const message = `there is no release "${workflowId}" in namespace "${link.namespace}" at ${link.address}`;
  throw new ClientFailure('not-found', message, 'See what there is with: savepoint list --all');
}

type Described = {
  workflowId: string;
  runId: string;
  taskQueue: string;
  status: { name: string };
  startTime: Date;
  closeTime?: Date;
  memo?: Record<string, unknown>;
  searchAttributes: Record<string, unknown>;
};

function seenOf(link: Link, run: Described): Seen {
  const attribute = (name: string): string | null => {
    const value = run.searchAttributes[name];
    return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : null;
  };
  const requester = run.memo?.requester;
  return {
    workflowId: run.workflowId,
    runId: run.runId,
    running: run.status.name === 'RUNNING',
    state: run.status.name.toLowerCase().replaceAll('_', ' '),
    application: attribute(applicationAttribute.name),
    environment: attribute(environmentAttribute.name),
    version: attribute(versionAttribute.name),
    requester: typeof requester === 'string' ? requester : null,
    phase: attribute(phaseAttribute.name),
    outcome: attribute(outcomeAttribute.name),
    startedAt: run.startTime.toISOString(),
    endedAt: run.closeTime?.toISOString() ?? null,
    taskQueue: run.taskQueue,
    url: uiAddress(link, run.workflowId, run.runId),
  };
}

/** Asks the worker for everything about a run, running or ended. Gives up after 10 s. */
export async function readStatus(
  link: Link,
  run: Pick<Seen, 'workflowId' | 'runId' | 'taskQueue'>,
): Promise<ReleaseStatus> {
  const handle = link.client.workflow.getHandle(run.workflowId, run.runId);
  return await calling(link, run.taskQueue, () =>
    link.connection.withDeadline(Date.now() + queryTimeoutMs, () => handle.query(statusQuery)),
  );
}

/**
 * Waits until a run ends and gives its result; `signal` stops waiting only.
 * @throws ClientFailure `no-result` when it was ended from outside
 */
export async function readResult(
  link: Link,
  run: Pick<Seen, 'workflowId' | 'runId'>,
  signal?: AbortSignal,
): Promise<ReleaseResult> {
  const handle = link.client.workflow.getHandle(run.workflowId, run.runId, { followRuns: false });
  const wait = (): Promise<ReleaseResult> => handle.result();
  try {
    return await calling(link, null, () => (signal ? link.connection.withAbortSignal(signal, wait) : wait()));
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const details = error.cause instanceof ApplicationFailure ? error.cause.details?.[0] : undefined;
    if (isReleaseResult(details)) return details;
    const how = error.cause?.message ?? error.message;
    const message = `the release "${run.workflowId}" (run ${run.runId}) ended without a result: ${how}`;
    throw new ClientFailure(
      'no-result',
      message,
      'Start again with --resume, --restore or --accept-dirty and a reason.',
      error,
    );
  }
}

/** `running`: true only those, false only ended ones. Newest first, at most `limit`. */
export type ListFilter = {
  application?: string;
  environment?: string;
  version?: string;
  running?: boolean;
  limit: number;
};

export async function listRuns(link: Link, filter: ListFilter): Promise<Seen[]> {
  return await calling(link, null, async () => {
    const runs: Seen[] = [];
    const query = listQuery(filter);
    for await (const run of link.client.workflow.list({ query, pageSize: Math.min(filter.limit, 200) })) {
      runs.push(seenOf(link, run));
      if (runs.length >= filter.limit) break;
    }
    return runs.sort((one, other) => other.startedAt.localeCompare(one.startedAt));
  });
}

/** A visibility query. Values are quoted, so that none of them can widen it. */
export function listQuery(filter: Omit<ListFilter, 'limit'>): string {
  const quoted = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const wanted: [string, string | undefined][] = [
    ['WorkflowType', releaseWorkflowType],
    [applicationAttribute.name, filter.application],
    [environmentAttribute.name, filter.environment],
    [versionAttribute.name, filter.version],
  ];
  const terms = wanted.flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ${quoted(value)}`]));
  if (filter.running !== undefined) terms.push(`ExecutionStatus ${filter.running ? '=' : '!='} 'Running'`);
  return terms.join(' AND ');
}
