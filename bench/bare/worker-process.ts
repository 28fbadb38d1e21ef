import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { bareActivities } from './activities.ts';

/**
 * A bare worker as a process of its own, with the defaults of the SDK: `worker-process <address> <host> <task queue>
 * <workflow bundle>`. Says `ready`.
 */
const [address = '', , taskQueue = '', codePath = ''] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  namespace: 'default',
  taskQueue,
  activities: bareActivities,
  workflowBundle: { codePath },
  // The one exception: the comparison of many waiting activities is not about the number of slots.
  maxConcurrentActivityTaskExecutions: 1000,
});
process.once('SIGTERM', () => worker.shutdown());
process.stdout.write('ready\n');
await worker.run();
await connection.close();
