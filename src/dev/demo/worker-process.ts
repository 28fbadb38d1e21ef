import { hostname } from 'node:os';
import { startWorker } from '../../worker.ts';

/** The demo's worker, a process of its own as in production: `worker-process <address> <namespace> <host>`. */
const [address = '127.0.0.1:7233', namespace = 'default', host = hostname()] = process.argv.slice(2);
const worker = await startWorker({
  connection: { address },
  namespace,
  taskQueue: 'savepoint',
  localTaskQueue: `savepoint/${host}`,
  healthPort: null,
  metricsAddress: null,
});
process.once('SIGTERM', () => void worker.stop());
await worker.ended;
