import { Context } from '@temporalio/activity';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { Dirty, ReleaseResult, ReleaseStatus } from '../release/status.ts';
import { atBoundary } from './boundary.ts';
import type { Previous, PreviousInput } from './inputs.ts';

const clean: Previous = { dirty: null, status: null };

/**
 * How did the last run of this environment end? The starter saw one run; the list shows runs that came between. A run
 * that was itself refused as dirty leads on to the one that made the environment dirty.
 */
export async function readPrevious(input: PreviousInput): Promise<Previous> {
  return await atBoundary(async () => {
    const runId = (await newestClosedRun(input)) ?? input.previousRunId;
    return runId === null ? clean : await judgeRun(input.workflowId, runId);
  });
}

/** Visibility may lag behind by a moment; what the starter saw is strongly consistent, so the newer of both counts. */
async function newestClosedRun({ workflowId, runId, previousRunId }: PreviousInput): Promise<string | null> {
  const { client } = Context.current();
  const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}'`;
  let newest: { runId: string; startTime: number } | null = null;
  try {
    for await (const found of client.workflow.list({ query })) {
      const startTime = found.startTime.getTime();
      if (found.runId !== runId && startTime > (newest?.startTime ?? 0)) newest = { runId: found.runId, startTime };
    }
  } catch {
    // The time-skipping test server has no list; what the starter saw is enough there.
    return previousRunId;
  }
  if (newest === null || previousRunId === null) return newest?.runId ?? previousRunId;
  const seen = await describe(workflowId, previousRunId);
  return seen !== null && seen.startTime.getTime() > newest.startTime ? previousRunId : newest.runId;
}

async function judgeRun(workflowId: string, runId: string): Promise<Previous> {
  const description = await describe(workflowId, runId);
  if (description === null) return clean;
  const { name } = description.status;
  if (name === 'COMPLETED') return await judgeResult(workflowId, runId);
  const status = await statusOf(workflowId, runId);
  const ended = name.toLowerCase().replaceAll('_', ' ');
  if (status !== null && status.changed.length === 0 && Object.keys(status.held).length === 0) return clean;
  return { dirty: dirtyFrom(runId, ended, status), status };
}

/** A completed run is clean, unless it was itself refused because of an earlier one. */
async function judgeResult(workflowId: string, runId: string): Promise<Previous> {
  const { client } = Context.current();
  const result: ReleaseResult = await client.workflow.getHandle(workflowId, runId).result();
  if (!result.dirty) return clean;
  return { dirty: result.dirty, status: await statusOf(workflowId, result.dirty.runId) };
}

function dirtyFrom(runId: string, ended: string, status: ReleaseStatus | null): Dirty {
  const held = status === null ? [] : Object.keys(status.held);
  const changed = status === null ? null : [...new Set([...status.changed, ...held])];
  return { release: status?.release ?? runId, runId, version: status?.version ?? null, ended, changed };
}

async function describe(workflowId: string, runId: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await Context.current().client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return null;
    throw error;
  }
}

/** Asks the closed run itself; null when its history cannot be read or replayed any more. */
async function statusOf(workflowId: string, runId: string): Promise<ReleaseStatus | null> {
  try {
    return await Context.current().client.workflow.getHandle(workflowId, runId).query<ReleaseStatus>('status');
  } catch {
    return null;
  }
}
