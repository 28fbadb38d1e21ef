import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Certificate } from '../release/certificate.ts';
import type { DrillStatus } from '../release/drill-status.ts';
import {
  type DrillInput,
  drillQuery,
  drillWorkflowId,
  drillWorkflowType,
  releaseWorkflowId,
} from '../workflows/messages.ts';
import { calling } from './classify.ts';
import { type Link, uiAddress } from './connection.ts';
import { ClientFailure } from './failures.ts';
import { type Seen, seen } from './reading.ts';
import { held, requireWorkers, type Started } from './starting.ts';

/** `previousRunId` is found out here. `workerWaitMs`: how long to wait for a worker, 3 s. */
export type DrillRequest = Omit<DrillInput, 'previousRunId'> & { workerWaitMs?: number };

const queryTimeoutMs = 10_000;

/** @throws ClientFailure `held` when a release or a drill runs, `no-worker` */
export async function startDrill(link: Link, request: DrillRequest): Promise<Omit<Started, 'displaced'>> {
  const { plan, planDigest, requester, cases } = request;
  const { application, environment, version, taskQueue } = plan;
  const workflowId = drillWorkflowId(application, environment);
  await requireWorkers(link, request);
  const latest = await seen(link, releaseWorkflowId(application, environment));
  if (latest?.running) throw held(latest);
  const argument: DrillInput = { plan, planDigest, requester, cases, previousRunId: latest?.runId ?? null };
  try {
    const { firstExecutionRunId: runId } = await calling(link, null, () =>
      link.client.workflow.start(drillWorkflowType, {
        workflowId,
        taskQueue,
        args: [argument],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        memo: { requester, version, planDigest },
        staticSummary: `drill of ${application} ${environment} ${version}`.slice(0, 190),
      }),
    );
    return { workflowId, runId, taskQueue, url: uiAddress(link, workflowId, runId) };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const remedy = 'Follow it with: savepoint drill --attach';
    throw new ClientFailure('held', `${workflowId} runs already`, remedy, error);
  }
}

type Run = Pick<Seen, 'workflowId' | 'runId' | 'taskQueue'>;

/** Asks the worker how a drill stands, running or ended. Gives up after 10 s. */
export async function readDrill(link: Link, { workflowId, runId, taskQueue }: Run): Promise<DrillStatus> {
  const handle = link.client.workflow.getHandle(workflowId, runId);
  return await calling(link, taskQueue, () =>
    link.connection.withDeadline(Date.now() + queryTimeoutMs, () => handle.query(drillQuery)),
  );
}

/**
 * Waits until a drill ends and gives its certificate; `signal` stops waiting only.
 * @throws ClientFailure `no-result` when it was ended from outside
 */
export async function readCertificate(
  link: Link,
  { workflowId, runId }: Run,
  signal?: AbortSignal,
): Promise<Certificate> {
  const handle = link.client.workflow.getHandle(workflowId, runId, { followRuns: false });
  const wait = (): Promise<Certificate> => handle.result();
  try {
    return await calling(link, null, () => (signal ? link.connection.withAbortSignal(signal, wait) : wait()));
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const details: unknown = error.cause instanceof ApplicationFailure ? error.cause.details?.[0] : undefined;
    if (isCertificate(details)) return details;
    const message = `the drill "${workflowId}" (run ${runId}) ended without a certificate: ${error.cause?.message ?? error.message}`;
    const remedy = 'The release that ran goes back by itself: savepoint status';
    throw new ClientFailure('no-result', message, remedy, error);
  }
}

function isCertificate(value: unknown): value is Certificate {
  return typeof value === 'object' && value !== null && 'passed' in value && 'cases' in value && 'shape' in value;
}
