import { Context } from '@temporalio/activity';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { TargetFailure } from '../release/failure.ts';
import { phaseAttribute } from '../release/search-attributes.ts';
import type { Dirty, ReleaseResult, ReleaseStatus, RestoredTarget } from '../release/status.ts';
import { atBoundary } from './boundary.ts';
import type { Previous, PreviousInput, ReadReleaseInput } from './inputs.ts';

const clean: Previous = { dirty: null, status: null };

/**
 * How did the last run of this environment end? The starter saw one run; the list shows runs that came between. A run
 * that was itself refused as dirty, or that ended before it looked back, leads on to the one before it.
 */
export async function readPrevious(input: PreviousInput): Promise<Previous> {
  return await atBoundary(async () => {
    for (const runId of await earlierRuns(input)) {
      const judged = await judgeRun(input.workflowId, runId);
      if (judged !== null) return judged;
    }
    return clean;
  });
}

/**
 * What a release did, with what single restores have brought back of it since then.
 *
 * @throws TargetFailure `not-found` when there is no such run, or its history cannot be read any more
 */
export async function readRelease({ workflowId, runId }: ReadReleaseInput): Promise<ReleaseStatus> {
  return await atBoundary(async () => {
    const status = (await describe(workflowId, runId)) === null ? null : await statusOf(workflowId, runId);
    if (status === null) {
      throw new TargetFailure('not-found', `what release ${runId} did cannot be read any more`, {
        remedy: 'see what there is with: savepoint list --all',
      });
    }
    const since = await broughtBackSince(workflowId, runId, status.release);
    const first = status.restored.filter(({ target }) => !since.some((later) => later.target === target));
    return { ...status, restored: [...first, ...since] };
  });
}

/** Of each target the newest single restore that began from this release. */
async function broughtBackSince(workflowId: string, runId: string, release: string): Promise<RestoredTarget[]> {
  const runs = await listRuns(workflowId);
  const since = runs.findIndex(({ id }) => id === runId);
  const found = new Map<string, RestoredTarget>();
  for (const { id } of runs.slice(0, Math.max(0, since)).reverse()) {
    const status = await statusOf(workflowId, id);
    if (status?.continues?.as !== 'bring-back' || status.continues.release !== release) continue;
    for (const restored of status.restored) found.set(restored.target, restored);
  }
  return [...found.values()];
}

/** `startedAt`: epoch milliseconds. */
type Run = { id: string; startedAt: number };

/** Newest first; empty where the server has no list, as the one that skips time. Visibility may lag behind by a moment. */
async function listRuns(workflowId: string): Promise<Run[]> {
  const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}'`;
  const runs: Run[] = [];
  try {
    for await (const { runId, startTime } of Context.current().client.workflow.list({ query })) {
      runs.push({ id: runId, startedAt: startTime.getTime() });
    }
  } catch {
    return [];
  }
  return newestFirst(runs);
}

function newestFirst(runs: readonly Run[]): Run[] {
  return [...runs].sort((one, other) => other.startedAt - one.startedAt);
}

/**
 * Ids of the runs before this one, newest first. What the starter saw is strongly consistent, so it is there even when
 * the list does not know it yet.
 */
async function earlierRuns({ workflowId, runId, previousRunId }: PreviousInput): Promise<string[]> {
  const runs = await listRuns(workflowId);
  if (previousRunId !== null && !runs.some(({ id }) => id === previousRunId)) {
    const seen = await describe(workflowId, previousRunId);
    if (seen !== null) runs.push({ id: previousRunId, startedAt: seen.startTime.getTime() });
  }
  return newestFirst(runs).flatMap(({ id }) => (id === runId ? [] : [id]));
}

/** Null when the run did nothing and never knew how the one before it had ended. */
async function judgeRun(workflowId: string, runId: string): Promise<Previous | null> {
  const description = await describe(workflowId, runId);
  if (description === null) return null;
  const { name } = description.status;
  if (name === 'COMPLETED') return await judgeResult(workflowId, runId);
  // The first phase is entered after the look back, and before anything is done.
  if (!(phaseAttribute.name in description.searchAttributes)) return null;
  const status = await statusOf(workflowId, runId);
  const ended = name.toLowerCase().replaceAll('_', ' ');
  if (status !== null && status.changed.length === 0 && Object.keys(status.held).length === 0) return clean;
  return { dirty: dirtyFrom(runId, ended, status), status };
}

/** A completed run is clean, unless it was itself refused because of an earlier one. */
async function judgeResult(workflowId: string, runId: string): Promise<Previous> {
  const { client } = Context.current();
  const result: ReleaseResult = await client.workflow.getHandle(workflowId, runId).result();
  if (!result.dirty) return { ...clean, heldVersion: result.heldVersion ?? null };
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
