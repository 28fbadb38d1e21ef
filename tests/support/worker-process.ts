import { startWorker } from '../../src/worker.ts';

/** A worker as a process of its own: `worker-process <address> <host> <task queue> <workflow bundle>`. Says `ready`. */
const [address = '', host = '', taskQueue = '', workflowBundle = ''] = process.argv.slice(2);
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
