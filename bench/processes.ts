import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { startWorkerProcess, type WorkerProcess } from '../tests/support/worker-process-control.ts';
import { bareBundle } from './bare/worker.ts';
import type { Scope } from './scope.ts';

export type Bundles = { ours: string; bare: string };

/** Files with the workflow code of Savepoint and of the bare workflows, for workers that are processes of their own. */
export async function writeBundles(folder: string): Promise<Bundles> {
  const workflowsPath = fileURLToPath(new URL('../src/workflows/index.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const bundles = { ours: join(folder, 'ours.js'), bare: join(folder, 'bare.js') };
  await writeFile(bundles.ours, code);
  await writeFile(bundles.bare, (await bareBundle()).code);
  return bundles;
}

const bareScript = new URL('./bare/worker-process.ts', import.meta.url);

export type Serving = { address: string; taskQueue: string; bundles: Bundles };

/** A worker process that ends with the scope. */
export async function startProcess(
  scope: Scope,
  whose: keyof Bundles,
  { address, taskQueue, bundles }: Serving,
): Promise<WorkerProcess> {
  const words = { address, host: taskQueue, taskQueue, bundle: bundles[whose] };
  return await scope.open(
    () => startWorkerProcess(whose === 'bare' ? { ...words, script: bareScript } : words, {}),
    (worker) => worker.kill(),
  );
}
