import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Scope } from '../scope.ts';
import { bareActivities } from './activities.ts';

export const bareQueue = 'bare';

/** The settings that Savepoint's own worker has; the comparison is about the workflow, not about them. */
export const workerSettings = {
  shutdownGraceTime: '8s',
  shutdownForceTime: '20s',
  stickyQueueScheduleToStartTimeout: '3s',
  maxHeartbeatThrottleInterval: '1s',
} as const satisfies Partial<WorkerOptions>;

let bundle: Promise<{ code: string }> | null = null;

/** Bundled once for all measurements. */
export function bareBundle(): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL('./workflows.ts', import.meta.url));
  bundle ??= bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return bundle;
}

type Serving = { address: string; taskQueue?: string; settings?: Partial<WorkerOptions> };

/** A worker for bare workflows in this process. It ends with the scope. */
export async function startBareWorker(scope: Scope, serving: Serving): Promise<void> {
  const { address, taskQueue = bareQueue, settings = workerSettings } = serving;
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace: 'default',
    taskQueue,
    activities: bareActivities,
    workflowBundle: await bareBundle(),
    ...settings,
  });
  const ended = worker.run();
  scope.keep(worker, async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    await connection.close();
  });
}
