import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { Scope } from '../scope.ts';
import { workerSettings } from '../settings.ts';
import { bareActivities } from './activities.ts';

export const bareQueue = 'bare';

let bundle: Promise<{ code: string }> | null = null;

/** Bundled once for all measurements. */
export function bareBundle(): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL('./workflows.ts', import.meta.url));
  bundle ??= bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return bundle;
}

/** A worker for bare workflows in this process. It ends with the scope. */
export async function startBareWorker(scope: Scope, { address }: { address: string }): Promise<void> {
  await scope.open(
    () => run(address),
    (stop) => stop(),
  );
}

async function run(address: string): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace: 'default',
    taskQueue: bareQueue,
    activities: bareActivities,
    workflowBundle: await bareBundle(),
    ...workerSettings,
  });
  const ended = worker.run();
  return async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    await connection.close();
  };
}
