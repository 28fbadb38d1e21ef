import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { staticDetails, staticSummary } from '../release/details.ts';
import { applicationAttribute, environmentAttribute, versionAttribute } from '../release/search-attributes.ts';
import type { ReleaseResult } from '../release/status.ts';
import {
  type ReleaseInput,
  releaseWorkflowId,
  releaseWorkflowType,
  supersedeUpdate,
  takeOverUpdate,
} from '../workflows/messages.ts';
import { calling } from './classify.ts';
import { type Link, uiAddress } from './connection.ts';
import { ClientFailure } from './failures.ts';
import { mustSee, readResult, type Seen, seen } from './reading.ts';
import { send } from './sending.ts';
import { requireWorker } from './workers.ts';

/** What the starter decides; `previousRunId` is found out here. `workerWaitMs`: how long to wait for a worker, 3 s. */
export type StartInput = Omit<ReleaseInput, 'previousRunId'> & {
  /** Ends the release that runs: one that waits at its gate, or one whose watch is taken over. */
  displace?: { as: 'supersede' | 'take-over'; by: string; reason: string };
  workerWaitMs?: number;
};

/** A started release. `displaced` is the result of the one that made room for it. */
export type Started = {
  workflowId: string;
  runId: string;
  taskQueue: string;
  url: string | null;
  displaced: ReleaseResult | null;
};

const displacedWithinMs = 60_000;

/**
 * Starts a release; the server itself is the lock.
 * @throws ClientFailure `held` when another one runs, `refused` when that one will not make room, `no-worker`
 */
export async function startRelease(link: Link, input: StartInput): Promise<Started> {
  const { plan } = input;
  const workflowId = releaseWorkflowId(plan.application, plan.environment);
  await requireWorkers(link, input);
  const latest = await seen(link, workflowId);
  let displaced: ReleaseResult | null = null;
  if (latest?.running) {
    if (input.displace === undefined) throw held(latest);
    displaced = await displace(link, latest, { ...input.displace, version: plan.version });
  }
  return { ...(await startFresh(link, input, latest?.runId ?? null)), displaced };
}

/** Workers for the workflow and for what lives on one host. @throws ClientFailure `no-worker` */
export async function requireWorkers(
  link: Link,
  { plan, workerWaitMs = 3000 }: Pick<StartInput, 'plan' | 'workerWaitMs'>,
): Promise<void> {
  await calling(link, null, async () => {
    await requireWorker(link, plan.taskQueue, { kind: 'workflow', waitMs: workerWaitMs });
    if (!plan.targets.some((target) => target.traits.local)) return;
    await requireWorker(link, plan.localTaskQueue, { kind: 'activity', waitMs: workerWaitMs });
  });
}

/** Asks the release that runs to end, and waits until it has. */
async function displace(
  link: Link,
  holder: Seen,
  ask: { as: 'supersede' | 'take-over'; by: string; reason: string; version: string },
): Promise<ReleaseResult> {
  const { as, ...body } = ask;
  await send(link, holder, { update: as === 'supersede' ? supersedeUpdate : takeOverUpdate, body });
  const patience = AbortSignal.timeout(displacedWithinMs);
  try {
    return await readResult(link, holder, patience);
  } catch (error) {
    if (!patience.aborted) throw error;
    const message = `${about(holder)} accepted to make room and has not ended after ${displacedWithinMs / 1000} s`;
    throw new ClientFailure('held', message, `Follow it with: savepoint follow ${holder.workflowId}`, error);
  }
}

async function startFresh(
  link: Link,
  input: StartInput,
  previousRunId: string | null,
): Promise<Omit<Started, 'displaced'>> {
  const { plan, planDigest, requester, preApproved, windowOverride, continuation, again } = input;
  const workflowId = releaseWorkflowId(plan.application, plan.environment);
  const argument: ReleaseInput = {
    plan,
    planDigest,
    requester,
    preApproved,
    windowOverride,
    continuation,
    ...(again === undefined ? {} : { again }),
    previousRunId,
  };
  try {
    const handle = await calling(link, null, () =>
      link.client.workflow.start(releaseWorkflowType, {
        workflowId,
        taskQueue: plan.taskQueue,
        args: [argument],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        memo: { requester, version: plan.version, reason: reasonOf(input), planDigest },
        staticSummary: staticSummary(plan.application, plan.environment, plan.version),
        staticDetails: staticDetails({ requester, planDigest, previousRunId }),
        typedSearchAttributes: attributesOf(plan),
      }),
    );
    const runId = handle.firstExecutionRunId;
    return { workflowId, runId, taskQueue: plan.taskQueue, url: uiAddress(link, workflowId, runId) };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw held(await mustSee(link, workflowId));
  }
}

function attributesOf(plan: ReleaseInput['plan']) {
  const pair = (attribute: { name: string }, value: string) => ({
    key: defineSearchAttributeKey(attribute.name, SearchAttributeType.KEYWORD),
    value,
  });
  return [
    pair(applicationAttribute, plan.application),
    pair(environmentAttribute, plan.environment),
    pair(versionAttribute, plan.version),
  ];
}

function reasonOf(input: StartInput): string | null {
  if (input.displace) return `${input.displace.as}: ${input.displace.reason}`;
  return input.continuation.as === 'fresh' ? null : `${input.continuation.as}: ${input.continuation.reason}`;
}

function about(holder: Seen): string {
  const version = holder.version ?? 'a version that is not known';
  const phase = holder.phase === null ? '' : `, in phase ${holder.phase}`;
  return `the release of ${version} by ${holder.requester ?? 'somebody'}, since ${holder.startedAt}${phase},`;
}

/** Says who holds the environment, and how to get it. */
export function held(holder: Seen): ClientFailure {
  const message = `${holder.workflowId} is held by ${about(holder)} run ${holder.runId}`;
  const where = holder.url === null ? '' : `\nIn the Temporal UI: ${holder.url}`;
  const remedy = `Follow it with: savepoint follow ${holder.workflowId}\nWhile it waits at its go/no-go: --supersede <reason>; during its watch: --take-over <reason>.${where}`;
  return new ClientFailure('held', message, remedy);
}
