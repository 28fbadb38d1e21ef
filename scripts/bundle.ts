/**
 * `node --import tsx scripts/bundle.ts <dist>`: bundles the built workflows once, so that a worker starts without webpack.
 * The bundle lies beside worker.js as workflow-bundle.js.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

const silent = () => {};
const errors = {
  log: silent,
  trace: silent,
  debug: silent,
  info: silent,
  warn: (message: string) => console.error(message),
  error: (message: string) => console.error(message),
};

const dist = resolve(process.argv[2] ?? 'dist');
const workflowsPath = join(dist, 'workflows', 'index.js');
if (existsSync(workflowsPath)) {
  // As the worker does where it bundles on the fly.
  const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules: [workflowsPath], logger: errors });
  await writeFile(join(dist, 'workflow-bundle.js'), code);
} else {
  console.error('bundle: there is no workflows/index.js to bundle');
}
