/**
 * A worker as a process of its own: `worker-process <address> <host> <task queue> <bundle> [module]`. Says `ready`. Plain
 * JavaScript, so that a worker that is built starts without a compiler. `module` has `startWorker`; left out: the source.
 */
const [address = '', host = '', taskQueue = '', workflowBundle = '', module = '../../src/worker.ts'] =
  process.argv.slice(2);
const { startWorker } = await import(module);
const worker = await startWorker({
  connection: { address },
  namespace: 'default',
  taskQueue,
  localTaskQueue: `savepoint/${host}`,
  healthPort: null,
  metricsAddress: null,
  workflowBundle,
});
process.once('SIGTERM', () => void worker.stop());
process.stdout.write('ready\n');
await worker.ended;
