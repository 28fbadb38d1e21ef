import { calling } from './client/classify.ts';
import { openLink } from './client/connection.ts';
import { type DrillRequest, readCertificate, readDrill, startDrill } from './client/drilling.ts';
import { type Readiness, readiness } from './client/readiness.ts';
import type { ListFilter, Seen } from './client/reading.ts';
import { listRuns, mustSee, readResult, readStatus, seen } from './client/reading.ts';
import { sendToRunning } from './client/sending.ts';
import type { ConnectOptions } from './client/settings.ts';
import { type Started, type StartInput, startRelease } from './client/starting.ts';
import type { Certificate } from './release/certificate.ts';
import type { DrillStatus } from './release/drill-status.ts';
import type { ReleaseResult, ReleaseStatus } from './release/status.ts';
import {
  type Abort,
  type Accepted,
  type Approval,
  abortUpdate,
  approveUpdate,
  type Decision,
  decideUpdate,
  defaultTaskQueue,
  drillWorkflowId,
  type Finish,
  finishUpdate,
  type HandsOff,
  handsOffUpdate,
  localTaskQueue,
  type Pause,
  pauseUpdate,
  type Raise,
  type Rejection,
  type Resume,
  type RollbackRequest,
  raiseUpdate,
  rejectUpdate,
  releaseWorkflowId,
  resumeUpdate,
  rollbackUpdate,
  type Supersede,
  supersedeUpdate,
  takeOverUpdate,
} from './workflows/messages.ts';

/** The workflow id of an application's releases to one environment. */
export function releaseIdOf(application: string, environment: string): string {
  return releaseWorkflowId(application, environment);
}

/** The workflow id of the drills of an application in one environment. */
export function drillIdOf(application: string, environment: string): string {
  return drillWorkflowId(application, environment);
}

/** Task queues of releases and of the targets that live on one host. */
export function releaseQueues(taskQueue: string | undefined, host: string): { workflow: string; local: string } {
  return { workflow: taskQueue ?? defaultTaskQueue, local: localTaskQueue(host) };
}

/**
 * Everything that one can do with releases from outside. Expected failures are `ClientFailure`; messages resolve to
 * what was accepted. A `runId` that is left out means the newest run.
 */
export interface ReleaseClient {
  readonly address: string;
  readonly namespace: string;
  start(input: StartInput): Promise<Started>;
  /** Starts a drill of the way back; it has an id of its own, and its releases take the lock one after the other. */
  drill(request: DrillRequest): Promise<Omit<Started, 'displaced'>>;
  drillStatus(workflowId: string, runId?: string): Promise<DrillStatus>;
  /** Waits for the end of a drill, passed or not. */
  certificate(workflowId: string, runId?: string, signal?: AbortSignal): Promise<Certificate>;
  /** What Temporal itself knows; works without a worker. Null when there never was such a release. */
  find(workflowId: string, runId?: string): Promise<Seen | null>;
  status(workflowId: string, runId?: string): Promise<ReleaseStatus>;
  /** Waits for the end; `signal` stops waiting, never the release. */
  result(workflowId: string, runId?: string, signal?: AbortSignal): Promise<ReleaseResult>;
  list(filter: ListFilter): Promise<Seen[]>;
  approve(workflowId: string, body: Approval): Promise<Accepted>;
  reject(workflowId: string, body: Rejection): Promise<Accepted>;
  decide(workflowId: string, body: Decision): Promise<Accepted>;
  abort(workflowId: string, body: Abort): Promise<Accepted>;
  rollback(workflowId: string, body: RollbackRequest): Promise<Accepted>;
  pause(workflowId: string, body: Pause): Promise<Accepted>;
  resume(workflowId: string, body: Resume): Promise<Accepted>;
  finish(workflowId: string, body: Finish): Promise<Accepted>;
  handsOff(workflowId: string, body: HandsOff): Promise<Accepted>;
  raise(workflowId: string, body: Raise): Promise<Accepted>;
  supersede(workflowId: string, body: Supersede): Promise<Accepted>;
  takeOver(workflowId: string, body: Supersede): Promise<Accepted>;
  /** Server version, namespace, search attributes and workers, for `doctor`. */
  readiness(taskQueues: { workflow: string; local: string | null }): Promise<Readiness>;
  close(): Promise<void>;
}

/** Connects as `TEMPORAL_*` and `temporal.toml` say. @throws ClientFailure `unreachable` after 4 s */
export async function connect(options: ConnectOptions = {}): Promise<ReleaseClient> {
  const link = await openLink(options);
  const sender =
    <Body>(update: Parameters<typeof sendToRunning<Body>>[2]['update']) =>
    (workflowId: string, body: Body): Promise<Accepted> =>
      sendToRunning(link, workflowId, { update, body });
  const newest = async (workflowId: string, runId?: string): Promise<Seen> => await mustSee(link, workflowId, runId);
  return {
    address: link.address,
    namespace: link.namespace,
    start: (input) => startRelease(link, input),
    drill: (request) => startDrill(link, request),
    drillStatus: async (workflowId, runId) => await readDrill(link, await newest(workflowId, runId)),
    certificate: async (workflowId, runId, signal) =>
      await readCertificate(link, await newest(workflowId, runId), signal),
    find: (workflowId, runId) => seen(link, workflowId, runId),
    status: async (workflowId, runId) => await readStatus(link, await newest(workflowId, runId)),
    result: async (workflowId, runId, signal) => await readResult(link, await newest(workflowId, runId), signal),
    list: (filter) => listRuns(link, filter),
    approve: sender(approveUpdate),
    reject: sender(rejectUpdate),
    decide: sender(decideUpdate),
    abort: sender(abortUpdate),
    rollback: sender(rollbackUpdate),
    pause: sender<Pause>(pauseUpdate),
    resume: sender<Resume>(resumeUpdate),
    finish: sender(finishUpdate),
    handsOff: sender<HandsOff>(handsOffUpdate),
    raise: sender(raiseUpdate),
    supersede: sender(supersedeUpdate),
    takeOver: sender(takeOverUpdate),
    readiness: (taskQueues) => calling(link, null, () => readiness(link, taskQueues)),
    close: () => link.connection.close(),
  };
}
