import {
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { type Link, unreachable } from './connection.ts';
import { ClientFailure } from './failures.ts';
import { noWorker, pollersOf } from './workers.ts';

/** Codes of gRPC that matter here. A call that runs into its own deadline may end as cancelled. */
const code = { cancelled: 1, deadlineExceeded: 4, notFound: 5, unavailable: 14 } as const;

/** Runs one call on a link and turns what goes wrong into a `ClientFailure`; a bug stays what it is. */
export async function calling<T>(link: Link, taskQueue: string | null, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw await classified(link, taskQueue, error);
  }
}

async function classified(link: Link, taskQueue: string | null, error: unknown): Promise<unknown> {
  if (error instanceof ClientFailure) return error;
  if (error instanceof WorkflowNotFoundError)
    return new ClientFailure('not-found', 'there is no such release', null, error);
  if (error instanceof WorkflowUpdateFailedError) {
    const reason = error.cause?.message ?? error.message;
    return new ClientFailure('refused', reason, null, error);
  }
  const grpc = grpcError(error);
  const late =
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    grpc?.code === code.deadlineExceeded ||
    grpc?.code === code.cancelled;
  if (late || grpc?.details.includes('no poller seen')) return await notAnswered(link, taskQueue, error);
  if (grpc === null) return error;
  if (grpc.code === code.unavailable) return unreachable(link.address, error);
  if (grpc.code === code.notFound && /namespace/i.test(grpc.details)) return noNamespace(link, error);
  if (grpc.code === code.notFound) return new ClientFailure('not-found', 'there is no such release', null, error);
  if (/search attribute/i.test(grpc.details)) return noSearchAttributes(link, grpc.details, error);
  return error;
}

/** The gRPC error in a chain of causes, reduced to what is needed. */
function grpcError(error: unknown): { code: number; details: string } | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return { code: at.code, details: at.details ?? at.message };
  }
  return null;
}

async function notAnswered(link: Link, taskQueue: string | null, error: unknown): Promise<ClientFailure> {
  if (taskQueue === null) return unreachable(link.address, error);
  if ((await pollersOf(link, taskQueue, 'workflow')) === 0) return noWorker(link, taskQueue);
  const message = `no worker of the task queue "${taskQueue}" answered in time; a message that was sent may still arrive`;
  const remedy = 'If none runs, start one with: savepoint worker\nThen see what became of it with: savepoint status';
  return new ClientFailure('not-answered', message, remedy, error);
}

function noNamespace(link: Link, error: unknown): ClientFailure {
  const remedy = `Create it with: temporal operator namespace create --namespace ${link.namespace}`;
  return new ClientFailure(
    'not-ready',
    `Temporal at ${link.address} has no namespace "${link.namespace}"`,
    remedy,
    error,
  );
}

function noSearchAttributes(link: Link, details: string, error: unknown): ClientFailure {
  const message = `the namespace "${link.namespace}" lacks a search attribute that releases need: ${details}`;
  return new ClientFailure('not-ready', message, 'savepoint doctor says how to register them', error);
}
